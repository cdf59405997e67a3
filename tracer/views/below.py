"""Views made of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..document import DIM, Block, Matrix, Paragraph, Row, Span, Table
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
        case Table(columns, rows) as first if rows and not any(column.title or column.label for column in columns):
            yield first._replace(rows=list(_led(words, rows)))
        case first:
            yield Paragraph([Span(words.rstrip(), DIM)])
            yield from [first] if first else []
    yield from blocks


def _led(words: str, rows: Sequence[Row]) -> Iterator[Row]:
    """Rows, the first with some words before it and the others moved in as far."""
    for number, (first, *rest) in enumerate(rows):
        text, tone = first.content if isinstance(first.content, Span) else Span(first.content.text)
        yield [first._replace(content=Span(f"{' ' * len(words) if number else words}{text}", tone)), *rest]


@view
def ending(page: Page, shown: View) -> Iterator[Block]:
    """How another view ends: what stands below its last table; where that is the end, the last row of it."""
    blocks = list(shown.blocks(page))
    last = next((place for place in reversed(range(len(blocks))) if isinstance(blocks[place], Table | Matrix)), None)
    if last is not None:
        table = blocks[last]
        yield from blocks[last + 1 :] or ([table._replace(rows=table.rows[-1:])] if isinstance(table, Table) else [])


@view
def scientific(page: Page, shown: View) -> Iterator[Block]:
    """Another view, its numbers written with a power of ten."""
    return shown.blocks(replace(page, exponent=True))
