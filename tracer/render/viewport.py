"""A window onto a matrix: the labels of both axes stay in place, and only the cells in sight are formatted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment

from ..dataclass import dataclass
from ..document import BOLD, DIM, Span
from ..tensor import Array, Axis
from ..views.grid import ROW_LABEL, Painter
from ..views.tokens import digits_of, label, place_label
from .drawing import Line
from .folding import clipped, padded
from .sheet import Sheet

_MEASURED = 1000
"""So many labels of an axis decide how much room they get."""
_HERE = "here"
GAP, LABEL = 2, 8


class Extent(NamedTuple):
    """How a matrix falls onto a screen: the cells that row labels and a column take, and how many of each are seen."""

    area: int
    column: int
    rows: int
    columns: int


class Window(NamedTuple):
    """The first row and column in sight, and the row and column of the cell under the cursor."""

    top: int
    left: int
    row: int
    column: int


@dataclass(frozen=True)
class Viewport:
    """A matrix [row, column] of which a window is seen; numbers stand apart, ``is_dense`` cells side by side."""

    array: Array
    rows: Axis
    columns: Axis
    painter: Painter
    page: Sheet
    is_dense: bool = False

    @property
    def heads(self) -> int:
        """The lines of column labels: indices, and tokens where there are some and room for them."""
        return 2 if self.columns.labels is not None and self.painter.width > 1 else 1

    def extent(self, height: int) -> Extent:
        """What is seen on so many lines; a row and a column at least."""
        widest = _widest(self.rows, len(self.array))
        labels = min(self._room, self._digits + (1 + widest if widest else 0))
        area = max(labels, *map(cell_len, self._corner)) + self.is_dense
        column = self._column_width(self.page.width - area)
        return Extent(area, column, max(1, height - self.heads), max(1, (self.page.width - area) // column))

    def lines(self, window: Window, extent: Extent) -> Iterator[Line]:
        """The column labels, then a line for every row in sight."""
        rows = range(window.top, min(len(self.array), window.top + extent.rows))
        columns = range(window.left, min(self.array.shape[1], window.left + extent.columns))
        yield from self._head(columns, window, extent)
        painted = self.painter.paint(self.array[rows.start : rows.stop, columns.start : columns.stop])
        for row, name, cells in zip(rows, self._row_labels(rows), painted, strict=True):
            is_here = row == window.row
            if is_here:
                cells[window.column - window.left] = _marked(cells[window.column - window.left])
            yield self._line(Span(padded(name, extent.area), _HERE if is_here else DIM), cells, extent.column)

    def _line(self, name: Span, cells: Sequence[Span], width: int) -> Line:
        """A name and cells so wide each, neighbours of one tone in one piece."""
        by_tone = groupby(cells, attrgetter("tone"))
        merged = (Span("".join(cell.text.rjust(width) for cell in part), tone) for tone, part in by_tone)
        return [Segment(text, self.page.style(tone)) for text, tone in [name, *merged]]

    def place(self, window: Window, extent: Extent) -> tuple[int, int]:
        """Where the last character of the cell under the cursor stands (column, line)."""
        x = extent.area + (window.column - window.left + 1) * extent.column - 1
        return min(x, self.page.width - 1), self.heads + window.row - window.top

    def _row_labels(self, rows: range) -> list[str]:
        labels = (place_label(self.rows, row, digits=self._digits) for row in rows)
        return [clipped(text, self._room, self.page.glyphs.more) for text in labels]

    @property
    def _digits(self) -> int:
        return digits_of(self.rows, len(self.array))

    @property
    def _room(self) -> int:
        """The most that a row label takes."""
        return max(4, min(ROW_LABEL, self.page.width // 3))

    @property
    def _corner(self) -> list[str]:
        """What stands left of the column labels, from the top: the names of the axes."""
        names = [self.columns.name, self.rows.name][: self.heads]
        return [clipped(name, self._room, self.page.glyphs.more) for name in names]

    def _column_width(self, room: int) -> int:
        if self.is_dense:
            return self.painter.width
        n = self.array.shape[1]
        labels = min(_widest(self.columns, n), LABEL, room // 5)
        return GAP + max(self.painter.width, digits_of(self.columns, n), labels)

    def _head(self, columns: range, window: Window, extent: Extent) -> Iterator[Line]:
        texts = [self._indices(columns, extent.column), self._labels(columns, extent.column)]
        for corner, cells, tone in zip(self._corner, texts, (DIM, BOLD), strict=False):
            pieces = [Span(text, tone) for text in cells]
            pieces[window.column - window.left] = _marked(pieces[window.column - window.left])
            yield self._line(Span(padded(corner, extent.area), DIM), pieces, 0)

    def _indices(self, columns: range, width: int) -> list[str]:
        """The index of every column, or of so many that their numbers do not touch."""
        digits = digits_of(self.columns, self.array.shape[1])
        every = next(step for step in _steps() if step * width > digits)
        if every == 1:
            return [str(self.columns.number(place)).rjust(width) for place in columns]
        ruler = [" "] * (width * len(columns))
        for place in range(-(-columns.start // every) * every, columns.stop, every):
            start = (place - columns.start) * width
            if start + digits <= len(ruler):
                ruler[start : start + digits] = str(self.columns.number(place)).ljust(digits)
        return ["".join(ruler[start : start + width]) for start in range(0, len(ruler), width)]

    def _labels(self, columns: range, width: int) -> list[str]:
        labels = (label(self.columns, place) for place in columns)
        if self.is_dense:
            return [padded(set_cell_size(text.lstrip(" ▁"), min(width, cell_len(text))), width) for text in labels]
        return [padded(clipped(text, width - GAP, self.page.glyphs.more), width, ">") for text in labels]


def _widest(axis: Axis, length: int) -> int:
    """The cells of the widest label, as far as they are measured; 0 along an axis without labels."""
    places = range(min(length, _MEASURED) if axis.labels is not None else 0)
    return max((cell_len(label(axis, place)) for place in places), default=0)


def _marked(piece: Span) -> Span:
    return Span(piece.text, f"{piece.tone} {_HERE}".strip())


def _steps() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50, …"""
    step = 1
    while True:
        yield from (step, 2 * step, 5 * step)
        step *= 10


def fitting(variants: Iterable[str], page: Sheet, tone: str = "") -> Line:
    """The first of some wordings that fits a line; the last one, cut, if none does."""
    text = ""
    for text in variants:
        if cell_len(text) <= page.width:
            break
    return [Segment(clipped(text, page.width, page.glyphs.more), page.style(tone))]
