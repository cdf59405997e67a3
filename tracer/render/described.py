"""Views for documents: what they say, or the lines that a terminal shows of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..document import Block, Lines, Span
from .folding import folded
from .page import Page, View

if TYPE_CHECKING:
    from .terminal.sheet import Sheet


def blocks(view: View | str, page: Page, width: int) -> Iterator[Block]:
    """What a view says, for a document that has a layout of its own; a text as lines of a width."""
    if isinstance(view, str):
        yield _text(view, width)
    else:
        yield from view.blocks(page)


def laid_out(view: View | str, sheet: Sheet) -> Lines:
    """A view as the lines that a terminal shows."""
    from .terminal.drawing import lines, tones

    return _text(view, sheet.width) if isinstance(view, str) else Lines([tones(line) for line in lines(view, sheet)])


def sheet(width: int, page: Page) -> Sheet:
    """A page as that of a terminal with all colours."""
    from .terminal.sheet import Sheet

    return Sheet(page.plain, page.decimals, page.rows, page.exponent, width, "truecolor", "light")


def _text(text: str, width: int) -> Lines:
    return Lines([[Span(part)] for line in text.split("\n") for part in _fitted(line, width)])


def _fitted(line: str, width: int) -> list[str]:
    return [line] if len(line) * 2 <= width else folded(line, width)
