"""Heat: numbers with the tone of their class of colour."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..document import BOLD, DIM, Scale, Span
from ..heat import CENTRE, PUOR, TONES
from ..stack import there
from ..tensor import Array, Statistics
from .grid import Painter
from .numbers import Notation
from .page import Page

INFINITE, NEGATIVE_INFINITE, NAN, HIDDEN = range(len(PUOR), len(PUOR) + 4)
TONE_OF = (*("" if k == CENTRE else tone for k, tone in enumerate(TONES)), BOLD, DIM, "nan", DIM)
"""Of every class: orange below 0, purple above, plain around it; then of what is no number on the scale."""

Range = tuple[float, float]

MARK = "*"


class HeatPainter:
    """Cells as numbers on a scale of colour, the same over the whole of a tensor.

    Numbers that are no ``measures``, such as ids, have no colour.
    """

    def __init__(
        self, notation: Notation, statistics: Statistics, *, probabilities: bool, measures: bool = True
    ) -> None:
        self.width = notation.width(statistics)
        self._notation = notation
        largest = max(-statistics.min, statistics.max) if measures else 0.0
        self._bound = 1.0 if probabilities else largest if math.isfinite(largest) else 0.0
        self._probabilities = probabilities

    def paint(self, values: Array) -> list[list[Span]]:
        """[row, column] -> text and tone of every cell."""
        texts = map(self._notation.all, values.tolist())
        return [
            [Span(text, TONE_OF[k]) for text, k in zip(row, row_classes, strict=True)]
            for row, row_classes in zip(texts, self.classes(values), strict=True)
        ]

    def classes(self, values: Array) -> list[list[int]]:
        """[row, column] -> the class of colour of every cell."""
        classes: list[list[int]] = heat(values, self._bound, zero_is_hidden=self._probabilities).tolist()
        return classes

    def scale(self) -> Iterator[Scale]:
        """What the colours stand for, if there are any: the least, the number between, and the greatest."""
        if self._bound:
            first, last = (0.0 if self._probabilities else -self._bound), self._bound
            numbers = [first, (first + last) / 2, last]
            tones = [TONE_OF[k] for [k] in self.classes(np.array([numbers]).T)]
            yield Scale(list(map(self._notation, numbers)), tones)


class Highlighter:
    """Another painter's cells, those within a range marked and the others dim."""

    def __init__(self, painter: HeatPainter, bounds: Range) -> None:
        self.width = painter.width + len(MARK)
        self._painter = painter
        self._bounds = bounds

    def paint(self, values: Array) -> list[list[Span]]:
        """[row, column] -> text and tone of every cell."""
        marked = within(values, self._bounds).tolist()
        return [
            [
                Span(f"{MARK}{text}", tone) if is_marked else Span(text, DIM)
                for (text, tone), is_marked in zip(*row, strict=True)
            ]
            for row in zip(self._painter.paint(values), marked, strict=True)
        ]


class Blank:
    """Another painter's cells, those that are not there left blank."""

    def __init__(self, painter: Painter) -> None:
        self.width = painter.width
        self._painter = painter

    def paint(self, values: Array) -> list[list[Span]]:
        """[row, column] -> text and tone of every cell."""
        rows = zip(self._painter.paint(np.asarray(values)), (~there(values)).tolist(), strict=True)
        return [[Span("") if is_missing else span for span, is_missing in zip(*row, strict=True)] for row in rows]


class Hundredths:
    """The cells of a `HeatPainter` of probabilities in hundredths, with a sign for exactly 0."""

    width = 3

    def __init__(self, heat: HeatPainter, page: Page) -> None:
        self._heat = heat
        self._zero = page.glyphs.zero

    def paint(self, values: Array) -> list[list[Span]]:
        """[row, column] -> number and tone of every cell."""
        rows = zip(values.tolist(), self._heat.classes(values), strict=True)
        return [[Span(self._text(value), TONE_OF[k]) for value, k in zip(*row, strict=True)] for row in rows]

    def _text(self, value: float) -> str:
        if not math.isfinite(value):
            return "?"
        return f"{100 * value:.0f}" if value else self._zero


def within(values: Array, bounds: Range) -> Array:
    """Which of some values lie in a range, its ends included."""
    low, high = bounds
    inside: Array = (values >= low) & (values <= high)
    return inside


def heat(values: Array, bound: float, *, zero_is_hidden: bool = False) -> Array:
    """The class of every value: linear from −bound to bound, so that probabilities (bound 1) have one hue.

    −∞, nan and hidden zeros are classes of their own and never enter the scale; there is none where bound is 0.
    """
    scaled = np.where(np.isfinite(values), values, 0.0) / (bound or np.inf)
    classes = np.rint(np.clip(scaled, -1, 1) * CENTRE).astype(np.int64) + CENTRE
    classes[np.isposinf(values)] = INFINITE
    classes[np.isneginf(values)] = NEGATIVE_INFINITE
    classes[np.isnan(values)] = NAN
    if zero_is_hidden:
        classes[values == 0] = HIDDEN
    return classes
