"""Alignments: which words of the source each word of the output came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, count, takewhile
from typing import Any, Literal

import numpy as np

from ..dataclass import dataclass
from ..errors import InputError
from ..i18n import _
from ..tensor import Array, Tensor
from ..trace import Trace
from .flow import FLOW, Flow
from .method import Method
from .sides import Sides
from .weights import weights
from .word_occlusion import can_hide, word_occlusion
from .words import Word

Reading = Literal["output", "input"]
"""Whether what flows to a word is read at the step that yields it, or at the one that reads it."""
ENOUGH = 0.5
"""How much of the largest share a word of the source has at least, to be told with it."""
NEXT = 0.1
"""The same where words were hidden, of one without a blank beside one that is told, where no other has more of it."""
MOST = 4
"""So many words of the source are told of one word."""


@dataclass(frozen=True, eq=False)
class Aligned:
    """A word of the output, and the words of the source that it came from with the share of each, in their order.

    ``bits`` is the difference that these make together, where that is known.
    """

    word: Word
    sources: Sequence[tuple[Word, float]]
    bits: float | None = None


@dataclass(frozen=True, eq=False)
class Alignments:
    """Words of the output beside those of the source; ``table`` has the share of every one [target, source].

    ``method`` is what they were found by; where that reads what flows to a word, ``reading`` says at which step. The
    last words were ``unread`` where no step reads them. ``bits`` [target, source] is the difference that each makes,
    where words were hidden.
    """

    method: Method[..., Any]
    source: Sequence[Word]
    target: Sequence[Word]
    table: Tensor
    reading: Reading | None = None
    unread: Sequence[Word] = ()
    bits: Tensor | None = None

    @property
    def aligned(self) -> list[Aligned]:
        """Each word of the output with the largest of its shares, those that come near, and what belongs to it."""
        return [self._of(n, word) for n, word in enumerate(self.target)]

    def _of(self, n: int, word: Word) -> Aligned:
        row = self.table.array[n]
        told = self._told(n, row)
        bits = None if self.bits is None else float(self.bits.array[n, told].sum())
        return Aligned(word, [(self.source[place], float(row[place])) for place in told], bits)

    def _told(self, n: int, row: Array) -> list[int]:
        """The places of the words of the source that are told of one of the output."""
        largest = np.argsort(-row, kind="stable")[:MOST].tolist()
        told = [place for place in largest if row[place] >= ENOUGH * float(row.max()) > 0]
        beside = (self._beside(n, told[0], way) for way in (-1, 1) if told)
        return sorted([*dict.fromkeys(chain(told, *beside))][:MOST])

    def _beside(self, n: int, first: int, way: int) -> Iterator[int]:
        """The places on one side of the ``first`` word, as far as they belong to it."""
        return takewhile(partial(self._belongs, n, first), count(first + way, way))

    def _belongs(self, n: int, first: int, place: int) -> bool:
        """Whether a word of a row without blanks belongs to one of the output as the ``first`` one does."""
        if self.bits is None:
            return False
        between = self.source[min(place, first) : max(place, first) + 1]
        if not 0 <= place < len(self.source) or any(word.is_spaced for word in between):
            return False
        amounts = self.bits.array
        part = amounts[n, place] / amounts[n, first]
        return bool(part >= ENOUGH or (part >= NEXT and amounts[:, place].argmax() == n))


def alignments(trace: Trace, by: Method[..., Any] | None = None, reading: Reading | None = None) -> Alignments:
    """Which words of the source each word of the output came from; decodes to the end.

    Without a method they are found by hiding each word of the source in turn; where nothing can be computed, by
    weights. A method of flow is read at the step that yields a word, or at the one that reads it, as attention of deep
    models often asks for (Chen et al. 2020, Shift-Att).

    Raises:
        AddressError: what the method needs was not kept.
        InputError: there are no words on both sides, or no word can be hidden; or a reading is named where none is
            made.
    """
    sides = Sides(trace)
    otherwise: Method[..., Any] = word_occlusion if can_hide(trace) and reading is None else weights
    by = by or otherwise
    if by.family == FLOW:
        return _read(trace, sides, by, reading or "output")
    if reading is not None:
        told = _("{method} hides words and reads no step; leave out read {reading}")
        raise InputError(told.format(method=by.name, reading=reading))
    bits: Tensor = by(trace)
    return Alignments(by, sides.source, sides.target, sides.table(bits.array), bits=bits)


def _read(trace: Trace, sides: Sides, by: Method[..., Flow], reading: Reading) -> Alignments:
    """What flows to each word, as far as a step reads it."""
    flow = by(trace, trace.computed)
    there = [word for word in sides.target if _rows(word, reading).stop <= len(flow.table.array)]
    shares = np.array([_of_word(flow, _rows(word, reading), sides.source) for word in there])
    table = sides.table(shares.reshape(len(there), len(sides.source)), there)
    return Alignments(by, sides.source, there, table, reading, sides.target[len(there) :])


def _of_word(flow: Flow, rows: range, source: Sequence[Word]) -> list[float]:
    """What flows to some rows from each word of the source."""
    found = flow.table.array[rows.start : rows.stop].mean(0)
    return [float(found[word.places.start : word.places.stop].sum()) for word in source]


def _rows(word: Word, reading: Reading) -> range:
    """The places of the decoder at which a word is yielded, or read."""
    before = int(reading == "output")
    return range(word.places.start - before, word.places.stop - before)
