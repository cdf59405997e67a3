"""Passes: what a tape is made from, so that whoever wants one again can have it made again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from .decoding.beam import Hypothesis
from .models.text import Text
from .past import Past

Stack = Literal["encoder", "decoder"]


class At(NamedTuple):
    """Which pass an address lies in: ``@n`` is that of a step, ``@n.b`` that of hypothesis b, of n tokens."""

    number: int
    beam: int | None = None

    @classmethod
    def of(cls, text: str) -> At:
        """From ``@n`` or ``@n.b``, with or without a path behind a colon."""
        number, _dot, beam = text.partition(":")[0].removeprefix("@").partition(".")
        return cls(int(number), int(beam) if beam else None)

    def __str__(self) -> str:
        return f"@{self.number}" if self.beam is None else f"@{self.number}.{self.beam}"


@dataclass(frozen=True, slots=True)
class Pass:
    """One run of a stack over a text.

    ``text`` is all that the stack has read so far. The places of it from ``start`` on are computed in the pass; what is
    needed of those before is in ``past``, which is None where nothing is kept from pass to pass. ``hypothesis`` is the
    one whose last token the pass yields, where a beam search had several.
    """

    place: At
    stack: Stack
    text: Text
    start: int = 0
    past: Past | None = None
    hypothesis: Hypothesis | None = None
