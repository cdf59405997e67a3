"""tx-trace: a debugger for Transformers. Load a model, trace a text, look at every number.

>>> import tracer
>>> run = tracer.trace(tracer.load("zh-en-tiny"), "我爱你")
>>> run.text
'i love you'
>>> run[2]["decoder.0.cross_attn.weights"].axes
('head', 'query', 'key')
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from .decoding.settings import Settings
from .edits import Edit, edit
from .errors import InputError, TraceError
from .i18n import _
from .keywords import taking
from .loading import load
from .model import Model
from .reading import check_mask, check_positions, check_segments
from .run import Run
from .step import Step
from .tape import Record, Tape
from .tensor import Tensor
from .tokenizers import Spoken

if TYPE_CHECKING:
    from .attribution.atp import patching as atp
    from .capturing import capture
    from .comparing.foreign import compare
    from .diffs import diff
    from .saved.opening import open_trace as open  # noqa: A004
    from .sweeps import sweep

__all__ = [
    "Edit",
    "Model",
    "Record",
    "Run",
    "Settings",
    "Step",
    "Tape",
    "Tensor",
    "TraceError",
    "atp",
    "capture",
    "compare",
    "diff",
    "edit",
    "load",
    "open",
    "sweep",
    "trace",
]
__version__ = "0.1.0"


@taking(inspect.signature(Settings).parameters.values())
def trace(
    model: Model,
    text: str | None = None,
    *,
    ids: Sequence[int] | None = None,
    chat: str | None = None,
    target: str | None = None,
    target_ids: Sequence[int] | None = None,
    mask: Sequence[int] | None = None,
    positions: Sequence[int] | None = None,
    target_mask: Sequence[int] | None = None,
    segment_ids: Sequence[int] | None = None,
    record: bool = True,
    edits: Sequence[Edit] = (),
    dtype: Literal["float32", "float64"] | None = None,
    source_lang: str | None = None,
    target_lang: str | None = None,
    **settings: Any,
) -> Run:
    """Decode a text (or source ids) to its end, or make one pass over a given output.

    ``chat`` is a question, put as the chat template of the checkpoint has it, in place of a text.
    ``target`` is an output as text; the start and end tokens are added. ``target_ids`` is what the decoder reads,
    start token first. ``mask`` has 0 for every source id that is hidden, ``target_mask`` for every one of target_ids;
    ``positions`` are those of the source ids, where a model does not count them itself; ``segment_ids`` say which part
    of the text each of them is of, where a model tells parts apart. ``record=False`` keeps nothing; a step touched
    later is recomputed. ``edits`` hold from the start, in a branch of a run without them. ``dtype`` is that of the
    model unless given. ``source_lang`` and ``target_lang`` are the codes of languages that a model between several is
    to read and write. ``settings`` are those of `Settings`; what is left out is as the checkpoint states it.

    Raises:
        TraceError: the text or the ids are empty, too long, or out of the vocabulary, a mask, positions or segments
            don't fit them, a setting is out of range, a language is not known, or a thing is given twice, as text and
            as ids; a question is asked where there is no chat template.
    """
    if sum(given is not None for given in (text, ids, chat)) > 1 or None not in (target, target_ids):
        raise InputError(_("give a text, its ids or a chat, and a target or its ids: one of each"))
    if dtype is not None:
        model = model.computing_in(dtype)
    if (source_lang, target_lang) != (None, None):
        model = model.between(*Spoken(source_lang, target_lang).over(model.chosen))
    source = _source(model, text, ids, chat)
    read = model.target_ids(target) if target is not None else target_ids
    if read is not None:
        read = model.check_ids(read, "target")
    if mask is not None:
        mask = check_mask(model, mask, source)
    if positions is not None:
        positions = check_positions(model, positions, source)
    if target_mask is not None:
        target_mask = check_mask(model, target_mask, read or (), "target")
    if segment_ids is not None:
        segment_ids = check_segments(model, segment_ids, source)
    stated = {"mask": mask, "positions": positions, "target_mask": target_mask, "segments": segment_ids}
    run = Run(model, source, Settings.of(**settings), read, **stated)  # type: ignore[arg-type]
    return (run.branch(*edits) if edits else run).decode(record)


def _source(model: Model, text: str | None, ids: Sequence[int] | None, chat: str | None) -> Sequence[int]:
    """The ids of the source, however it is given."""
    if chat is not None:
        return model.prompt_ids(model.prompt(chat))[0]
    return model.source_ids(text or "")[0] if ids is None else model.check_ids(ids, "source")


_LATER = {
    "atp": ("attribution.atp", "patching"),
    "capture": ("capturing", "capture"),
    "compare": ("comparing.foreign", "compare"),
    "diff": ("diffs", "diff"),
    "open": ("saved.opening", "open_trace"),
    "sweep": ("sweeps", "sweep"),
}
"""Functions whose files are loaded when they are first asked for, with the names that they have there."""


def __getattr__(name: str) -> Any:
    if name in _LATER:
        module, function = _LATER[name]
        return getattr(import_module(f"{__name__}.{module}"), function)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
