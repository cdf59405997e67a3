"""Views made of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..document import DIM, Block, Paragraph, Span
from .page import Page
from .view import View, line, view


@view
def sentence(page: Page, text: str, tone: str = "", indent: int = 0) -> Iterator[Block]:
    """A sentence of our own."""
    yield line(text, page, tone, indent)


@view
def below(page: Page, *views: View) -> Iterator[Block]:
    """Views below one another."""
    for one in views:
        yield from one.blocks(page)


@view
def led(page: Page, words: str, shown: View) -> Iterator[Block]:
    """Another view with some words before it."""
    blocks = shown.blocks(page)
    match next(blocks, None):
        case Paragraph([Span(text, tone), *rest]) as first:
            yield first._replace(parts=[Span(f"{words}{text}", tone), *rest])
        case first:
            yield Paragraph([Span(words.rstrip(), DIM)])
            yield from [first] if first else []
    yield from blocks


@view
def scientific(page: Page, shown: View) -> Iterator[Block]:
    """Another view, its numbers written with a power of ten."""
    return shown.blocks(replace(page, exponent=True))
