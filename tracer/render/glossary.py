"""Names, and what there is to say about each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..document import Block, Cell, Column, Paragraph, Span, Table
from .page import BOLD, Page, View
from .tokens import shown


@dataclass(frozen=True)
class Glossary(View):
    """Sections by their headings, each of names with a text. A long text goes on below its own beginning."""

    sections: Mapping[str, Mapping[str, str]]

    def blocks(self, page: Page) -> Iterator[Block]:
        widest = max((len(name) for names in self.sections.values() for name in names), default=0)
        for heading, names in self.sections.items():
            if heading:
                yield Paragraph([Span(heading, BOLD)])
            heads = [Column(align="<", least=widest), Column(align="<", room="fold")]
            rows = [[Cell(Span(shown(name))), Cell(Span(page.text(shown(text))))] for name, text in names.items()]
            yield Table(heads, rows, indent=2 * bool(heading))


def glossary(names: Mapping[str, str]) -> Glossary:
    """A single section without a heading."""
    return Glossary({"": names})
