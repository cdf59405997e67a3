"""Names, and what there is to say about each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..document import BOLD, Block, Cell, Column, Paragraph, Span, Table
from .page import Page
from .tokens import shown
from .view import View, view


@view
def sections_view(page: Page, sections: Mapping[str, Mapping[str, str]]) -> Iterator[Block]:
    """Sections by their headings, each of names with a text. A long text goes on below its own beginning."""
    widest = max((len(name) for names in sections.values() for name in names), default=0)
    heads = [Column(align="<", least=widest), Column(align="<", room="fold")]
    for heading, names in sections.items():
        if heading:
            yield Paragraph([Span(heading, BOLD)])
        rows = [[Cell(Span(shown(name))), Cell(Span(page.text(shown(text))))] for name, text in names.items()]
        yield Table(heads, rows, indent=2 * bool(heading))


def glossary(names: Mapping[str, str]) -> View:
    """A single section without a heading."""
    return sections_view({"": names})
