"""A tensor: a header that says what it is, then as much of it as the page shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment

from ..i18n import _
from ..tensor import Array, Axis, Statistics, Tensor
from .colours import heat, palette
from .grid import Grid, Piece, left_out
from .heading import Heading, shape_by_name, summary
from .numbers import Notation, decimals_of
from .page import BOLD, DIM, Line, Page, View, padded, sentence
from .tokens import place_label
from .window import Hidden, Shown, window

MAX_ROWS = 20


class HeatPainter:
    """Cells as numbers on a scale of colour, the same over the whole of a tensor."""

    def __init__(self, page: Page, notation: Notation, statistics: Statistics, *, probabilities: bool) -> None:
        self.width = notation.width(statistics)
        self._notation = notation
        self._palette = palette(page.depth)
        self._bound = 1.0 if probabilities else float(np.nan_to_num(max(-statistics.min, statistics.max)))
        self._probabilities = probabilities

    def paint(self, values: Array) -> list[list[Piece]]:
        """[row, column] -> text and style of every cell."""
        texts = map(self._notation.all, values.tolist())
        styles = self._palette
        return [
            [(text, styles[k]) for text, k in zip(row, row_classes, strict=True)]
            for row, row_classes in zip(texts, self.classes(values), strict=True)
        ]

    def classes(self, values: Array) -> list[list[int]]:
        """[row, column] -> the class of colour of every cell."""
        classes: list[list[int]] = heat(values, self._bound, zero_is_hidden=self._probabilities).tolist()
        return classes


@dataclass(frozen=True)
class TensorView(View):
    """See `tensor_view`."""

    tensor: Tensor
    heading: Heading
    probabilities: bool
    decimals: int
    max_rows: int
    full: bool
    focus: int

    def lines(self, page: Page) -> Iterator[Line]:
        notation = Notation(page, self.decimals, marks_zero=self.probabilities)
        if not self.tensor.array.ndim:
            yield from self._value(Notation(page, self.decimals), page)
            return
        yield from self._header(page)
        if self.tensor.array.size:
            painter = HeatPainter(page, notation, self.statistics, probabilities=self.probabilities)
            yield from self._body(painter, page)
        if self.probabilities and not self.tensor.array.all():
            legend = _("{sign} exactly 0, as where a mask hides a key")
            yield from sentence(legend.format(sign=page.glyphs.zero), page)

    @cached_property
    def statistics(self) -> Statistics:
        """Of the whole tensor, however little of it is shown."""
        return self.tensor.statistics()

    def _header(self, page: Page) -> Iterator[Line]:
        facts = [shape_by_name(self.tensor), *summary(self.statistics, self.decimals, page)]
        return self.heading.lines_with(facts, page)

    def _value(self, number: Notation, page: Page) -> Iterator[Line]:
        value = number(self.tensor.array.item())
        title = f"{self.heading.title} = {value}" if self.heading.title else value
        return self.heading._replace(title=title).lines_with([], page)

    def _body(self, painter: HeatPainter, page: Page) -> Iterator[Line]:
        array, dims = self.tensor.array, self.tensor.dims
        match array.ndim:
            case 1:
                return Row(array, dims[0], painter, self.max_rows, self.full).lines(page)
            case 2:
                return self._matrix(array, painter).lines(page)
            case _:
                return self._matrices(painter, page)

    def _matrix(self, array: Array, painter: HeatPainter) -> Grid:
        rows, columns = self.tensor.dims[-2:]
        return Grid(array, rows, columns, painter, self.max_rows, self.full, self.focus)

    def _matrices(self, painter: HeatPainter, page: Page) -> Iterator[Line]:
        leading = self.tensor.shape[:-2]
        total = int(np.prod(leading))
        fit = max(1, 2 * self.max_rows // (min(self.tensor.shape[-2], self.max_rows) + 3))
        for index in islice(np.ndindex(leading), total if self.full else fit):
            names = (
                f"{axis.name} {place_label(axis, i, page)}" for axis, i in zip(self.tensor.dims, index, strict=False)
            )
            yield [Segment(", ".join(names), BOLD)]
            yield from self._matrix(self.tensor.array[index], painter).lines(page)
        if not self.full and fit < total:
            yield from sentence(self._others(fit, total), page)

    def _others(self, shown: int, total: int) -> str:
        hint = _("… {n} more along {axis}: print [{first}] to [{last}], or print /a for all")
        axis = self.tensor.dims[0]
        mark = "h" if axis.name == "head" else ""
        step = max(1, total // self.tensor.shape[0])
        first, last = f"{mark}{shown // step}", f"{mark}{self.tensor.shape[0] - 1}"
        return hint.format(n=total - shown, axis=axis.name, first=first, last=last)


@dataclass(frozen=True)
class Row(View):
    """One row, laid out in columns and read like text: each number after its index and token."""

    array: Array
    axis: Axis
    painter: HeatPainter
    max_rows: int
    full: bool = False

    def lines(self, page: Page) -> Iterator[Line]:
        n = len(self.array)
        widest = max(cell_len(self._name(i, page)) for i in range(min(n, 1000)))
        width = widest + self.painter.width + 4
        a_line = 1 if page.plain else max(1, (page.width + 3) // (width + 3))
        count = -(-n // a_line)
        best = int(self.array.argmax()) // a_line
        for shown in window(count, count if self.full else self.max_rows, [best]):
            yield from [self._line(shown, a_line, widest, page)]

    def _name(self, place: int, page: Page) -> str:
        return place_label(self.axis, place, page, digits=len(str(len(self.array) - 1)), room=page.width // 2)

    def _line(self, shown: Shown, a_line: int, widest: int, page: Page) -> Line:
        if isinstance(shown, Hidden):
            return [Segment(left_out(Hidden(shown.start * a_line, shown.stop * a_line), page), DIM)]
        start = shown * a_line
        [painted] = self.painter.paint(self.array[None, start : start + a_line])
        line: Line = []
        for place, (text, style) in enumerate(painted, start):
            name = padded(self._name(place, page), widest)
            line += [Segment(f"{name}  ", DIM), Segment(text.rjust(self.painter.width), style), Segment("     ")]
        return line


def tensor_view(
    tensor: Tensor,
    *,
    op: str | None = None,
    title: str | None = None,
    remark: str = "",
    decimals: int | None = None,
    max_rows: int = MAX_ROWS,
    full: bool = False,
    focus: int = -1,
) -> TensorView:
    """A tensor with its header; one value, a row, a matrix, or a matrix for each leading index.

    ``op`` is the operation it comes from: a softmax is coloured as probabilities. The header is ``title`` (the
    tensor's address if there is none), shape and statistics, and a ``remark``. At most ``max_rows`` rows of a matrix
    are seen unless ``full``, among them the row ``focus``.
    """
    return TensorView(
        tensor,
        heading=Heading(tensor.address if title is None else title, remark),
        probabilities=op == "softmax",
        decimals=decimals_of(tensor) if decimals is None else decimals,
        max_rows=max_rows,
        full=full,
        focus=focus,
    )
