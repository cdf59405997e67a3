"""Cells in few columns: by colour alone, with signs and shades where there are none, or in hundredths."""

from __future__ import annotations

import math

from ..heat import CENTRE
from ..tensor import Array
from .colours import HIDDEN, INFINITE, NAN, NEGATIVE_INFINITE, palette
from .grid import Piece
from .page import Page
from .tensors import HeatPainter

_SHADES = " ░░▒▓█"
_ASCII_SHADES = " .:+*#"
_LEAST = 0.005
"""What is one hundredth, rounded."""


class Shades:
    """The cells of a `HeatPainter` without their numbers, ``width`` columns each."""

    def __init__(self, heat: HeatPainter, page: Page, width: int) -> None:
        self.width = width
        self._heat = heat
        marks = (text.rjust(width)[-width:] for text in _marks(page))
        self._pieces: list[Piece] = list(zip(marks, palette(page.depth), strict=True))

    def paint(self, values: Array) -> list[list[Piece]]:
        """[row, column] -> mark and style of every cell."""
        return [[self._pieces[k] for k in row] for row in self._heat.classes(values)]


class Hundredths:
    """The cells of a `HeatPainter` of probabilities in hundredths; blank below half of one, a sign for exactly 0."""

    width = 2

    def __init__(self, heat: HeatPainter, page: Page) -> None:
        self._heat = heat
        self._palette = palette(page.depth)
        self._zero = page.glyphs.zero

    def paint(self, values: Array) -> list[list[Piece]]:
        """[row, column] -> number and style of every cell."""
        rows = zip(values.tolist(), self._heat.classes(values), strict=True)
        return [[(self._text(value), self._palette[k]) for value, k in zip(*row, strict=True)] for row in rows]

    def _text(self, value: float) -> str:
        if not math.isfinite(value):
            return "?"
        return (f"{100 * value:.0f}" if value >= _LEAST else "") if value else self._zero


def _marks(page: Page) -> list[str]:
    """The mark of every class of colour: nothing on a coloured ground, else a sign and a shade."""
    finite = range(2 * CENTRE + 1)
    is_ground = page.depth not in (None, "standard")
    shades = _ASCII_SHADES if page.plain else _SHADES
    apart = {
        INFINITE: "^" if page.plain else "∞",
        NEGATIVE_INFINITE: page.glyphs.hidden,
        NAN: "?",
        HIDDEN: page.glyphs.zero,
    }
    drawn = ["" if is_ground else f"{'-' if k < CENTRE else ' '}{shades[abs(k - CENTRE)]}" for k in finite]
    return [*drawn, *(apart[k] for k in sorted(apart))]
