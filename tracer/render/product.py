"""This row times that column gives this cell: the three of them side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment

from ..arithmetic import Sum
from ..derive import Derivation
from ..factors import row_by_column
from .expression import Writer, is_number
from .numbers import Notation
from .page import BOLD, DIM, Line, Page, View, padded, sentence
from .window import Hidden, Shown, window

HEIGHT = 8
"""So many numbers of a column are shown."""


@dataclass(frozen=True)
class RowByColumn(View):
    """A cell of a product with the row and the column that it comes from; the same places are shown of both."""

    derivation: Derivation

    def lines(self, page: Page) -> Iterator[Line]:
        number = Notation(page)
        found = row_by_column(self.derivation.expression)
        assert found is not None
        (left, x), (right, w) = found[0].items()
        yield [Segment(f"  {left} = {x.address}", DIM)]
        yield [Segment(f"  {right} = {w.address}", DIM)]
        row, column = x.values.tolist(), w.values.tolist()
        room = max(3, min(HEIGHT, (page.width - 30) // (_width(row, column, number) + 2)))
        shown = window(len(row), room, [0, len(row) - 1])
        lying, standing = (_texts(values, shown, number, page) for values in (row, column))
        yield from _drawn(lying, standing, number(Sum(found[1]).evaluate()), page)
        yield from sentence(self._cell(number), page, BOLD, indent=2)

    def _cell(self, number: Notation) -> str:
        """The cell, and what else goes into it."""
        leaf, expression = self.derivation.record.output.leaf(*self.derivation.index), self.derivation.expression
        worked = f" = {Writer(number).sum_of(expression, leaf.value)}" if not is_number(expression) else ""
        return f"{leaf}{worked} = {number.precisely(leaf.value)}"


def product_view(derivation: Derivation) -> RowByColumn:
    """The cell of a product, if `row_by_column` finds one in its expression, beside its row and its column."""
    return RowByColumn(derivation)


def _drawn(row: Sequence[str], column: Sequence[str], total: str, page: Page) -> Iterator[Line]:
    """The row lies, the column stands, and what they come to is at their end."""
    width, lying = max(map(cell_len, column)), f"[ {'  '.join(row)} ]"
    for number, text in enumerate(column):
        left = lying + page.text(" · ") if number == 0 else " " * cell_len(lying + page.text(" · "))
        end = f" = {total}" if number == 0 else ""
        yield [Segment(f"  {left}| {padded(text, width, '>')} |{end}")]


def _width(row: Sequence[float], column: Sequence[float], number: Notation) -> int:
    return max(map(cell_len, number.all([*row[:100], *column[:100]])))


def _texts(values: Sequence[float], shown: Sequence[Shown], number: Notation, page: Page) -> list[str]:
    return [page.glyphs.more if isinstance(place, Hidden) else number(values[place]) for place in shown]
