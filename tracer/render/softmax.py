"""A row of softmax worked out: score, minus the maximum, exp, sum, quotient."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..addresses import written
from ..derive import derive, hidden_by
from ..i18n import _
from ..ops.attention import is_hidden
from ..tape import Record, Tape
from ..tensor import Array
from .composite import Composite
from .grid import left_out
from .heading import Heading
from .numbers import Notation
from .page import Page, View
from .table import Column, Remark, Table
from .tokens import place_label
from .window import Hidden, Shown, window


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


@dataclass(frozen=True)
class SoftmaxRow(Composite):
    """See `softmax_view`."""

    record: Record
    row: tuple[int, ...]
    tape: Tape | None
    heading: Heading
    decimals: int | None
    max_rows: int | None

    def on(self, page: Page) -> Page:
        return page.showing(self.decimals, self.max_rows)

    def parts(self, page: Page) -> Iterator[View]:
        worked = self._worked()
        yield self._header(worked.weights, worked.scores, page)
        kept: Sequence[int] = [int(worked.weights.argmax())]
        if self.record.output.axes[-1] == "vocab" and len(worked.places) > page.rows:
            worked, kept = worked.ranked(), range(page.rows - 1)
        yield self._table(window(len(worked.places), page.rows, kept), worked, page)

    def _worked(self) -> Worked:
        scores = self.record.inputs[0].array[self.row].astype(np.float64)
        with np.errstate(invalid="ignore"):
            shifted = scores - scores.max()
        return Worked(np.arange(len(scores)), scores, shifted, self.record.output.array[self.row].astype(np.float64))

    def _header(self, weights: Array, scores: Array, page: Page) -> View:
        of = math.log2(max(1, int(np.count_nonzero(~np.isneginf(scores)))))
        entropy = _("entropy {entropy} of {most} bits").format(entropy=f"{_entropy(weights):.2f}", most=f"{of:.2f}")
        total = _("sum {total}").format(total=Notation(page)(weights.sum()))
        return self.heading.view([f"  {total}", entropy], page)

    def _table(self, shown: Sequence[Shown], worked: Worked, page: Page) -> Table:
        plain, fine = Notation(page), Notation(page, page.decimals + 1)
        places, scores, shifted, weights = worked
        exps = np.exp(shifted)
        columns = [
            Column(self.record.output.axes[-1], [*(self._label(p, places, page) for p in shown), ""], "<"),
            Column(_("score"), [*_cells(shown, scores, plain), page.text("Σ")]),
            Column(page.text("s−max"), [*_cells(shown, shifted, plain, hide=True), ""], spare=1),
            Column(page.text("exp(s−max)"), [*_sums(shown, exps, fine, "0"), fine(exps.sum())], spare=2),
            Column(_("weight"), [*_sums(shown, weights, plain, page.glyphs.zero), plain(weights.sum())]),
        ]
        best = int(np.nan_to_num(weights, nan=-1.0).argmax())
        undefined = Remark(page.text(derive(self.record, (*self.row, 0)).note))
        return Table(columns, [*(self._remark(p, worked, best) for p in shown), undefined])

    def _label(self, place: Shown, places: Array, page: Page) -> str:
        axis = self.record.output.dims[-1]
        if isinstance(place, Hidden):
            return left_out(place, page)
        return place_label(axis, int(places[place]), page, digits=len(str(len(places) - 1)))

    def _remark(self, place: Shown, worked: Worked, best: int) -> Remark:
        if isinstance(place, Hidden):
            return Remark()
        if is_hidden(worked.scores[place]):
            cell = self.record.inputs[0].leaf(*self.row, int(worked.places[place]))
            return Remark(hidden_by(cell, self.tape) if self.tape else "")
        if np.isnan(worked.weights[place]):
            return Remark()
        return Remark(_("max") if place == best else "", worked.weights[place])


def softmax_view(
    record: Record,
    row: Sequence[int],
    tape: Tape | None = None,
    *,
    title: str | None = None,
    remark: str = "",
    decimals: int | None = None,
    max_rows: int | None = None,
) -> SoftmaxRow:
    """One row of a softmax record worked out; ``row`` is an index for every axis but the last.

    A row over the vocabulary that is cut has its greatest weights first. ``tape`` is searched for the reason why a key
    is hidden. ``title`` and ``remark`` are as in `tensor_view`.
    """
    place = tuple(i % n for i, n in zip(row, record.output.shape, strict=False))
    address = written(record.address, record.at, place)
    return SoftmaxRow(record, place, tape, Heading(address if title is None else title, remark), decimals, max_rows)


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
