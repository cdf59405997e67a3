"""What a call and another in its place do otherwise, in a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..edits import Call
from ..i18n import _, extent, spoken
from ..listed import listed
from ..mistakes.reordered import Turned
from ..operation import Trait
from ..ops.frequencies import SCALE, Frequencies
from ..tape import Record
from ..tensor import Parameter, Tensor

MOST = 6
"""Numbers of a list are shown up to so many."""


class Contrast(NamedTuple):
    """One thing that is otherwise: what it is called, if it has a name beside its value, and what it is in each."""

    name: str
    here: object
    there: object

    @property
    def told(self) -> str:
        """``here eps = 1e-05; there 1e-06``."""
        ours = f"{self.name} = {_shown(self.here)}" if self.name else _shown(self.here)
        return _("here {ours}; there {theirs}").format(ours=ours, theirs=_shown(self.there))


def contrast(here: Call, there: Call) -> Contrast | None:
    """What a call and another in its place do otherwise; None where that takes more than a line to say."""
    if Trait.MASK in here.op.traits & there.op.traits:
        return Contrast("", *(call.recorded(call.output()) for call in (here, there)))
    if here.op is there.op:
        return next(_differing(here.parameters, there.parameters), None) or _written(here, there)
    return _written(here, there)


def _written(here: Call, there: Call) -> Contrast | None:
    """The formulas, where they are of the same inputs and not the same."""
    if len(here.inputs) != len(there.inputs):
        return None
    ours, theirs = (call.written(call.output()).formula for call in (here, there))
    return None if ours == theirs else Contrast("", ours, theirs)


def _differing(here: Mapping[str, object], there: Mapping[str, object]) -> Iterator[Contrast]:
    """The parameters that are not the same and that say something by themselves."""
    for name, ours in here.items():
        theirs = there.get(name)
        if isinstance(ours, Frequencies) and isinstance(theirs, Frequencies):
            yield from _turning(ours, theirs)
        elif isinstance(ours, Tensor) or isinstance(theirs, Tensor):
            yield from [] if ours is theirs else [Contrast("", ours, theirs)]
        elif not isinstance(ours, bool) and ours != theirs:
            yield Contrast(name, ours, theirs)


def _turning(here: Frequencies, there: Frequencies) -> Iterator[Contrast]:
    """The first angle that is another, else the number that what is turned is multiplied by."""
    pairs = enumerate(zip(here.values, there.values, strict=False))
    yield from (Contrast(f"θ[{pair}]", ours, theirs) for pair, (ours, theirs) in pairs if ours != theirs)
    if here.scaling != there.scaling:
        yield Contrast(SCALE, here.scaling, there.scaling)


def _shown(value: object) -> str:
    """A value in a few words."""
    match value:
        case None | () | []:
            return _("none")
        case Record():
            return value.op.note(value)
        case Turned():
            return _("{name}, turned over").format(name=value.path)
        case Parameter() if value.offset:
            return _("{name}, from row {row} on").format(name=value.path, row=value.offset)
        case Tensor():
            return value.path
        case str():
            return spoken(value)
        case float():
            return f"{value:g}"
        case range():
            return extent(str(value.start), str(value.stop - 1))
        case Sequence():
            return listed(map(_shown, value), MOST)
        case _:
            return str(value)
