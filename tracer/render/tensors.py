"""A tensor: a header that says what it is, then as much of it as the page shows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment

from ..document import Block
from ..i18n import _, extent, ngettext
from ..stack import Ragged, there
from ..tensor import Array, Axis, Statistics, Tensor
from .colours import heat, palette
from .composite import Composite, Flow
from .grid import Grid, Painter, Piece, left_out
from .heading import Heading, about, shape_by_name
from .numbers import Notation, decimals_of
from .page import BOLD, DIM, Line, Page, Sentence, View, padded
from .tokens import digits_of, place_label
from .window import Hidden, Shown, window


class HeatPainter:
    """Cells as numbers on a scale of colour, the same over the whole of a tensor."""

    def __init__(self, page: Page, notation: Notation, statistics: Statistics, *, probabilities: bool) -> None:
        self.width = notation.width(statistics)
        self._notation = notation
        self._palette = palette(page.depth)
        largest = max(-statistics.min, statistics.max)
        self._bound = 1.0 if probabilities else largest if math.isfinite(largest) else 0.0
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


Range = tuple[float, float]


class Highlighter:
    """Another painter's cells, those within a range marked and the others dim."""

    def __init__(self, painter: HeatPainter, bounds: Range) -> None:
        self.width = painter.width + len(MARK)
        self._painter = painter
        self._bounds = bounds

    def paint(self, values: Array) -> list[list[Piece]]:
        """[row, column] -> text and style of every cell."""
        marked = within(values, self._bounds).tolist()
        return [
            [
                (f"{MARK}{text}", style) if is_marked else (text, DIM)
                for (text, style), is_marked in zip(*row, strict=True)
            ]
            for row in zip(self._painter.paint(values), marked, strict=True)
        ]


class Blank:
    """Another painter's cells, those that are not there left blank."""

    def __init__(self, painter: Painter) -> None:
        self.width = painter.width
        self._painter = painter

    def paint(self, values: Array) -> list[list[Piece]]:
        """[row, column] -> text and style of every cell."""
        rows = zip(self._painter.paint(np.asarray(values)), (~there(values)).tolist(), strict=True)
        return [[("", None) if is_missing else piece for piece, is_missing in zip(*row, strict=True)] for row in rows]


MARK = "*"


def within(values: Array, bounds: Range) -> Array:
    """Which of some values lie in a range, its ends included."""
    low, high = bounds
    inside: Array = (values >= low) & (values <= high)
    return inside


@dataclass(frozen=True)
class TensorView(Composite):
    """See `tensor_view`."""

    tensor: Tensor
    heading: Heading
    probabilities: bool
    decimals: int | None
    max_rows: int | None
    full: bool
    focus: int
    highlight: Range | None
    measured: bool

    def on(self, page: Page) -> Page:
        return page.showing(self.decimals, self.max_rows)

    def parts(self, page: Page) -> Iterator[View]:
        notation = Notation(page, decimals_of(self.tensor, page.decimals), marks_zero=self.probabilities)
        if not self.tensor.array.ndim:
            yield self._value(Notation(page, notation.decimals), page)
            return
        yield self._header(notation.decimals, page)
        if self.tensor.array.size:
            heat = HeatPainter(page, notation, self.statistics, probabilities=self.probabilities)
            painter = Highlighter(heat, self.highlight) if self.highlight else heat
            yield from self._body(Blank(painter) if isinstance(self.tensor, Ragged) else painter, page)
        if self.highlight:
            yield Sentence(self._count(*self.highlight), DIM)
        if self.probabilities and not self.tensor.array.all():
            legend = _("{sign} exactly 0, as where a mask hides a key")
            yield Sentence(legend.format(sign=page.glyphs.zero), DIM)

    @cached_property
    def statistics(self) -> Statistics:
        """Of the whole tensor, however little of it is shown."""
        return self.tensor.statistics()

    def _header(self, decimals: int, page: Page) -> View:
        facts = about(self.tensor, self.statistics, decimals, page) if self.measured else [shape_by_name(self.tensor)]
        return self.heading.view(facts, page)

    def _count(self, low: float, high: float) -> str:
        n, count = self.tensor.array.size, int(within(self.tensor.array, (low, high)).sum())
        text = ngettext(
            "{mark} {count} of {n} element: x from {low} to {high}",
            "{mark} {count} of {n} elements: x from {low} to {high}",
            n,
        )
        return text.format(mark=MARK, count=count, n=n, low=f"{low:g}", high=f"{high:g}")

    def _value(self, number: Notation, page: Page) -> View:
        value = number(self.tensor.array.item())
        title = f"{self.heading.title} = {value}" if self.heading.title else value
        return self.heading._replace(title=title).view([], page)

    def _body(self, painter: Painter, page: Page) -> Iterator[View]:
        array, dims = self.tensor.array, self.tensor.dims
        match array.ndim:
            case 1:
                yield Row(array, dims[0], painter, page.rows, self.full)
            case 2:
                yield self._matrix(array, painter, page)
            case _:
                yield from self._matrices(painter, page)

    def _matrix(self, array: Array, painter: Painter, page: Page) -> Grid:
        rows, columns = self.tensor.dims[-2:]
        return Grid(array, rows, columns, painter, page.rows, self.full, self.focus)

    def _matrices(self, painter: Painter, page: Page) -> Iterator[View]:
        leading = self.tensor.shape[:-2]
        total = int(np.prod(leading))
        fit = max(1, 2 * page.rows // (min(self.tensor.shape[-2], page.rows) + 3))
        for index in islice(np.ndindex(leading), total if self.full else fit):
            names = (
                f"{axis.name} {place_label(axis, i, page)}" for axis, i in zip(self.tensor.dims, index, strict=False)
            )
            yield Flow([Segment(", ".join(names), BOLD)])
            yield self._matrix(self.tensor.array[index], painter, page)
        if not self.full and fit < total:
            yield Sentence(self._others(fit, total), DIM)

    def _others(self, shown: int, total: int) -> str:
        hint = _("… {n} more along {axis}: print {extent}, or print /a for all")
        axis = self.tensor.dims[0]
        mark = "h" if axis.name == "head" else ""
        step = max(1, total // self.tensor.shape[0])
        first, last = f"[{mark}{shown // step}]", f"[{mark}{self.tensor.shape[0] - 1}]"
        return hint.format(n=total - shown, axis=axis.name, extent=extent(first, last))


@dataclass(frozen=True)
class HeaderView(Composite):
    """See `header_view`."""

    tensor: Tensor
    heading: Heading
    decimals: int | None

    def parts(self, page: Page) -> Iterator[View]:
        decimals = decimals_of(self.tensor, page.decimals if self.decimals is None else self.decimals)
        yield self.heading.view(about(self.tensor, self.tensor.statistics(), decimals, page), page)


def header_view(tensor: Tensor, *, title: str, decimals: int | None = None) -> HeaderView:
    """The header of a tensor alone."""
    return HeaderView(tensor, Heading(title), decimals)


@dataclass(frozen=True)
class Row(View):
    """One row, laid out in columns and read like text: each number after its index and token."""

    array: Array
    axis: Axis
    painter: Painter
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
        return place_label(self.axis, place, page, digits=digits_of(self.axis, len(self.array)), room=page.width // 2)

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

    def blocks(self, page: Page) -> Iterator[Block]:
        return Grid(self.array[None], Axis(""), self.axis, self.painter, self.max_rows, self.full).blocks(page)


def tensor_view(
    tensor: Tensor,
    *,
    title: str | None = None,
    remark: str = "",
    decimals: int | None = None,
    max_rows: int | None = None,
    full: bool = False,
    probabilities: bool = False,
    focus: int = -1,
    highlight: Range | None = None,
    measured: bool = True,
) -> TensorView:
    """A tensor with its header; one value, a row, a matrix, or a matrix for each leading index.

    The header is ``title`` (the tensor's address if there is none), shape and statistics, and a ``remark``. At most
    ``max_rows`` rows of a matrix (the page's number if there is none) are seen unless ``full``, among them the row
    ``focus``. ``probabilities`` are coloured as such. Cells within ``highlight``, its ends included, are marked and
    counted. Of what is not ``measured`` there are no statistics.
    """
    return TensorView(
        tensor,
        heading=Heading(tensor.address if title is None else title, remark),
        probabilities=probabilities,
        decimals=decimals,
        max_rows=max_rows,
        full=full,
        focus=focus,
        highlight=highlight,
        measured=measured,
    )
