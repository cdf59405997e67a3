"""A model against the dump of another implementation, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path

from ..dumps.opening import open_dump
from ..errors import InputError
from ..i18n import _
from ..model import Model
from ..models.texts import Given
from .comparison import Comparison, Computed
from .comparison import compare as held
from .mapping import Mapping


def compare(
    model: Model,
    dump: str | PathLike[str],
    text: str | None = None,
    *,
    ids: Sequence[int] | None = None,
    target: str | None = None,
    target_ids: Sequence[int] | None = None,
    mask: Sequence[int] | None = None,
    positions: Sequence[int] | None = None,
    kind: str | None = None,
    computed: Computed | None = None,
    names: str | PathLike[str] | None = None,
) -> Comparison:
    """Hold what another implementation computed against a model: ``first``, ``cause``, ``checks``.

    ``kind`` is the format of the dump, by the name of its file in `tracer.dumps.formats`, where it is not to be told by
    what it holds; ``computed`` is what it was computed in (float32, bf16, f16), where how it is stored does not tell;
    ``names`` is a file of lines ``theirs = ours``. Text, ids, target, mask and positions are as in
    `tracer.trace`, and needed where the dump does not say what went in.

    Raises:
        TraceError: the dump can't be read, nobody says what went in, the model can't take it, or there is nothing in it
            to compare.
    """
    if None not in (text, ids) or None not in (target, target_ids):
        raise InputError(_("give a text or its ids, and a target or its ids: one of each"))
    source = model.source_ids(text)[0] if text is not None else ids
    read = model.target_ids(target) if target is not None else target_ids
    given = (source, read, mask, positions)
    stated = None if all(one is None for one in given) else Given(source or (), read, mask, positions)
    mapping = None if names is None else Mapping.read(Path(fspath(names)))
    return held(model, open_dump(Path(fspath(dump)), kind), stated=stated, names=mapping, computed=computed)
