"""A matrix with labels on both axes, cut to what there is room for before a cell is formatted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from rich.cells import cell_len

from ..document import Cell, Column, Matrix, Row, Span, Table
from ..i18n import _
from ..tensor import Array, Axis
from ..window import Hidden, Shown, places, window
from .folding import clipped
from .page import BOLD, DIM, Page
from .tokens import digits_of, label, place_label

LABEL, DENSE = 8, 4
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

    def rows_shown(self) -> Sequence[Shown]:
        return self._cut(len(self.array), self.page.rows, [self.focus])

    def columns_shown(self, room: int) -> Sequence[Sequence[Shown]]:
        n = self.array.shape[1]
        if self.full:
            return [range(start, min(n, start + room)) for start in range(0, n, room)]
        return [window(n, room, [int(self.array[self.focus].argmax())])]

    def cells(self, room: int) -> int:
        """Numbers are never cut, so a column is as wide as they need; wider for labels where there is room."""
        n = self.array.shape[1]
        needed = max(self.painter.width, digits_of(self.columns, n))
        if n * (needed + 2) > room and not self.full:
            needed = max(needed, len(f"…{n}…"))
        widest = max((cell_len(label(self.columns, column)) for column in range(n)[: room // needed]), default=0)
        return max(needed, min(widest, LABEL, room // 5 - 2))

    def table(self, rows: Sequence[Shown], columns: Sequence[Shown], width: int = 0) -> Table:
        heads = [self._corner(), *(self._head(column, width) for column in columns)]
        return Table(heads, list(self._rows(rows, columns)), names=self.rows.name)

    def _cut(self, n: int, most: int, keep: Sequence[int]) -> list[Shown]:
        return window(n, n if self.full else most, keep)

    def _corner(self) -> Column:
        has_labels = self.columns.labels is not None
        return Column(self.columns.name, self.rows.name if has_labels else "", "<")

    def _head(self, column: Shown, width: int) -> Column:
        if isinstance(column, Hidden):
            return Column(f"…{len(column)}…")
        name = label(self.columns, column)
        return Column(str(self.columns.number(column)), clipped(name, width, self.page.glyphs.more) if width else name)

    def _rows(self, rows: Sequence[Shown], columns: Sequence[Shown]) -> Iterator[Row]:
        seen, across = places(rows), places(columns)
        painted = iter(self.painter.paint(self.array[np.ix_(seen, across)]) if across else [[]] * len(seen))
        for row in rows:
            if isinstance(row, Hidden):
                yield [Cell(Span(left_out(row, self.page) if columns else "", DIM)), *[Cell(Span(""))] * len(columns)]
            else:
                yield [Cell(Span(self._name(row), DIM)), *self._cells(row, next(painted), columns)]

    def _name(self, row: int) -> str:
        return place_label(self.rows, row, self.page, digits=digits_of(self.rows, len(self.array)), room=ROW_LABEL)

    def _cells(self, row: int, painted: Sequence[Span], columns: Sequence[Shown]) -> Iterator[Cell]:
        best = int(np.nan_to_num(self.array[row], nan=-np.inf).argmax()) if self.is_ranked else -1
        cells = iter(painted)
        for column in columns:
            if isinstance(column, Hidden):
                yield Cell(Span(self.page.glyphs.more, DIM))
            else:
                text, tone = next(cells)
                yield Cell(Span(text, f"{tone} {BOLD}".strip() if column == best else tone))


@dataclass(frozen=True)
class Dense(Grid):
    """A matrix of cells side by side, its labels cut to their width."""

    is_dense = True

    def columns_shown(self, room: int) -> Sequence[Sequence[Shown]]:
        return [window(self.array.shape[1], room)]

    def cells(self, room: int) -> int:
        return DENSE

    def _head(self, column: Shown, width: int) -> Column:
        if isinstance(column, Hidden):
            return Column(self.page.glyphs.more)
        head = super()._head(column, 0)
        if not width:
            return head
        return head._replace(label=clipped(head.label.lstrip(" ▁"), width - 1, self.page.glyphs.more))


@dataclass(frozen=True)
class Series(Grid):
    """One row, [1, column], read like text, that goes on below its beginning."""

    is_wrapped = True

    def columns_shown(self, room: int) -> Sequence[Sequence[Shown]]:
        n = self.array.shape[1]
        best = int(self.array[0].argmax()) // room
        lines = self._cut(-(-n // room), self.page.rows, [best])
        return [self._line(line, room, n) for line in lines]

    def _line(self, line: Shown, room: int, n: int) -> Sequence[Shown]:
        if isinstance(line, Hidden):
            return [Hidden(line.start * room, line.stop * room)]
        return range(line * room, min(n, (line + 1) * room))


def left_out(hidden: Hidden, page: Page) -> str:
    """``… 88 more …``."""
    return page.text(_("… {n} more …").format(n=len(hidden)))
