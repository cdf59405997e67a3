"""A row of softmax worked out: score, minus the maximum, exp, sum, quotient."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..arithmetic import Leaf, Number
from ..derive import derive
from ..errors import AddressError
from ..i18n import _
from ..tape import Record, Tape
from ..tensor import Array
from .grid import left_out
from .heading import Heading
from .numbers import DECIMALS, Notation
from .page import Line, Page, View
from .table import Column, Remark, Table
from .tensors import MAX_ROWS
from .tokens import place_label
from .window import Hidden, Shown, window


@dataclass(frozen=True)
class SoftmaxRow(View):
    """See `softmax_view`."""

    record: Record
    row: tuple[int, ...]
    tape: Tape | None
    heading: Heading
    decimals: int
    max_rows: int

    def lines(self, page: Page) -> Iterator[Line]:
        scores = self.record.inputs[0].array[self.row].astype(np.float64)
        with np.errstate(invalid="ignore"):
            shifted = scores - scores.max()
        weights = self.record.output.array[self.row].astype(np.float64)
        yield from self._header(weights, scores, page)
        shown = window(len(scores), self.max_rows, [int(weights.argmax())])
        yield from self._table(shown, scores, shifted, weights, page).lines(page)

    def _header(self, weights: Array, scores: Array, page: Page) -> Iterator[Line]:
        of = math.log2(max(1, int(np.count_nonzero(~np.isneginf(scores)))))
        entropy = _("entropy {entropy} of {most} bits").format(entropy=f"{_entropy(weights):.2f}", most=f"{of:.2f}")
        total = _("sum {total}").format(total=Notation(page, self.decimals)(weights.sum()))
        return self.heading.lines_with([f"  {total}", entropy], page)

    def _table(self, shown: Sequence[Shown], scores: Array, shifted: Array, weights: Array, page: Page) -> Table:
        plain, fine = Notation(page, self.decimals), Notation(page, self.decimals + 1)
        exps = np.exp(shifted)
        columns = [
            Column(self.record.output.axes[-1], [*(self._label(p, page) for p in shown), ""], "<"),
            Column(_("score"), [*_cells(shown, scores, plain), page.text("Σ")]),
            Column(page.text("s−max"), [*_cells(shown, shifted, plain, hide=True), ""], spare=1),
            Column(page.text("exp(s−max)"), [*_sums(shown, exps, fine, "0"), fine(exps.sum())], spare=2),
            Column(_("weight"), [*_sums(shown, weights, plain, page.glyphs.zero), plain(weights.sum())]),
        ]
        best = int(weights.argmax())
        return Table(columns, [*(self._remark(p, scores, weights, best) for p in shown), Remark()])

    def _label(self, place: Shown, page: Page) -> str:
        axis = self.record.output.dims[-1]
        if isinstance(place, Hidden):
            return left_out(place, page)
        return place_label(axis, place, page, digits=len(str(self.record.output.shape[-1] - 1)))

    def _remark(self, place: Shown, scores: Array, weights: Array, best: int) -> Remark:
        if isinstance(place, Hidden):
            return Remark()
        if np.isneginf(scores[place]):
            return Remark(reason(self.record.inputs[0].leaf(*self.row, place), self.tape))
        return Remark(_("max") if place == best else "", weights[place])


def softmax_view(
    record: Record,
    row: Sequence[int],
    tape: Tape | None = None,
    *,
    title: str | None = None,
    remark: str = "",
    decimals: int = DECIMALS,
    max_rows: int = MAX_ROWS,
) -> SoftmaxRow:
    """One row of a softmax record worked out; ``row`` is an index for every axis but the last.

    ``tape`` is searched for the reason why a key is hidden. ``title`` and ``remark`` are as in `tensor_view`.
    """
    place = tuple(i % n for i, n in zip(row, record.output.shape, strict=False))
    address = f"{record.output.address}[{','.join(map(str, place))}]" if place else record.output.address
    return SoftmaxRow(record, place, tape, Heading(address if title is None else title, remark), decimals, max_rows)


def reason(cell: Leaf, tape: Tape | None) -> str:
    """Why a recorded cell is −∞, followed back to the record that made it so; nothing where the tape doesn't say."""
    if tape is None:
        return ""
    try:
        record = tape.find(cell.address)
    except AddressError:
        return ""
    node = derive(record, cell.index).expression
    if isinstance(node, Number):
        return node.reason
    return next((reason(leaf, tape) for leaf in node.leaves() if np.isneginf(leaf.value)), "")


def _cells(shown: Sequence[Shown], values: Array, number: Notation, *, hide: bool = False) -> list[str]:
    """A number for each place; with ``hide`` none for −∞."""
    texts = ["" if isinstance(place, Hidden) else number(values[place]) for place in shown]
    return ["" if hide and text in (number(-np.inf), number(np.nan)) else text for text in texts]


def _sums(shown: Sequence[Shown], values: Array, number: Notation, zero: str) -> list[str]:
    """A number for each place, their sum where places are left out; an exact zero stands at the place of the units."""
    sums = [values[place.start : place.stop].sum() if isinstance(place, Hidden) else values[place] for place in shown]
    return [number(value) if value else zero + " " * (number.decimals + 1) for value in sums]


def _entropy(weights: Array) -> float:
    positive = weights[weights > 0]
    return max(0.0, float(-(positive * np.log2(positive)).sum()))
