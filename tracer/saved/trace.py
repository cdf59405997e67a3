"""A run that was kept: its steps, and nothing behind them that could compute."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field

from ..addresses import At
from ..card import Card
from ..dataclass import dataclass
from ..edits import Edit
from ..errors import AddressError
from ..i18n import _
from ..models.text import Side
from ..parameters import Named
from ..step import Stepped
from ..tape import Tape
from ..trace import Decided, Token


@dataclass(repr=False, eq=False, kw_only=True)
class KeptTrace(Stepped):
    """The steps of a run as far as they were kept, one at least; `tracer.trace.Trace` says what the fields are.

    ``changed`` are the paths of the records that edits are of, or that come of such, by step.
    """

    card: Card
    tapes: Mapping[int, Tape]
    source: Sequence[str]
    source_ids: Sequence[int]
    source_text: str
    target: Sequence[str]
    decoder_ids: Sequence[int]
    pieces: Mapping[Side, Sequence[str]]
    begins: Mapping[Side, int]
    tokens: Sequence[Token]
    text: str
    mask: Sequence[int] | None
    positions: Sequence[int] | None
    segments: Sequence[int] | None
    teacher_forced: bool
    chooses: bool
    decided: Mapping[str, Decided]
    ended: bool
    ending: str
    edits: Sequence[Edit] = ()
    changed: Mapping[int, Collection[str]] = field(default_factory=dict)
    number: int | None = None

    parameters = Named({}, {})
    parent = None
    goes_on = False

    @property
    def first(self) -> int:
        """The number of the first step that was kept."""
        return min(self.tapes)

    @property
    def computed(self) -> int:
        """The number of the last one."""
        return max(self.tapes)

    def downstream(self, at: At) -> Collection[str]:
        """The paths of the records of a step that edits are of, or that come of such."""
        return self.changed.get(at.number, ())

    def step(self, number: int) -> Tape:
        """The tape of a step; raises `AddressError` where it was not kept."""
        if number not in self.tapes:
            raise AddressError(
                _("step @{n} was not kept with this trace; it has @{first} to @{last}").format(
                    n=number, first=self.first, last=self.computed
                )
            )
        return self.tapes[number]

    def at(self, place: At) -> Tape:
        """The same; of a hypothesis nothing was kept."""
        if place.beam is not None:
            raise AddressError(_("{place} was not kept with this trace: it has the steps alone").format(place=place))
        return self.step(place.number)

    def __repr__(self) -> str:
        return f"<Trace of {self.card.name}: @{self.first} to @{self.computed}, {self.text!r}>"
