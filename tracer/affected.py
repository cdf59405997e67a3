"""What comes of the edits of a run: the records that lie downstream of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING

from .addresses import At
from .edits import downstream
from .passes import BEGIN
from .tape import Record, Tape
from .tensor import Tensor

if TYPE_CHECKING:
    from .run import Run

_OF_PLACES = ("past", "start", "capacity")
"""Settings that say how far a pass has come."""


def affected(run: Run, at: At, known: dict[At, frozenset[str]]) -> frozenset[str]:
    """The records of a pass that edits lie before, or are of, by path; of passes looked at before they are ``known``.

    Raises:
        AddressError: there is no such pass.
    """
    for place in _led_to(run, at):
        if place not in known:
            known[place] = downstream(run.at(place), known, _reads_otherwise(run, place), _made_otherwise(run, place))
    return known[at]


def _led_to(run: Run, at: At) -> list[At]:
    """The passes up to one, in order: those of the steps, or those of the hypotheses that it comes of."""
    if at.beam is None:
        return [*map(At, range(run.first, at.number)), at]
    h = run.pass_at(at).hypothesis
    before = map(At, range(run.first, BEGIN["decode"]))
    return [*before, *(parent.at for parent in h.lineage)] if h else [at]


def _reads_otherwise(run: Run, at: At) -> bool:
    """Whether what is read in a pass is not what the run without edits reads there."""
    bare, here = run.unedited, run.pass_at(at)
    while bare.computed < at.number - 1 and not bare.ended:
        bare.step(bare.computed + 1)
    if at.number > bare.passes[-1].place.number:
        return True
    there = bare.pass_at(At(at.number))
    return list(here.text.ids[here.start :]) != list(there.text.ids[here.start :])


def _made_otherwise(run: Run, at: At) -> Callable[[Record], bool]:
    """Whether a record of a pass is made with other parameters or settings than in the model without edits."""
    bare = run.unedited
    if run.model is bare.model:
        return lambda _record: False
    known = {parameter.path: parameter for parameter in bare.model.parameters.values()}
    changed = {p.path for p in run.model.parameters.values() if known.get(p.path) is not p}
    begins = [BEGIN[kind] for kind in run.model.texts.passes if BEGIN[kind] <= at.number]
    return partial(_is_made_otherwise, changed, bare.step(begins[-1]))


def _is_made_otherwise(changed: Set[str], there: Tape, record: Record) -> bool:
    """Whether a record reads a changed parameter, or is not made as in a pass of its kind of an unchanged model."""
    if any(parameter.path in changed for _name, parameter in record.trained):
        return True
    if record.op.shares:
        return False
    if record.address not in there.addresses:
        return True
    other = there.find(record.address)
    return record.op is not other.op or _settings(record) != _settings(other)


def _settings(record: Record) -> Mapping[str, object]:
    """What a record is made with besides tensors, and what runs over places."""
    return {
        name: value
        for name, value in record.parameters.items()
        if not isinstance(value, Tensor | Sequence) and name not in _OF_PLACES
    }
