"""Facts: a name before each, the names aligned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..document import Block, Cell, Column, Formula, Inline, Span, Table
from .page import DIM, Page, View


@dataclass(frozen=True)
class Facts(View):
    """What there is to say under each name; a name that nothing is to be said of is left out."""

    facts: Mapping[str, Sequence[str | Formula]]

    def blocks(self, page: Page) -> Iterator[Block]:
        rows = [
            [Cell(Span(name if number == 0 else "", DIM)), Cell(_inline(fact, page))]
            for name, told in self.facts.items()
            for number, fact in enumerate(told)
        ]
        yield Table([Column(align="<"), Column(align="<", room="fold")], rows, indent=2)


def _inline(fact: str | Formula, page: Page) -> Inline:
    return Span(page.text(fact)) if isinstance(fact, str) else fact
