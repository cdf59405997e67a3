"""Cells in few columns: by colour alone, with signs and shades where there are none, or in hundredths."""

from __future__ import annotations

import math

from ..document import Span
from ..heat import CENTRE
from ..tensor import Array
from .classes import HIDDEN, INFINITE, NAN, NEGATIVE_INFINITE, TONE_OF
from .page import Page
from .tensors import HeatPainter

_SHADES = " ░░▒▓█"
_ASCII_SHADES = " .:+*#"


class Shades:
    """The cells of a `HeatPainter` without their numbers, ``width`` columns each."""

    def __init__(self, heat: HeatPainter, page: Page, width: int, *, has_grounds: bool) -> None:
        self.width = width
        self._heat = heat
        marks = (text.rjust(width)[-width:] for text in _marks(page, has_grounds=has_grounds))
        self._pieces = list(map(Span, marks, TONE_OF))

    def paint(self, values: Array) -> list[list[Span]]:
        """[row, column] -> mark and tone of every cell."""
        return [[self._pieces[k] for k in row] for row in self._heat.classes(values)]


class Hundredths:
    """The cells of a `HeatPainter` of probabilities in hundredths, with a sign for exactly 0."""

    width = 2

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


def _marks(page: Page, *, has_grounds: bool) -> list[str]:
    """The mark of every class of colour: nothing on a coloured ground, else a sign and a shade."""
    finite = range(2 * CENTRE + 1)
    shades = _ASCII_SHADES if page.plain else _SHADES
    apart = {
        INFINITE: "^" if page.plain else "∞",
        NEGATIVE_INFINITE: page.glyphs.hidden,
        NAN: "?",
        HIDDEN: page.glyphs.zero,
    }
    drawn = ["" if has_grounds else f"{'-' if k < CENTRE else ' '}{shades[abs(k - CENTRE)]}" for k in finite]
    return [*drawn, *(apart[k] for k in sorted(apart))]
