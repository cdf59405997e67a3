"""This row times that column gives this cell: the three of them side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment

from ..arithmetic import Sum
from ..derive import Derivation
from ..factors import row_by_column, shapes
from ..i18n import _
from ..tensor import Row
from .expression import Writer, is_number
from .numbers import Notation, comes_out
from .page import BOLD, DIM, Line, Page, View, padded, sentence, width_of
from .window import Hidden, Shown, window

HEIGHT = 8
"""So many numbers of a column are shown."""


@dataclass(frozen=True)
class RowByColumn(View):
    """A cell of a product with the row and the column that it comes from; the same places are shown of both.

    Where lists are wanted in place of grids, or there is no room for one, the numbers of each follow its name.
    """

    derivation: Derivation

    def lines(self, page: Page) -> Iterator[Line]:
        number = Notation(page)
        found = row_by_column(self.derivation.expression)
        assert found is not None
        rows, product = found[0], Sum(found[1]).evaluate()
        row, column = (cells.values.tolist() for cells in rows.values())
        fitting = HEIGHT if page.plain else (page.width - 30) // (_width(row, column, number) + 2)
        room = max(3, min(HEIGHT, fitting))
        shown = window(len(row), room, [0, len(row) - 1])
        texts = [_texts(values, shown, number, page) for values in (row, column)]
        total = f"{_equals(row, column, product, number, is_whole=room >= len(row))} {number(product)}"
        told = _("this row times that column gives this cell: {shapes}").format(shapes=shapes(self.derivation.record))
        yield from sentence(told, page, None)
        picture = list(_pictured(rows, texts, total, page))
        has_room = not page.plain and max(map(width_of, picture)) <= page.width
        yield from picture if has_room else _listed(rows, texts, total, page)
        yield from sentence(self._cell(number), page, BOLD, indent=2)

    def _cell(self, number: Notation) -> str:
        """The cell, and what else goes into it."""
        leaf, expression = self.derivation.record.output.leaf(*self.derivation.index), self.derivation.expression
        worked = f" = {Writer(number).line(expression, leaf.value)}" if not is_number(expression) else ""
        return f"{leaf}{worked} = {number.precisely(leaf.value)}"


def product_view(derivation: Derivation) -> RowByColumn:
    """The cell of a product, if `row_by_column` finds one in its expression, beside its row and its column."""
    return RowByColumn(derivation)


def _pictured(rows: Mapping[str, Row], texts: Sequence[Sequence[str]], total: str, page: Page) -> Iterator[Line]:
    yield from ([Segment(f"  {symbol} = {cells.address}", DIM)] for symbol, cells in rows.items())
    row, column = texts
    yield from _drawn(row, column, total, page)


def _listed(rows: Mapping[str, Row], texts: Sequence[Sequence[str]], total: str, page: Page) -> Iterator[Line]:
    for (symbol, cells), numbers in zip(rows.items(), texts, strict=True):
        yield from sentence(f"{symbol} = {cells.address}: {'; '.join(numbers)}", page, None, indent=2)
    yield from sentence(f"{' · '.join(rows)} {total}", page, None, indent=2)


def _drawn(row: Sequence[str], column: Sequence[str], total: str, page: Page) -> Iterator[Line]:
    """The row lies, the column stands, and what they come to is at their end."""
    width, lying = max(map(cell_len, column)), f"[ {'  '.join(row)} ]"
    for number, text in enumerate(column):
        left = lying + page.text(" · ") if number == 0 else " " * cell_len(lying + page.text(" · "))
        end = page.text(f" {total}") if number == 0 else ""
        yield [Segment(f"  {left}| {padded(text, width, '>')} |{end}")]


def _equals(row: Sequence[float], column: Sequence[float], product: float, number: Notation, *, is_whole: bool) -> str:
    """The sign before what a row and a column come to: ≈ where all their numbers are shown and do not come to it."""
    shown = (round(x, number.decimals) * round(w, number.decimals) for x, w in zip(row, column, strict=True))
    return "≈" if is_whole and not comes_out(sum(shown), f"{product:.{number.decimals}f}") else "="


def _width(row: Sequence[float], column: Sequence[float], number: Notation) -> int:
    return max(map(cell_len, number.all([*row[:100], *column[:100]])))


def _texts(values: Sequence[float], shown: Sequence[Shown], number: Notation, page: Page) -> list[str]:
    return [page.glyphs.more if isinstance(place, Hidden) else number(values[place]) for place in shown]
