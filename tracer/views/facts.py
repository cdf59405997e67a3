"""Facts: a name before each, the names aligned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..document import DIM, Block, Cell, Column, Formula, Inline, Span, Table
from .page import Page
from .view import view


@view
def facts_view(page: Page, facts: Mapping[str, Sequence[str | Formula]]) -> Iterator[Block]:
    """What there is to say under each name; a name that nothing is to be said of is left out."""
    rows = [
        [Cell(Span(name if number == 0 else "", DIM)), Cell(_inline(fact, page))]
        for name, told in facts.items()
        for number, fact in enumerate(told)
    ]
    yield Table([Column(align="<"), Column(align="<", room="fold")], rows, indent=2)


def _inline(fact: str | Formula, page: Page) -> Inline:
    return Span(page.text(fact)) if isinstance(fact, str) else fact
