"""Cells in few columns: by colour alone, with signs and shades where there are none."""

from __future__ import annotations

from ..document import Span
from ..heat import CENTRE
from ..tensor import Array
from ..views.heat import HIDDEN, INFINITE, NAN, NEGATIVE_INFINITE, TONE_OF, HeatPainter
from .sheet import Sheet

_SHADES = " ░░▒▓█"
_ASCII_SHADES = " .:+*#"


class Shades:
    """The cells of a `HeatPainter` without their numbers, ``width`` columns each."""

    def __init__(self, heat: HeatPainter, sheet: Sheet, width: int) -> None:
        self.width = width
        self._heat = heat
        marks = (text.rjust(width)[-width:] for text in _marks(sheet))
        self._pieces = list(map(Span, marks, TONE_OF))

    def paint(self, values: Array) -> list[list[Span]]:
        """[row, column] -> mark and tone of every cell."""
        return [[self._pieces[k] for k in row] for row in self._heat.classes(values)]


def _marks(sheet: Sheet) -> list[str]:
    """The mark of every class of colour: nothing on a coloured ground, else a sign and a shade."""
    finite = range(2 * CENTRE + 1)
    shades = _ASCII_SHADES if sheet.plain else _SHADES
    apart = {
        INFINITE: "^" if sheet.plain else "∞",
        NEGATIVE_INFINITE: sheet.glyphs.hidden,
        NAN: "?",
        HIDDEN: sheet.glyphs.zero,
    }
    drawn = ["" if sheet.has_grounds else f"{'-' if k < CENTRE else ' '}{shades[abs(k - CENTRE)]}" for k in finite]
    return [*drawn, *(apart[k] for k in sorted(apart))]
