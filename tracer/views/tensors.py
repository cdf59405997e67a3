"""A tensor: a header that says what it is, then as much of it as the page shows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from ..document import BOLD, Block, Paragraph, Span
from ..i18n import _, extent, ngettext
from ..stack import Ragged
from ..tensor import Array, Axis, Tensor
from .grid import Grid, Painter, Series
from .heading import Heading, about
from .heat import MARK, Blank, HeatPainter, Highlighter, Range, within
from .numbers import Notation, decimals_of, legible
from .page import Page
from .tokens import place_label
from .view import remark as remarked
from .view import view

MOST_WHOLE = 1 << 17
"""Cells of which a whole table is made; more are seen as if that had not been asked for."""


@view
def tensor_view(
    page: Page,
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
) -> Iterator[Block]:
    """A tensor with its header; one value, a row, a matrix, or a matrix for each leading index.

    The header is ``title`` (the tensor's address if there is none), shape and statistics, and a ``remark``. At most
    ``max_rows`` rows of a matrix (the page's number if there is none) are seen unless ``full``, among them the row
    ``focus``; so are those of a tensor larger than any table is. ``probabilities`` are coloured as such. Cells within
    ``highlight``, its ends included, are marked and counted. Of what is not ``measured`` there are no statistics.
    """
    page, heading = page.showing(decimals, max_rows), Heading(tensor.address if title is None else title, remark)
    digits = decimals_of(tensor, page.decimals)
    if not tensor.array.ndim:
        yield _value(tensor, heading, Notation(page, digits), page)
        return
    statistics = tensor.statistics()
    yield heading.above(about(tensor, statistics, digits, page) if measured else [tensor.header], page)
    if tensor.array.size:
        measures = tensor.array.dtype.kind == "f"
        written = legible(page, statistics[:2]) if measures and not probabilities else page
        notation = Notation(written, digits, marks_zero=probabilities)
        heat = HeatPainter(notation, statistics, probabilities=probabilities, measures=measures)
        painter: Painter = Highlighter(heat, highlight) if highlight else heat
        is_whole = full and tensor.array.size <= MOST_WHOLE
        yield from _body(tensor, Blank(painter) if isinstance(tensor, Ragged) else painter, page, is_whole, focus)
        yield from heat.scale()
        if full and not is_whole:
            told = _("{n} cells are too many for a table of all; export writes them, and selectors leave a part")
            yield remarked(told.format(n=tensor.array.size), page)
    if highlight:
        yield remarked(_count(tensor.array, *highlight), page)
    if probabilities and not tensor.array.all():
        yield remarked(_("{sign} exactly 0, as where a mask hides a key").format(sign=page.glyphs.zero), page)


@view
def header_view(page: Page, tensor: Tensor, *, title: str, decimals: int | None = None) -> Iterator[Block]:
    """The header of a tensor alone."""
    page = page.showing(decimals, None)
    digits = decimals_of(tensor, page.decimals)
    yield Heading(title).above(about(tensor, tensor.statistics(), digits, page), page)


def _value(tensor: Tensor, heading: Heading, number: Notation, page: Page) -> Paragraph:
    value = number.alone(tensor.array.item())
    return heading._replace(title=f"{heading.title} = {value}" if heading.title else value).above([], page)


def _body(tensor: Tensor, painter: Painter, page: Page, full: bool, focus: int) -> Iterator[Block]:
    array, dims = tensor.array, tensor.dims
    if array.ndim == 1:
        yield Series(array[None], Axis(""), dims[0], painter, page, full)
        return
    leading, is_ranked = tensor.shape[:-2], array.dtype.kind == "f"
    total = int(np.prod(leading))
    fit = total if full else max(1, 2 * page.rows // (min(array.shape[-2], page.rows) + 3))
    for index in islice(np.ndindex(leading), fit):
        if leading:
            yield Paragraph([Span(", ".join(_names(dims, index)), BOLD)])
        yield Grid(array[index], dims[-2], dims[-1], painter, page, full, focus, is_ranked)
    if fit < total:
        yield remarked(_others(tensor, fit, total), page)


def _names(dims: tuple[Axis, ...], index: tuple[int, ...]) -> Iterator[str]:
    return (f"{axis.name} {place_label(axis, i)}" for axis, i in zip(dims, index, strict=False))


def _others(tensor: Tensor, shown: int, total: int) -> str:
    hint = _("… {n} more along {axis}: print {extent}, or print /a for all")
    axis = tensor.dims[0]
    mark = "h" if axis.name == "head" else ""
    step = max(1, total // tensor.shape[0])
    first, last = f"[{mark}{shown // step}]", f"[{mark}{tensor.shape[0] - 1}]"
    return hint.format(n=total - shown, axis=axis.name, extent=extent(first, last))


def _count(array: Array, low: float, high: float) -> str:
    n, count = array.size, int(within(array, (low, high)).sum())
    text = ngettext(
        "{mark} {count} of {n} element: x from {low} to {high}",
        "{mark} {count} of {n} elements: x from {low} to {high}",
        n,
    )
    return text.format(mark=MARK, count=count, n=n, low=f"{low:g}", high=f"{high:g}")
