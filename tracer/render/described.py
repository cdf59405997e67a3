"""Views for documents: what they say, or the lines that they are laid out in."""

from __future__ import annotations

from collections.abc import Iterator

from ..document import Block, Lines, Span
from .page import Page, View, folded, spans


def page(width: int, *, is_plain: bool, has_colours: bool, decimals: int, rows: int) -> Page:
    """A page of a document; if it has colours, it has all of them."""
    return Page(width, is_plain, "truecolor" if has_colours else None, decimals, rows)


def blocks(view: View | str, page: Page) -> Iterator[Block]:
    """What a view says, for a document that has a layout of its own."""
    if isinstance(view, str):
        yield _text(view, page)
    else:
        yield from view.blocks(page)


def laid_out(view: View | str, page: Page) -> Lines:
    """A view as the lines of a page."""
    return _text(view, page) if isinstance(view, str) else Lines([spans(line) for line in view.lines(page)])


def _text(text: str, page: Page) -> Lines:
    return Lines([[Span(part)] for line in text.split("\n") for part in _fitted(line, page.width)])


def _fitted(line: str, width: int) -> list[str]:
    return [line] if len(line) * 2 <= width else folded(line, width)
