"""Views made of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..document import Block, Formula, Inline, Paragraph, Span
from ..i18n import spoken
from ..tape import Record
from .page import DIM, Page, View


class Composite(View):
    """A view made of others, and of blocks, which stand below one another."""

    def on(self, page: Page) -> Page:
        """The page as it is for this view."""
        return page

    def parts(self, page: Page) -> Iterator[View | Block]:
        """What it is made of."""
        raise NotImplementedError

    def blocks(self, page: Page) -> Iterator[Block]:
        page = self.on(page)
        for part in self.parts(page):
            yield from part.blocks(page) if isinstance(part, View) else [part]


@dataclass(frozen=True)
class Below(Composite):
    """Views below one another."""

    views: Sequence[View]

    def parts(self, page: Page) -> Iterator[View]:
        return iter(self.views)


@dataclass(frozen=True)
class Led(View):
    """Another view with some words before it."""

    words: str
    view: View

    def blocks(self, page: Page) -> Iterator[Block]:
        blocks, lead = self.view.blocks(page), Span(self.words.rstrip(), DIM)
        first = next(blocks, None)
        if isinstance(first, Paragraph):
            yield replace(first, parts=[lead, *first.parts])
        else:
            yield Paragraph([lead])
            yield from [first] if first else []
        yield from blocks


def symbols(record: Record, words: str = "") -> Paragraph:
    """The formula of a record, after some words."""
    lead = [Span(words.rstrip())] if words else []
    return Paragraph([*lead, formula(record)], gap=1)


def formula(record: Record) -> Formula:
    """What a record was computed by."""
    written = record.op.written(record)
    return Formula(spoken(written.formula), spoken(written.latex))


def noted(record: Record, note: str) -> Inline:
    """A note about a record: its formula, unless the note says something else."""
    told = formula(record)
    return told if note == told.text else Span(note, "dim")
