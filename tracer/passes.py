"""Passes: what a tape is made from, so that whoever wants one again can have it made again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .addresses import At
from .dataclass import dataclass
from .decoding.beam import Hypothesis
from .edits import Edit, editing
from .models.text import Text
from .models.texts import Kind
from .namedtuple import NamedTuple
from .past import Past
from .tape import Tape
from .tensor import Tensor

BEGIN: dict[Kind, int] = {"encode": 0, "decode": 1}
"""The number of the first pass of a kind."""


class Across(NamedTuple):
    """What a decoder looks at beside its own text: the memory [position, feature] that an encoder made of another."""

    memory: Tensor
    text: Text


@dataclass(frozen=True, slots=True)
class Pass:
    """One run of a stack over a text: all that it takes to make its tape, again and the same.

    ``text`` is all that the stack has read so far. The places of it from ``start`` on are computed in the pass; what is
    needed of those before is in ``past``, which is None where nothing is kept from pass to pass. ``hypothesis`` is the
    one whose last token the pass yields, where a beam search had several. ``edits`` are those of the run, of which some
    may hold here.
    """

    place: At
    kind: Kind
    text: Text
    start: int = 0
    past: Past | None = None
    across: Across | None = None
    hypothesis: Hypothesis | None = None
    edits: tuple[Edit, ...] = ()

    def tape(self, kind: type[Tape] = Tape, known: Tape | None = None, **options: Any) -> Tape:
        """A fresh tape to perform it on; from one that is ``known`` of the same place, it takes what is the same."""
        return editing(kind, self.edits, self.place, known)(*self.place, past=self.past, **options)

    def left(self, tape: Tape) -> Past | None:
        """What it leaves to the pass after it, once a tape of it is made."""
        return self.past and self.past._replace(kept=tape.kept)

    def followed(self, chosen: Sequence[int], pieces: Sequence[str], past: Past | None = None) -> Pass:
        """The pass that reads some tokens chosen after this one; without a past it reads everything again."""
        ids = [*self.text.ids, *chosen]
        text = self.text.followed(ids, [*self.text.labels, *pieces])
        start = len(ids) - 1 if past is not None and chosen else 0
        return Pass(At(self.place.number + len(chosen)), self.kind, text, start, past, self.across, edits=self.edits)
