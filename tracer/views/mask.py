"""A mask with the tokens on both axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..document import DIM, Block, Span
from ..i18n import _, spoken
from ..ops.attention import blind_queries, is_hidden
from ..tape import Record
from ..tensor import Array
from .grid import Grid
from .heading import Heading
from .page import Page
from .view import line, remark, view


class MaskPainter:
    """Visible, or hidden by one of several rules, each with a sign."""

    width = 1

    def __init__(self, page: Page, hidden: Sequence[str] = ()) -> None:
        self._signs = Span(page.glyphs.visible), *(Span(sign, DIM) for sign in hidden or page.glyphs.hidden)

    def paint(self, values: Array) -> list[list[Span]]:
        """[query, key] -> a sign for every cell: 0 is visible, n hidden by the n-th rule."""
        return [[self._signs[rule] for rule in row] for row in values.tolist()]


SIGNS = {"padding": "p", "causal": "c", "window": "w", "hide": "h", "edit": "e"}
"""Of a key that is hidden, by what hides it."""
SEVERAL = "+"
"""Of a key that more than one of them hides."""


def _told(name: str, n: int, size: int) -> str:
    if not n:
        return _("hides nothing")
    reasons = {
        "padding": _("the key is a padding token"),
        "causal": _("the key comes after the query"),
        "window": _("the key lies too far before the query"),
        "hide": _("the key is hidden by hand"),
        "edit": _("an edit put it there"),
    }
    return _("hides {n} of {all}: {reason}").format(n=n, all=size, reason=reasons[name])


@view
def rules_view(
    page: Page, record: Record, rules: Mapping[str, Array], *, title: str, full: bool = False
) -> Iterator[Block]:
    """A mask [query, key] with the rule that hides each key; ``rules`` has True where one does, padding first."""
    mask, codes = record.output, _codes(list(rules.values()))
    rows, columns = mask.dims
    yield Heading(title).above([mask.header], page)
    signs = [SIGNS[name] for name in rules]
    yield Grid(codes, rows, columns, MaskPainter(page, [*signs, SEVERAL]), page, full)
    yield remark(_("{visible} visible (+0)").format(visible=page.glyphs.visible), page)
    for sign, (name, hidden) in zip(signs, rules.items(), strict=True):
        told = _told(name, int(hidden.sum()), hidden.size)
        yield remark(_("{sign} {rule}: {told}").format(sign=sign, rule=spoken(name), told=told), page)
    yield remark(_combined(list(rules.values()), codes), page)


def _codes(rules: Sequence[Array]) -> Array:
    """[query, key]: 0 where nothing hides, n where the n-th rule does, one more than there are where several do."""
    found = [hidden * (n + 1) for n, hidden in enumerate(rules)]
    several = sum(hidden.astype(int) for hidden in rules) > 1
    return np.where(several, len(rules) + 1, np.maximum.reduce(found))


def _combined(rules: Sequence[Array], codes: Array) -> str:
    hidden = np.logical_or.reduce(rules)
    text = _("together: {n} of {all} hidden (−∞)").format(n=int(hidden.sum()), all=hidden.size)
    text += _("; {sign} by more than one rule").format(sign=SEVERAL) if (codes == len(rules) + 1).any() else ""
    return text + blind_queries(hidden)


@view
def mask_view(
    page: Page,
    record: Record,
    *,
    title: str | None = None,
    remark: str = "",
    max_rows: int | None = None,
    full: bool = False,
) -> Iterator[Block]:
    """The mask that a record made, [query, key], with the rule that made it; options as in `tensor_view`."""
    page, mask = page.showing(None, max_rows), record.output
    rows, columns = mask.dims
    heading = Heading(mask.address if title is None else title, remark)
    yield heading.above([mask.header, page.text(record.note)], page)
    yield Grid(is_hidden(mask.array).astype(int), rows, columns, MaskPainter(page), page, full)
    legend = _("{visible} visible (+0)   {hidden} hidden (−∞)")
    yield line(legend.format(visible=page.glyphs.visible, hidden=page.glyphs.hidden), page, DIM)
