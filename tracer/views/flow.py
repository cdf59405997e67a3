"""What flows from tokens to places: a matrix with the shades of attention weights, source and target side by side."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..attribution.flow import Flow
from ..attribution.method import Method
from ..document import Abreast, Block
from ..i18n import _
from ..tensor import Axis, Statistics, Tensor
from .grid import Dense
from .heading import Heading
from .heat import HeatPainter, Hundredths
from .method import method_view
from .numbers import Notation, magnitude
from .page import Page
from .tensors import tensor_view
from .view import remark, view

TOTAL = "Σ"
ROUNDING = 1e-4
"""A larger difference is none of rounding, as a part of the largest number."""
_SHARES = Statistics(0.0, 1.0, 0.5, 0.5, 0)
"""Of whatever adds up to 1."""


@view
def flow_view(page: Page, flow: Flow, method: Method[..., Flow], *, full: bool = False) -> Iterator[Block]:
    """The table by the sides that its columns are of, and what the method is."""
    at = f"@{flow.step}" if flow.layer is None else _("@{n}, layer {layer}").format(n=flow.step, layer=flow.layer)
    yield Heading(_("{method} at {at}").format(method=method.name, at=at)).above([flow.table.header], page)
    if flow.are_shares and not page.plain:
        yield from _shares(flow, page, full)
    else:
        for name, part in _parts(flow, page):
            yield from tensor_view(part, title=name, probabilities=flow.are_shares, full=full).blocks(page)
    if flow.gap is not None:
        yield remark(_checked(flow.gap), page, indent=2)
    yield from method_view(method).blocks(page)


def _checked(gap: float) -> str:
    told = (
        _("the parts add up to what was recorded: largest difference {gap}")
        if gap < ROUNDING
        else _("something was changed on the way, and the parts do not add up: largest difference {gap}")
    )
    return told.format(gap=magnitude(gap))


def _shares(flow: Flow, page: Page, full: bool) -> Iterator[Block]:
    """Shares in hundredths."""
    heat = HeatPainter(Notation(page), _SHARES, probabilities=True)
    painter = Hundredths(heat, page)
    for name, part in _parts(flow, page):
        rows, columns = part.dims
        yield Abreast([name], [Dense(part.array, rows, columns, painter, page, full)])
    legend = _("a row is what came to a place, a column where from, in hundredths; {sign} exactly 0")
    yield remark(legend.format(sign=page.glyphs.zero), page)
    yield from heat.scale()


def _parts(flow: Flow, page: Page) -> list[tuple[str, Tensor]]:
    """The columns of each side under its name."""
    if not flow.sources:
        return [(_("from the text that is read"), flow.table)]
    source = _with_total(flow, page) if flow.is_split else flow.source
    return [(_("from the source"), source), (_("from the target so far"), flow.own)]


def _with_total(flow: Flow, page: Page) -> Tensor:
    """The columns of the source, and all of it together at last."""
    rows, keys = flow.source.dims
    axis = Axis(keys.name, [*(keys.labels or ()), page.text(TOTAL)], [*(keys.numbers or ()), flow.sources])
    return Tensor(np.concatenate([flow.source.array, flow.of_source[:, None]], 1), (rows, axis))
