"""A row of softmax worked out: score, minus the maximum, exp, sum, quotient."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..addresses import written
from ..derive import derive, hidden_by
from ..document import Block
from ..i18n import _
from ..ops.attention import is_hidden
from ..tape import Record, Tape
from ..tensor import Array
from ..window import Hidden, Shown, window
from .grid import left_out
from .heading import Heading
from .numbers import Notation
from .page import Page
from .table import Column, Remark, table
from .tokens import place_label
from .view import view


class Worked(NamedTuple):
    """The stages of a row: its places in the order shown, and at each the score, minus the maximum, and the weight."""

    places: Array
    scores: Array
    shifted: Array
    weights: Array

    def ranked(self) -> Worked:
        """The same with the greatest weight first."""
        order = np.argsort(-self.weights, kind="stable")
        return Worked(*(stage[order] for stage in self))


@view
def softmax_view(
    page: Page,
    record: Record,
    row: Sequence[int],
    tape: Tape | None = None,
    *,
    title: str | None = None,
    remark: str = "",
    decimals: int | None = None,
    max_rows: int | None = None,
) -> Iterator[Block]:
    """One row of a softmax record worked out; ``row`` is an index for every axis but the last.

    A row over the vocabulary that is cut has its greatest weights first. ``tape`` is searched for the reason why a key
    is hidden. ``title`` and ``remark`` are as in `tensor_view`.
    """
    page = page.showing(decimals, max_rows)
    place = tuple(i % n for i, n in zip(row, record.output.shape, strict=False))
    worked = _worked(record, place)
    address = written(record.address, record.at, place)
    yield Heading(address if title is None else title, remark).above(_facts(worked, page), page)
    kept: Sequence[int] = [int(worked.weights.argmax())]
    if record.output.axes[-1] == "vocab" and len(worked.places) > page.rows:
        worked, kept = worked.ranked(), range(page.rows - 1)
    shown = window(len(worked.places), page.rows, kept)
    best = int(np.nan_to_num(worked.weights, nan=-1.0).argmax())
    reasons = [_remark(record, place, at, worked, best, tape) for at in shown]
    undefined = Remark(page.text(derive(record, (*place, 0)).note))
    yield table(list(_columns(record, shown, worked, page)), reasons, undefined, goes_on=True)


def _worked(record: Record, row: tuple[int, ...]) -> Worked:
    scores = record.inputs[0].array[row].astype(np.float64)
    with np.errstate(invalid="ignore"):
        shifted = scores - scores.max()
    return Worked(np.arange(len(scores)), scores, shifted, record.output.array[row].astype(np.float64))


def _facts(worked: Worked, page: Page) -> list[str]:
    of = math.log2(max(1, int(np.count_nonzero(~np.isneginf(worked.scores)))))
    entropy = _("entropy {entropy} of {most} bits").format(entropy=f"{_entropy(worked.weights):.2f}", most=f"{of:.2f}")
    return [_("sum {total}").format(total=Notation(page)(worked.weights.sum())), entropy]


def _columns(record: Record, shown: Sequence[Shown], worked: Worked, page: Page) -> Iterator[Column]:
    plain, fine = Notation(page), Notation(page, page.decimals + 1)
    places, scores, shifted, weights = worked
    exps = np.exp(shifted)
    yield Column(record.output.axes[-1], [row_label(record, p, places, page) for p in shown], "<")
    yield Column(_("score"), _cells(shown, scores, plain), foot=page.text("Σ"))
    yield Column(page.text("s−max"), _cells(shown, shifted, plain, hide=True), spare=1)
    yield Column(page.text("exp(s−max)"), _sums(shown, exps, fine, "0"), spare=2, foot=fine(exps.sum()))
    yield Column(_("weight"), _sums(shown, weights, plain, page.glyphs.zero), foot=plain(weights.sum()))


def row_label(record: Record, place: Shown, places: Array, page: Page) -> str:
    """What a place along the last axis is called, or how many are left out."""
    if isinstance(place, Hidden):
        return left_out(place, page)
    return place_label(record.output.dims[-1], int(places[place]), digits=len(str(len(places) - 1)))


def _remark(record: Record, row: tuple[int, ...], place: Shown, worked: Worked, best: int, tape: Tape | None) -> Remark:
    if isinstance(place, Hidden):
        return Remark()
    if is_hidden(worked.scores[place]):
        cell = record.inputs[0].leaf(*row, int(worked.places[place]))
        return Remark(hidden_by(cell, tape) if tape else "")
    if np.isnan(worked.weights[place]):
        return Remark()
    return Remark(_("max") if place == best else "", float(worked.weights[place]))


def _cells(shown: Sequence[Shown], values: Array, number: Notation, *, hide: bool = False) -> list[str]:
    """A number for each place; with ``hide`` none for −∞."""
    texts = ["" if isinstance(place, Hidden) else number(values[place]) for place in shown]
    return ["" if hide and text in (number(-np.inf), number(np.nan)) else text for text in texts]


def _sums(shown: Sequence[Shown], values: Array, number: Notation, zero: str) -> list[str]:
    """A number for each place, their sum where places are left out; an exact zero stands at the place of the units."""
    sums = [values[place.start : place.stop].sum() if isinstance(place, Hidden) else values[place] for place in shown]
    return [number(value) if value else zero + " " * (number.decimals + 1) for value in sums]


def _entropy(weights: Array) -> float:
    if np.isnan(weights).any():
        return math.nan
    positive = weights[weights > 0]
    return max(0.0, float(-(positive * np.log2(positive)).sum()))
