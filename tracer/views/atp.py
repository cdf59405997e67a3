"""Attribution patching: what is estimated and what is measured, side by side, and whether the two agree."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..attribution.atp import Patched, atp
from ..document import Block
from ..i18n import _
from ..tensor import Array
from .method import method_view
from .numbers import Notation
from .page import Page
from .ranks import rank_correlation
from .sweep import heading, interrupted, places_column, title_of
from .table import Column, Remark, table
from .tensors import tensor_view
from .tokens import shown
from .view import remark, view


@view
def atp_view(page: Page, found: Patched) -> Iterator[Block]:
    """The estimates as a table, the places with estimate and effect, the largest first, and the rank correlation."""
    number, sweep = Notation(page), found.sweep
    yield heading(sweep, number, page)
    yield from tensor_view(sweep.places.table(found.shown), title=_("estimate")).blocks(page)
    if sweep.values:
        yield from tensor_view(sweep.shown, title=title_of(sweep)).blocks(page)
    yield from _listed(found, number, page)
    yield from interrupted(sweep, page)
    both = _("estimate and effect are what the edit adds to {text} in this run: a is what it has, ã what is put in")
    yield remark(both.format(text=shown(sweep.measure.text)), page, indent=2)
    told = rank_correlation(_("estimate"), _("effect"), found.agreement, len(sweep.values))
    yield remark(told, page, indent=2)
    yield from method_view(atp).blocks(page)


def _listed(found: Patched, number: Notation, page: Page) -> Iterator[Block]:
    """The places with the largest effects, or estimates where none was measured, as many as the page has rows for."""
    sweep, estimates, count = found.sweep, np.array(found.shown), len(found.estimates)
    measured = sweep.normalised if sweep.is_normalised else sweep.effects
    effects = np.array([*measured, *[math.nan] * (count - len(measured))])
    sizes = np.nan_to_num(np.abs(np.where(np.isnan(effects), estimates, effects)))
    order = np.argsort(-sizes, kind="stable")[: page.rows].tolist()
    largest = float(sizes.max(initial=0.0)) or 1.0

    def of(values: Array) -> list[str]:
        return ["" if math.isnan(values[place]) else number(values[place]) for place in order]

    columns = [
        *places_column(sweep, order),
        Column(_("estimate"), of(estimates)),
        Column(title_of(sweep), of(effects)),
    ]
    yield table(columns, [Remark(share=float(sizes[place]) / largest) for place in order])
    if rest := count - len(order):
        yield remark(_("… {n} more").format(n=rest), page, indent=2)
