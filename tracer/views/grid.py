"""A matrix with labels on both axes, cut to what there is room for before a cell is formatted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from ..dataclass import dataclass
from ..document import BOLD, DIM, Cell, Column, Matrix, Row, Span, Table
from ..i18n import _
from ..tensor import Array, Axis
from ..window import Hidden, Shown, places, window
from .page import Page
from .tokens import digits_of, label, place_label

ROW_LABEL = 16


class Painter(Protocol):
    """How the cells of an array are written and coloured."""

    @property
    def width(self) -> int:
        """The cells that any of them needs."""

    def paint(self, values: Array) -> list[list[Span]]:
        """[row, column] -> text and tone of every cell."""


@dataclass(frozen=True)
class Grid(Matrix):
    """A matrix [row, column]; ``focus`` is the row whose largest cell stays visible with it.

    The largest cell of a row is bold if ``is_ranked``.
    """

    array: Array
    rows: Axis
    columns: Axis
    painter: Painter
    page: Page
    full: bool = False
    focus: int = -1
    is_ranked: bool = False

    @property
    def length(self) -> int:
        return int(self.array.shape[1])

    @property
    def width(self) -> int:
        return max(self.painter.width, digits_of(self.columns, self.length))

    def rows_shown(self) -> Sequence[Shown]:
        return self._cut(len(self.array), self.page.rows, [self.focus])

    def columns_shown(self, room: int) -> Sequence[Sequence[Shown]]:
        n = self.length
        if self.full:
            return [range(start, min(n, start + room)) for start in range(0, n, room)]
        return [window(n, room, [int(self.array[self.focus].argmax())])]

    def table(self, rows: Sequence[Shown], columns: Sequence[Shown]) -> Table:
        heads = [self._corner(), *map(self._head, columns)]
        return Table(heads, list(self._rows(rows, columns)), names=self.rows.name)

    def _cut(self, n: int, most: int, keep: Sequence[int]) -> list[Shown]:
        return window(n, n if self.full else most, keep)

    def _corner(self) -> Column:
        has_labels = self.columns.labels is not None
        return Column(self.columns.name, self.rows.name if has_labels else "", "<", room="cut", most=ROW_LABEL)

    def _head(self, column: Shown) -> Column:
        if isinstance(column, Hidden):
            return Column(self.page.text(f"…{len(column)}…"))
        return Column(str(self.columns.number(column)), label(self.columns, column))

    def _rows(self, rows: Sequence[Shown], columns: Sequence[Shown]) -> Iterator[Row]:
        painted = iter(self.painter.paint(self.array[places(rows)][:, places(columns)]) if columns else [])
        for row in rows:
            if isinstance(row, Hidden):
                yield [Cell(Span(left_out(row, self.page), DIM)), *[Cell(Span(""))] * len(columns)]
            else:
                yield [Cell(Span(self._name(row), DIM)), *self._cells(row, next(painted, []), columns)]

    def _name(self, row: int) -> str:
        return place_label(self.rows, row, digits=digits_of(self.rows, len(self.array)))

    def _cells(self, row: int, painted: Sequence[Span], columns: Sequence[Shown]) -> Iterator[Cell]:
        best = int(np.nan_to_num(self.array[row], nan=-np.inf).argmax()) if self.is_ranked and columns else -1
        cells = iter(painted)
        for column in columns:
            if isinstance(column, Hidden):
                yield Cell(Span(self.page.glyphs.more, DIM))
            else:
                text, tone = next(cells)
                yield Cell(Span(text, f"{tone} {BOLD}".strip() if column == best else tone))


@dataclass(frozen=True)
class Dense(Grid):
    """A matrix of cells that stand close to each other, without anything of their labels that can't be seen."""

    is_dense = True

    def _head(self, column: Shown) -> Column:
        if isinstance(column, Hidden):
            return Column(self.page.glyphs.more)
        head = super()._head(column)
        return head._replace(label=head.label.lstrip(" ▁"))


@dataclass(frozen=True)
class Series(Grid):
    """One row, [1, column], read like text, that goes on below its beginning."""

    is_wrapped = True

    def columns_shown(self, room: int) -> Sequence[Sequence[Shown]]:
        best = int(self.array[0].argmax()) // room
        lines = self._cut(-(-self.length // room), self.page.rows, [best])
        return [self._line(line, room) for line in lines]

    def _line(self, line: Shown, room: int) -> Sequence[Shown]:
        if isinstance(line, Hidden):
            return [Hidden(line.start * room, line.stop * room)]
        return range(line * room, min(self.length, (line + 1) * room))


def left_out(hidden: Hidden, page: Page) -> str:
    """``… 88 more …``."""
    return page.text(_("… {n} more …").format(n=len(hidden)))
