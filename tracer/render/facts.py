"""Facts: a name before each, the names aligned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment

from ..document import Block, Cell, Column, Formula, Inline, Span, Table
from .page import DIM, Line, Page, View, folded, padded, sentence
from .words import BOUND

_INDENT = _GAP = 2
_NARROWEST = 20


@dataclass(frozen=True)
class Facts(View):
    """What there is to say under each name; a name that nothing is to be said of is left out."""

    facts: Mapping[str, Sequence[str | Formula]]

    def lines(self, page: Page) -> Iterator[Line]:
        width = max(cell_len(name) for name, told in self.facts.items() if told)
        room = page.width - _INDENT - width - _GAP
        return self._beside(width, room, page) if room >= _NARROWEST else self._below(page)

    def _beside(self, width: int, room: int, page: Page) -> Iterator[Line]:
        for name, told in self.facts.items():
            heads = iter([padded(name, width)])
            for part in (part for fact in told for part in folded(page.text(_text(fact)), room)):
                head = next(heads, " " * width)
                yield [Segment(f"{' ' * _INDENT}{head}{' ' * _GAP}", DIM), Segment(part)]

    def _below(self, page: Page) -> Iterator[Line]:
        """Where there is no room beside a name: each fact on lines of its own."""
        for name, told in self.facts.items():
            if told:
                yield from sentence(name, page, DIM, _INDENT)
            for fact in told:
                yield from sentence(_text(fact), page, None, 2 * _INDENT)

    def blocks(self, page: Page) -> Iterator[Block]:
        rows = [
            [Cell(Span(name if number == 0 else "", "dim")), Cell(_inline(fact, page))]
            for name, told in self.facts.items()
            for number, fact in enumerate(told)
        ]
        yield Table([Column(align="<")] * 2, rows)


def _text(fact: str | Formula) -> str:
    return fact if isinstance(fact, str) else fact.text


def _inline(fact: str | Formula, page: Page) -> Inline:
    return Span(page.text(fact).replace(BOUND, " ")) if isinstance(fact, str) else fact
