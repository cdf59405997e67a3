"""Views made of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment

from ..document import Block, Formula, Inline, Paragraph, Span
from ..i18n import spoken
from ..tape import Record
from .colours import tone
from .page import DIM, Line, Page, View, flow, folded, width_of


class Composite(View):
    """A view made of others, which stand below one another."""

    def on(self, page: Page) -> Page:
        """The page as it is for this view."""
        return page

    def parts(self, page: Page) -> Iterator[View]:
        """What it is made of."""
        raise NotImplementedError

    def lines(self, page: Page) -> Iterator[Line]:
        page = self.on(page)
        for part in self.parts(page):
            yield from part.lines(page)

    def blocks(self, page: Page) -> Iterator[Block]:
        page = self.on(page)
        for part in self.parts(page):
            yield from part.blocks(page)


@dataclass(frozen=True)
class Below(Composite):
    """Views below one another."""

    views: Sequence[View]

    def parts(self, page: Page) -> Iterator[View]:
        return iter(self.views)


@dataclass(frozen=True)
class Led(View):
    """Another view with some words before its first line; above it, where there is no room."""

    words: str
    view: View

    def lines(self, page: Page) -> Iterator[Line]:
        lead, lines = Segment(self.words, DIM), self.view.lines(page)
        first = next(lines, [])
        if cell_len(self.words) + width_of(first) > page.width:
            yield [lead]
            yield first
        else:
            yield [lead, *first]
        yield from lines


@dataclass(frozen=True)
class Flow(View):
    """Pieces side by side, as far as they fit."""

    pieces: Sequence[Segment]

    def lines(self, page: Page) -> Iterator[Line]:
        return flow(self.pieces, page.width)

    def blocks(self, page: Page) -> Iterator[Block]:
        yield Paragraph([Span(text.strip(), tone(style)) for text, style, _ in self.pieces])


@dataclass(frozen=True)
class Symbols(View):
    """The formula of a record, after some words."""

    record: Record
    words: str = ""

    def lines(self, page: Page) -> Iterator[Line]:
        for part in folded(page.text(f"{self.words}{formula(self.record).text}"), page.width):
            yield [Segment(part)]

    def blocks(self, page: Page) -> Iterator[Block]:
        words = [Span(self.words.rstrip())] if self.words else []
        yield Paragraph([*words, formula(self.record)])


def formula(record: Record) -> Formula:
    """What a record was computed by."""
    written = record.op.written(record)
    return Formula(spoken(written.formula), spoken(written.latex))


def noted(record: Record, note: str) -> Inline:
    """A note about a record: its formula, unless the note says something else."""
    told = formula(record)
    return told if note == told.text else Span(note, "dim")
