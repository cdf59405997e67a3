"""Passes: what a tape is made from, so that whoever wants one again can have it made again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .addresses import At
from .decoding.beam import Hypothesis
from .models.text import Text
from .past import Past

Stack = Literal["encoder", "decoder"]


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
