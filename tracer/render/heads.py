"""The attention of every head at a glance: a small matrix each, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..document import Abreast, Block, Paragraph, Span
from ..i18n import _
from ..tensor import Array, Tensor
from .grid import Dense
from .heading import Heading, shape_by_name
from .numbers import Notation
from .page import BOLD, Page, View, sentence
from .shades import Hundredths
from .tensors import HeatPainter
from .tokens import place_label


@dataclass(frozen=True)
class HeadsView(View):
    """See `heads_view`."""

    tensor: Tensor
    title: str

    def blocks(self, page: Page) -> Iterator[Block]:
        yield Heading(self.title).above([shape_by_name(self.tensor)], page)
        if page.plain:
            yield from self._listed(page)
            return
        heat = HeatPainter(page, Notation(page), self.tensor.statistics(), probabilities=True)
        painter, (_heads, rows, columns) = Hundredths(heat, page), self.tensor.dims
        yield Abreast(
            [self._name(head) for head in range(self.tensor.shape[0])],
            [Dense(matrix, rows, columns, painter, page) for matrix in self.tensor.array],
        )
        legend = _("rows are queries, columns keys, in hundredths; {sign} exactly 0")
        yield sentence(legend.format(sign=page.glyphs.zero), page)
        yield heat.scale()

    def _name(self, head: int) -> str:
        return f"{self.tensor.dims[0].name} {head}"

    def _listed(self, page: Page) -> Iterator[Block]:
        """Without a grid: of every head and query, the key with the most."""
        for head, matrix in enumerate(self.tensor.array):
            entries = (Span(self._most(query, row, page)) for query, row in enumerate(matrix))
            yield Paragraph([Span(f"{self._name(head)}:", BOLD), *entries], gap=2, hang=2)

    def _most(self, query: int, row: Array, page: Page) -> str:
        _heads, queries, keys = self.tensor.dims
        key = int(row.argmax())
        return f"{place_label(queries, query, page)} -> {place_label(keys, key, page)} {Notation(page)(row[key])};"


def heads_view(tensor: Tensor, *, title: str) -> HeadsView:
    """Probabilities [head, query, key] as a small grid for every head, as many side by side as fit."""
    return HeadsView(tensor, title)
