"""The attention of every head at a glance: a small grid each, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment

from ..i18n import _
from ..tensor import Array, Tensor
from .grid import merged, with_gaps
from .heading import Heading, shape_by_name
from .numbers import Notation
from .page import BOLD, DIM, Line, Page, View, flow, padded, sentence
from .shades import Hundredths
from .tensors import HeatPainter
from .tokens import digits_of, label, place_label
from .window import Hidden, Shown, places, window

CELL, LABEL = 3, 2
"""The columns of a cell, and of its label at most."""
GAP = 3
ROW_LABEL = 10


@dataclass(frozen=True)
class HeadsView(View):
    """See `heads_view`."""

    tensor: Tensor
    title: str

    def lines(self, page: Page) -> Iterator[Line]:
        yield from Heading(self.title).lines_with([shape_by_name(self.tensor)], page)
        yield from self._listed(page) if page.plain else self._drawn(page)

    def _drawn(self, page: Page) -> Iterator[Line]:
        heads, queries, keys = self.tensor.shape
        rows = window(queries, page.rows)
        labels = [self._row_label(row, page) for row in rows]
        area = max(map(cell_len, labels))
        columns = window(keys, max(1, (page.width - area - GAP) // CELL))
        panel = max(CELL * len(columns), len(self._name(heads))) + GAP
        fit = max(1, (page.width - area) // panel)
        for start in range(0, heads, fit):
            panels = [self._panel(head, rows, columns, page) for head in range(start, min(heads, start + fit))]
            for text, *parts in zip(["", "", *labels], *panels, strict=True):
                yield [Segment(padded(text, area), DIM), *(segment for part in parts for segment in part)]
        legend = _("rows are queries, columns keys, in hundredths; blank below half, {sign} exactly 0")
        yield from sentence(legend.format(sign=page.glyphs.zero), page)

    def _panel(self, head: int, rows: Sequence[Shown], columns: Sequence[Shown], page: Page) -> list[Line]:
        """The lines of one head: its name, the keys, and a line for every row in sight."""
        width = CELL * len(columns)
        keys = "".join(self._column_label(column, page) for column in columns)
        painted = iter(self._painted(head, rows, columns, page))
        cells = [[Segment(" " * width)] if isinstance(row, Hidden) else next(painted) for row in rows]
        rest = Segment(" " * max(0, len(self._name(head)) - width))
        gap = Segment(" " * GAP)
        name = Segment(padded(self._name(head), width), BOLD)
        return [[gap, name], *([gap, *line, rest] for line in [[Segment(keys, DIM)], *cells])]

    def _name(self, head: int) -> str:
        return f"{self.tensor.dims[0].name} {head}"

    def _painted(self, head: int, rows: Sequence[Shown], columns: Sequence[Shown], page: Page) -> Iterator[Line]:
        heat = HeatPainter(page, Notation(page), self.tensor.statistics(), probabilities=True)
        visible = self.tensor.array[head][places(rows)][:, places(columns)]
        for row in Hundredths(heat, page).paint(visible):
            yield merged(with_gaps(row, columns), CELL)

    def _row_label(self, row: Shown, page: Page) -> str:
        if isinstance(row, Hidden):
            return f"{page.glyphs.more}{len(row)}"
        queries = self.tensor.dims[1]
        return place_label(queries, row, page, digits=digits_of(queries, self.tensor.shape[1]), room=ROW_LABEL)

    def _column_label(self, column: Shown, page: Page) -> str:
        """The beginning of a key's token, or of its number."""
        if isinstance(column, Hidden):
            return padded(page.glyphs.more[:LABEL], CELL, ">")
        token = label(self.tensor.dims[2], column).lstrip(" ▁") or str(column % 100)
        return padded(set_cell_size(token, min(LABEL, cell_len(token))).rstrip(" "), CELL, ">")

    def _listed(self, page: Page) -> Iterator[Line]:
        """Without a grid: of every head and query, the key with the most."""
        for head, matrix in enumerate(self.tensor.array):
            entries = (Segment(self._most(query, row, page)) for query, row in enumerate(matrix))
            name = Segment(f"{self.tensor.dims[0].name} {head}:", BOLD)
            yield from flow([name, *entries], page.width, gap=2, indent=2)

    def _most(self, query: int, row: Array, page: Page) -> str:
        _heads, queries, keys = self.tensor.dims
        key = int(row.argmax())
        return f"{place_label(queries, query, page)} -> {place_label(keys, key, page)} {Notation(page)(row[key])};"


def heads_view(tensor: Tensor, *, title: str) -> HeadsView:
    """Probabilities [head, query, key] as a small grid for every head, as many side by side as fit."""
    return HeadsView(tensor, title)
