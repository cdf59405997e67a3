"""Text in cells, as terminals have it, for pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from unicodedata import combining, east_asian_width

from .markup import escaped

SIZE, ADVANCE = 14, 8.4
"""Of a character: its size, and the width of a cell."""
_WORD = re.compile(r"\S+")


def cells_of(text: str) -> int:
    """The cells that a text takes in a terminal."""
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def words_at(text: str, x: float, y: float, name: str) -> Iterator[str]:
    """Each word at its place and drawn out to its cells; Chinese apart from the rest, whose width is another."""
    column, at = 0, 0
    for word in _WORD.finditer(text):
        column, at = column + cells_of(text[at : word.start()]), word.end()
        for _is_wide, run in groupby(word[0], lambda character: _cells(character) == 2):
            part = "".join(run)
            width, place = cells_of(part), x + column * ADVANCE
            yield f'<text{name} x="{place:.1f}" y="{y:.1f}" textLength="{width * ADVANCE:.1f}">{escaped(part)}</text>'
            column += width
