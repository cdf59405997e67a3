"""A number attributed to tokens: a score for each, what they come to, and how far that is to be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ..attribution.attribute import Attribution
from ..document import Block
from ..i18n import _, ngettext, spoken
from ..models.text import SIDES
from ..tensor import Array
from .heading import Heading
from .method import method_view
from .numbers import Notation
from .page import Page
from .ranks import rank_correlation
from .table import Column, Remark, table
from .tokens import place_label
from .view import remark, view

NONE = "–"
"""Stands for a score that there is not."""
FURTHEST = 6
"""So many more decimals at most do small scores get."""


@view
def attribution_view(
    page: Page, found: Attribution, other: Attribution | None = None, *, full: bool = False
) -> Iterator[Block]:
    """The tokens with their scores, in order; of more than the page has rows for, unless ``full``, the largest.

    ``other`` is the same by another method, to stand beside it.
    """
    number = _notation(page, found)
    title = _("{method} of {text}").format(method=found.method.name, text=found.asked.expression.text)
    yield Heading(title).above(_facts(found, number), page)
    yield from _scores(page, found, other, number, len(found.scores) if full else page.rows)
    for told in _told(found, other, number):
        yield remark(told, page, indent=2)
    yield from method_view(found.method).blocks(page)


def _notation(page: Page, found: Attribution) -> Notation:
    """Numbers with so many decimals that the largest score has as many digits as is usual."""
    largest = float(np.nan_to_num(np.abs(found.scores)).max(initial=0.0))
    small = -math.floor(math.log10(largest)) - 1 if 0 < largest < math.inf else 0
    return Notation(page).finer(min(max(small, 0), FURTHEST))


def _facts(found: Attribution, number: Notation) -> list[str]:
    """What it is of, where, and by which steps and baseline."""
    step = found.asked.step
    return [
        _("at @{n}").format(n=step),
        _("E = {value}").format(value=number.precisely(found.asked.value)),
        _("to {places}").format(places=", ".join(place.record.address for place in found.places)),
        "" if found.steps is None else ngettext("{n} step", "{n} steps", found.steps).format(n=found.steps),
        _("tokens knocked out") if found.baseline is None else _("baseline {name}").format(name=found.baseline),
    ]


def _scores(page: Page, found: Attribution, other: Attribution | None, number: Notation, rows: int) -> Iterator[Block]:
    sizes, there = np.nan_to_num(np.abs(found.scores)), np.isfinite(found.scores)
    whole, largest = float(sizes.sum()) or 1.0, float(sizes.max(initial=0.0)) or 1.0
    seen = sorted(np.argsort(-sizes, kind="stable")[:rows].tolist())

    def of(values: Array) -> list[str]:
        return [page.text(NONE) if math.isnan(values[n]) else number(values[n]) for n in seen]

    sides = [spoken(SIDES[place.side]) for place in found.places for _token in range(place.length)]
    labels = [place_label(place.tokens, n) for place in found.places for n in range(place.length)]
    beside = [] if other is None else [Column(other.method.name, of(other.scores), spare=1)]
    columns = [
        Column("", [sides[n] if n == m or sides[n] != sides[m] else "" for n, m in _pairs(seen)], "<", spare=2),
        Column(_("token"), [labels[n] for n in seen], "<", free="end", foot=page.text("Σ")),
        Column(_("score"), of(found.scores), foot=number(found.sum)),
        *beside,
        Column(_("share"), [f"{100 * sizes[n] / whole:.0f} %" if there[n] else "" for n in seen], spare=3),
    ]
    yield table(columns, [Remark(share=float(sizes[n]) / largest) for n in seen])
    if rest := len(sizes) - len(seen):
        told = ngettext("… {n} more token with a smaller score", "… {n} more tokens with smaller scores", rest)
        yield remark(told.format(n=rest), page, indent=2)


def _pairs(seen: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Each with the one before it, the first with itself."""
    return zip(seen, [*seen[:1], *seen[:-1]], strict=True)


def _told(found: Attribution, other: Attribution | None, number: Notation) -> Iterator[str]:
    """What they should come to, what would mislead, and whether another method agrees."""
    yield from _completeness(found, number.finer(1))
    yield from map(spoken, [*found.scored.remarks, *(() if other is None else other.scored.remarks)])
    if len(found.places) > 1 and found.steps is not None:
        yield _("source and prefix go from the baseline together, and the shares are of both")
    if found.is_whole:
        yield _("the step was made with a cache; here it reads its whole prefix again, so that all of it counts")
    if other is not None:
        kept = int((np.isfinite(found.scores) & np.isfinite(other.scores)).sum())
        yield rank_correlation(found.method.name, other.method.name, found.agrees(other), kept)


def _completeness(found: Attribution, number: Notation) -> Iterator[str]:
    """The gap between what the scores come to and what they should, and what to do about a wide one."""
    difference, gap = found.difference, found.gap
    if difference is None or gap is None:
        return
    told = _("Σ {sum} and E(x) − E(x₀) {difference}: gap {gap}")
    yield told.format(sum=number(found.sum), difference=number(difference), gap=number(gap))
    if found.is_wide:
        yield _advice(found)


def _advice(found: Attribution) -> str:
    """What to do about a wide gap."""
    if found.steps is None:
        return _("the gap is wide: this is no sum of what changed E; method integrated goes all the way")
    if found.closing is None:
        return _("the gap is wide, and more steps alone hardly close it: take another baseline or, with at, a record")
    return _("the gap is wide: take more steps, e.g. steps {n}").format(n=found.closing)
