"""The header of a view: what is shown, its shape by axis name, and its statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..document import BOLD, DIM, Paragraph, Span
from ..i18n import _, ngettext
from ..namedtuple import NamedTuple
from ..tensor import Statistics, Tensor
from .numbers import Notation, legible
from .page import Page
from .tokens import shown


class Heading(NamedTuple):
    """An address with selectors, and what else is to be said of it."""

    title: str
    remark: str = ""

    def above(self, facts: Sequence[str], page: Page) -> Paragraph:
        """The title, facts, and the remark."""
        remark = [page.text(self.remark)] if self.remark else []
        rest = [Span(text, DIM) for text in [*facts, *remark] if text]
        return Paragraph([Span(shown(self.title), BOLD), *rest] if self.title else rest)


def about(tensor: Tensor, statistics: Statistics, decimals: int, page: Page) -> list[str]:
    """The shape and the summary; mean and standard deviation stay together where a line ends.

    Whole numbers are places, ids or lengths: their mean says nothing.
    """
    texts = summary(statistics, decimals, page)
    spread = [] if tensor.array.dtype.kind in "iu" else ["   ".join(texts[1:3])]
    return [tensor.header, *texts[:1], *spread, *texts[3:]]


def summary(statistics: Statistics, decimals: int, page: Page) -> list[str]:
    """Range, mean, standard deviation, and how many are not finite: a text each."""
    page = legible(page, statistics[:2], decimals)
    low, high = map(Notation(page, decimals), statistics[:2])
    mean, std = map(Notation(page, max(decimals, 2)), statistics[2:4])
    finite = [f"x∈[{low}, {high}]", f"μ {mean}", f"σ {std}"] if math.isfinite(statistics.mean) else []
    return [page.text(text) for text in [*finite, *filter(None, [not_finite(statistics)])]]


def not_finite(statistics: Statistics) -> str:
    """How many values are not finite, or that none is; nothing where all are."""
    low, high, count = statistics.min, statistics.max, statistics.nonfinite
    if not count:
        return ""
    if math.isfinite(low):
        return ngettext("{n} not finite", "{n} not finite", count).format(n=count)
    if low == high:
        return _("all ∞") if low > 0 else _("all −∞")
    return _("nothing finite")
