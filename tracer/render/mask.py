"""A mask with the tokens on both axes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..i18n import _
from ..tape import Record
from ..tensor import Array
from .grid import Grid, Piece
from .heading import Heading, shape_by_name
from .page import DIM, Line, Page, View, sentence
from .tensors import MAX_ROWS


class MaskPainter:
    """Visible or hidden."""

    width = 1

    def __init__(self, page: Page) -> None:
        self._signs = (page.glyphs.visible, None), (page.glyphs.hidden, DIM)

    def paint(self, values: Array) -> list[list[Piece]]:
        """[query, key] -> a sign for every cell."""
        return [[self._signs[hidden] for hidden in row] for row in np.isneginf(values).tolist()]


@dataclass(frozen=True)
class MaskView(View):
    """See `mask_view`."""

    record: Record
    heading: Heading
    max_rows: int
    full: bool

    def lines(self, page: Page) -> Iterator[Line]:
        mask = self.record.output
        rows, columns = mask.dims
        yield from self.heading.lines_with([shape_by_name(mask), page.text(self.record.op.note(self.record))], page)
        yield from Grid(mask.array, rows, columns, MaskPainter(page), self.max_rows, self.full).lines(page)
        legend = _("{visible} visible (+0)   {hidden} hidden (−∞)")
        yield from sentence(legend.format(visible=page.glyphs.visible, hidden=page.glyphs.hidden), page)


def mask_view(
    record: Record, *, title: str | None = None, remark: str = "", max_rows: int = MAX_ROWS, full: bool = False
) -> MaskView:
    """The mask that a record made, [query, key], with the rule that made it; options as in `tensor_view`."""
    return MaskView(record, Heading(record.output.address if title is None else title, remark), max_rows, full)
