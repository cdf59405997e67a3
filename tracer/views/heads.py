"""The attention of every head at a glance: a small matrix each, side by side."""

from __future__ import annotations

from collections.abc import Iterator

from ..document import BOLD, Abreast, Block, Paragraph, Span
from ..i18n import _
from ..tensor import Array, Statistics, Tensor
from .grid import Dense
from .heading import Heading
from .heat import HeatPainter, Hundredths
from .numbers import Notation
from .page import Page
from .tokens import place_label
from .view import remark, view

_SHARES = Statistics(0.0, 1.0, 0.5, 0.5, 0)
"""Of whatever adds up to 1."""


@view
def heads_view(page: Page, tensor: Tensor, *, title: str) -> Iterator[Block]:
    """Probabilities [head, query, key] as a small grid for every head, as many side by side as fit."""
    yield Heading(title).above([tensor.header], page)
    names = [f"{tensor.dims[0].name} {head}" for head in range(tensor.shape[0])]
    if page.plain:
        yield from (_listed(name, tensor, matrix, page) for name, matrix in zip(names, tensor.array, strict=True))
        return
    heat = HeatPainter(Notation(page), _SHARES, probabilities=True)
    painter, (_heads, rows, columns) = Hundredths(heat, page), tensor.dims
    yield Abreast(names, [Dense(matrix, rows, columns, painter, page) for matrix in tensor.array])
    legend = _("rows are queries, columns keys, in hundredths; {sign} exactly 0")
    yield remark(legend.format(sign=page.glyphs.zero), page)
    yield from heat.scale()


def _listed(name: str, tensor: Tensor, matrix: Array, page: Page) -> Paragraph:
    """Without a grid: of every query, the key with the most."""
    entries = (Span(_most(tensor, query, row, page)) for query, row in enumerate(matrix))
    return Paragraph([Span(f"{name}:", BOLD), *entries], gap=2, hang=2)


def _most(tensor: Tensor, query: int, row: Array, page: Page) -> str:
    _heads, queries, keys = tensor.dims
    key = int(row.argmax())
    return f"{place_label(queries, query)} -> {place_label(keys, key)} {Notation(page)(row[key])};"
