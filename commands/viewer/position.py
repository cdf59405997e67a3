"""Where a viewer stands: a cell, the two axes that are rows and columns, and the part of them in sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np

from tracer.dataclass import dataclass


@dataclass(frozen=True)
class Position:
    """``cursor`` has a place on each axis of a tensor of ``shape``, two axes at least, none of them empty.

    ``rows`` and ``columns`` number the axes that are seen; the others lead, with one place of each in sight at a
    time. ``top`` and ``left`` are the first row and column on the screen.
    """

    shape: tuple[int, ...]
    cursor: tuple[int, ...]
    rows: int
    columns: int
    top: int = 0
    left: int = 0

    @classmethod
    def first(cls, shape: tuple[int, ...]) -> Position:
        """The first cell; the last two axes are rows and columns."""
        return cls(shape, (0,) * len(shape), len(shape) - 2, len(shape) - 1)

    @property
    def row(self) -> int:
        """The row of the cell."""
        return self.cursor[self.rows]

    @property
    def column(self) -> int:
        """The column of the cell."""
        return self.cursor[self.columns]

    @property
    def leading(self) -> tuple[int, ...]:
        """The axes that are neither rows nor columns."""
        return tuple(axis for axis in range(len(self.shape)) if axis not in (self.rows, self.columns))

    @property
    def matrix(self) -> tuple[int | slice, ...]:
        """The index of the matrix that is seen, its axes in the tensor's own order."""
        return tuple(place if axis in self.leading else slice(None) for axis, place in enumerate(self.cursor))

    def at(self, places: Mapping[int, int]) -> Position:
        """At other places on some axes, as far as these reach."""
        kept = {axis: min(max(place, 0), self.shape[axis] - 1) for axis, place in places.items()}
        return replace(self, cursor=tuple(kept.get(axis, place) for axis, place in enumerate(self.cursor)))

    def moved(self, rows: int, columns: int) -> Position:
        """So many rows down and columns to the right."""
        return self.at({self.rows: self.row + rows, self.columns: self.column + columns})

    def scrolled(self, rows: int, columns: int) -> Position:
        """Moved, with the window along."""
        return replace(self.moved(rows, columns), top=self.top + rows, left=self.left + columns)

    def turned(self, count: int) -> Position:
        """At the next matrix along the leading axes, around the end; ``count`` is negative for the one before."""
        lengths = [self.shape[axis] for axis in self.leading]
        if not lengths:
            return self
        places = [self.cursor[axis] for axis in self.leading]
        flat = (np.ravel_multi_index(places, lengths) + count) % np.prod(lengths)
        return self.at(dict(zip(self.leading, map(int, np.unravel_index(flat, lengths)), strict=True)))

    def transposed(self) -> Position:
        """Rows for columns."""
        return replace(self, rows=self.columns, columns=self.rows, top=self.left, left=self.top)

    def regrouped(self) -> Position:
        """The next two axes as rows and columns."""
        pairs = list(combinations(range(len(self.shape)), 2))
        seen = pairs.index((min(self.rows, self.columns), max(self.rows, self.columns)))
        rows, columns = pairs[seen - 1]
        return replace(self, rows=rows, columns=columns, top=0, left=0)

    def within(self, rows: int, columns: int) -> Position:
        """The window, of so many rows and columns, brought to where the cell is in sight."""
        top = _following(self.top, self.row, rows, self.shape[self.rows])
        left = _following(self.left, self.column, columns, self.shape[self.columns])
        return replace(self, top=top, left=left)


def _following(start: int, place: int, seen: int, length: int) -> int:
    """The start of a window nearest to where it was that has a place in it and no room to spare."""
    start = min(max(start, place - seen + 1), place)
    return max(0, min(start, length - seen))
