"""A mask with the tokens on both axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..document import Block, Span
from ..i18n import _, spoken
from ..ops.attention import blind_queries, is_hidden
from ..tape import Record
from ..tensor import Array
from .composite import Composite
from .grid import Grid
from .heading import Heading, shape_by_name
from .page import DIM, Page, Sentence, View


class MaskPainter:
    """Visible, or hidden by one of several rules, each with a sign."""

    width = 1

    def __init__(self, page: Page, hidden: Sequence[str] = ()) -> None:
        self._signs = Span(page.glyphs.visible), *(Span(sign, DIM) for sign in hidden or page.glyphs.hidden)

    def paint(self, values: Array) -> list[list[Span]]:
        """[query, key] -> a sign for every cell: 0 is visible, n hidden by the n-th rule."""
        return [[self._signs[rule] for rule in row] for row in values.tolist()]


@dataclass(frozen=True)
class MaskView(Composite):
    """See `mask_view`."""

    record: Record
    heading: Heading
    max_rows: int | None
    full: bool

    def on(self, page: Page) -> Page:
        return page.showing(None, self.max_rows)

    def parts(self, page: Page) -> Iterator[View | Block]:
        mask = self.record.output
        rows, columns = mask.dims
        yield self.heading.above([shape_by_name(mask), page.text(self.record.op.note(self.record))], page)
        yield Grid(is_hidden(mask.array).astype(int), rows, columns, MaskPainter(page), page, self.full)
        legend = _("{visible} visible (+0)   {hidden} hidden (−∞)")
        yield Sentence(legend.format(visible=page.glyphs.visible, hidden=page.glyphs.hidden), DIM)


@dataclass(frozen=True)
class RulesView(Composite):
    """See `rules_view`."""

    record: Record
    rules: Mapping[str, Array]
    title: str
    full: bool

    def parts(self, page: Page) -> Iterator[View | Block]:
        mask = self.record.output
        rows, columns = mask.dims
        yield Heading(self.title).above([shape_by_name(mask)], page)
        yield Grid(self._codes(), rows, columns, MaskPainter(page, SIGNS), page, self.full)
        yield Sentence(_("{visible} visible (+0)").format(visible=page.glyphs.visible), DIM)
        for sign, (name, hidden) in zip(SIGNS, self.rules.items(), strict=False):
            told = _told(name, int(hidden.sum()), hidden.size)
            yield Sentence(_("{sign} {rule}: {told}").format(sign=sign, rule=spoken(name), told=told), DIM)
        yield Sentence(self._combined(), DIM)

    def _codes(self) -> Array:
        """[query, key]: 0 where nothing hides, n where the n-th rule does, the last sign where several do."""
        found = [hidden * (n + 1) for n, hidden in enumerate(self.rules.values())]
        several = sum(hidden.astype(int) for hidden in self.rules.values()) > 1
        return np.where(several, len(SIGNS), np.maximum.reduce(found))

    def _combined(self) -> str:
        hidden = np.logical_or.reduce(list(self.rules.values()))
        count, several = int(hidden.sum()), int((self._codes() == len(SIGNS)).sum())
        text = _("together: {n} of {all} hidden (−∞)").format(n=count, all=hidden.size)
        text += _("; {sign} by more than one rule").format(sign=SIGNS[-1]) if several else ""
        return text + blind_queries(hidden)


SIGNS = "pcw+"
"""Of a key hidden as padding, by the causal rule, by the window, and by more than one of them."""


def _told(name: str, n: int, size: int) -> str:
    if not n:
        return _("hides nothing")
    reasons = {
        "padding": _("the key is a padding token"),
        "causal": _("the key comes after the query"),
        "window": _("the key lies too far before the query"),
    }
    return _("hides {n} of {all}: {reason}").format(n=n, all=size, reason=reasons[name])


def rules_view(record: Record, rules: Mapping[str, Array], *, title: str, full: bool = False) -> RulesView:
    """A mask [query, key] with the rule that hides each key; ``rules`` has True where one does, padding first."""
    return RulesView(record, rules, title, full)


def mask_view(
    record: Record, *, title: str | None = None, remark: str = "", max_rows: int | None = None, full: bool = False
) -> MaskView:
    """The mask that a record made, [query, key], with the rule that made it; options as in `tensor_view`."""
    return MaskView(record, Heading(record.output.address if title is None else title, remark), max_rows, full)
