"""A matrix with labels on both axes, cut to what the page shows before a cell is formatted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from typing import Protocol

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from .. import document
from ..document import Block, Cell, Span
from ..i18n import _
from ..tensor import Array, Axis
from .colours import tone
from .page import BOLD, DIM, Line, Page, View, clipped, flow, padded
from .tokens import digits_of, label, place_label
from .window import Hidden, Shown, places, window

GAP = 2
LABEL = 8
ROW_LABEL = 16

Piece = tuple[str, Style | None]

_ELLIPSIS: Piece = ("…", DIM)


class Painter(Protocol):
    """How the cells of an array are written and coloured."""

    @property
    def width(self) -> int:
        """The cells that any of them needs."""

    def paint(self, values: Array) -> list[list[Piece]]:
        """[row, column] -> text and style of every cell."""


@dataclass(frozen=True)
class Grid(View):
    """A matrix [row, column]; ``focus`` is the row whose largest cell stays visible with it."""

    array: Array
    rows: Axis
    columns: Axis
    painter: Painter
    max_rows: int
    full: bool = False
    focus: int = -1

    def lines(self, page: Page) -> Iterator[Line]:
        n_rows = len(self.array)
        shown = self._cut(n_rows, [self.focus])
        labels = {row: self._row_label(row, page) for row in places(shown)}
        area = max(cell_len(text) for text in [*labels.values(), *self._corner()])
        width = self._column_width(page.width - area)
        fit = max(1, (page.width - area) // (width + GAP))
        blocks = self._blocks(fit)
        if page.plain or max(map(len, blocks)) > fit:
            return self._listed(shown, labels, page)
        return chain.from_iterable(self._block(shown, labels, columns, width, page) for columns in blocks)

    def blocks(self, page: Page) -> Iterator[Block]:
        """At most so many columns as rows, whatever the width."""
        n_rows, n = self.array.shape
        rows, columns = self._cut(n_rows, [self.focus]), self._cut(n, [int(self.array[self.focus].argmax())])
        heads = [document.Column(*self._corner(), "<"), *map(self._column, columns)]
        yield document.Table(heads, list(self._rows(rows, columns, page)))

    def _cut(self, n: int, keep: Sequence[int]) -> list[Shown]:
        return window(n, n if self.full else self.max_rows, keep)

    def _column(self, column: Shown) -> document.Column:
        if isinstance(column, Hidden):
            return document.Column(f"…{len(column)}…")
        return document.Column(str(self.columns.number(column)), label(self.columns, column))

    def _rows(self, rows: Sequence[Shown], columns: Sequence[Shown], page: Page) -> Iterator[Sequence[Cell]]:
        painted = iter(self.painter.paint(self.array[places(rows)][:, places(columns)]))
        for row in rows:
            if isinstance(row, Hidden):
                yield [Cell(Span(left_out(row, page), "dim"))]
            else:
                cells = with_gaps(next(painted), columns)
                yield [Cell(Span(self._row_label(row, page).strip(), "dim")), *(_cell(*piece) for piece in cells)]

    def _row_label(self, row: int, page: Page) -> str:
        digits = digits_of(self.rows, len(self.array))
        return place_label(self.rows, row, page, digits=digits, room=max(4, min(ROW_LABEL, page.width // 3)))

    def _corner(self) -> tuple[str, str]:
        return (self.columns.name, self.rows.name) if self.columns.labels is not None else (self.columns.name, "")

    def _blocks(self, fit: int) -> list[list[Shown]]:
        """The columns of each block: one block, cut from the middle, or, in full, as many as it takes."""
        n = self.array.shape[1]
        if self.full:
            return [list(range(start, min(n, start + fit))) for start in range(0, n, fit)]
        return [window(n, fit, [int(self.array[self.focus].argmax())])]

    def _column_width(self, room: int) -> int:
        """Numbers are never cut, so a column is as wide as they need; wider for labels where there is room."""
        n = self.array.shape[1]
        needed = max(self.painter.width, digits_of(self.columns, n))
        if n * (needed + GAP) > room and not self.full:
            needed = max(needed, len(f"…{n}…"))
        widest = max((cell_len(label(self.columns, column)) for column in range(n)[: room // needed]), default=0)
        return max(needed, min(widest, LABEL, room // 5 - GAP))

    def _block(
        self, shown: Sequence[Shown], labels: Mapping[int, str], columns: Sequence[Shown], width: int, page: Page
    ) -> Iterator[Line]:
        area = max(cell_len(text) for text in [*labels.values(), *self._corner()])
        yield from self._head(columns, width, area)
        painted = iter(self._painted(shown, columns, width))
        for row in shown:
            if isinstance(row, Hidden):
                yield [Segment(left_out(row, page), DIM)]
            else:
                yield [Segment(padded(labels[row], area), DIM), *next(painted)]

    def _head(self, columns: Sequence[Shown], width: int, area: int) -> Iterator[Line]:
        above, below = self._corner()
        cells = [f"…{len(c)}…" if isinstance(c, Hidden) else str(self.columns.number(c)) for c in columns]
        yield _heading(above, cells, width, area, DIM)
        if self.columns.labels is not None:
            pieces = ["" if isinstance(c, Hidden) else clipped(label(self.columns, c), width) for c in columns]
            yield _heading(below, pieces, width, area, BOLD)

    def _painted(self, shown: Sequence[Shown], columns: Sequence[Shown], width: int) -> Iterator[Line]:
        visible = self.array[places(shown)][:, places(columns)]
        for row in self.painter.paint(visible):
            yield merged(with_gaps(row, columns), width + GAP)

    def _listed(self, shown: Sequence[Shown], labels: Mapping[int, str], page: Page) -> Iterator[Line]:
        """Without a grid: a row a paragraph, each number after the name of its column."""
        columns = self._cut(self.array.shape[1], [int(self.array[self.focus].argmax())])
        painted = iter(self.painter.paint(self.array[places(shown)][:, places(columns)]))
        for row in shown:
            if isinstance(row, Hidden):
                yield [Segment(left_out(row, page))]
            else:
                head = Segment(f"{self.rows.name} {labels[row].strip()}:", BOLD)
                yield from flow([head, *self._entries(columns, next(painted), page)], page.width, gap=2, indent=2)

    def _entries(self, columns: Sequence[Shown], row: Sequence[Piece], page: Page) -> Iterator[Segment]:
        cells = iter(row)
        for column in columns:
            if isinstance(column, Hidden):
                yield Segment(left_out(column, page))
            else:
                text, style = next(cells)
                yield Segment(f"{place_label(self.columns, column, page)}: {text.strip()};", style)


def _cell(text: str, style: Style | None) -> Cell:
    return Cell(Span(text.strip(), tone(style)))


def left_out(hidden: Hidden, page: Page) -> str:
    """``… 88 more …``."""
    return page.text(_("… {n} more …").format(n=len(hidden)))


def _heading(corner: str, cells: Sequence[str], width: int, area: int, style: Style) -> Line:
    return [Segment(padded(corner, area), DIM), *(Segment(padded(cell, width + GAP, ">"), style) for cell in cells)]


def with_gaps(row: Sequence[Piece], columns: Sequence[Shown]) -> Iterator[Piece]:
    """The cells of the columns in sight, a mark where some are left out."""
    cells = iter(row)
    return (_ELLIPSIS if isinstance(column, Hidden) else next(cells) for column in columns)


def merged(row: Iterable[Piece], width: int) -> Line:
    """A line of cells so wide each, neighbours of one style in one piece."""
    by_style = groupby(row, key=itemgetter(1))
    return [Segment("".join([text.rjust(width) for text, _style in cells]), style) for style, cells in by_style]
