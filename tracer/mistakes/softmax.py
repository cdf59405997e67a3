"""Mistakes in softmax."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..arithmetic import Named, Node, Noted, Number, exp, over
from ..edits import Call
from ..i18n import N_, _
from ..operation import Flow, Gradient, to
from ..ops.attention import LOWEST, is_hidden
from ..ops.gradients.linear import BACKPROPAGATION
from ..ops.softmax import Softmax
from ..tape import Record
from ..tensor import Tensor
from .mistake import Mistake


class SoftmaxOverQueriesGradient(Gradient):
    """[…, m, n], what came out, and what came in -> […, m, n]; where −∞ came in, which stays so, 0."""

    formula = N_("yᵢⱼ · (dyᵢⱼ − Σᵢ dyᵢⱼ · yᵢⱼ) where x > −∞, else 0")
    latex = r"y_{ij} \left(\bar{y}_{ij} - \textstyle\sum_i \bar{y}_{ij} y_{ij}\right)"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, y: Tensor, x: Tensor) -> Tensor:
        gained = dy.array - np.add.reduce(dy.array * y.array, -2, keepdims=True)
        gained *= y.array
        return Tensor(np.where(np.isneginf(x.array), 0, gained), y.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, y: Tensor, x: Tensor) -> Node:
        *before, _row, column = index
        if np.isneginf(x.array[index]):
            return Noted(Number(0.0), _("hidden: it stays −∞ whatever the scores are"))
        along = over(lambda dy, y: dy * y, dy=dy.column(*before, column), y=y.column(*before, column))
        return y.leaf(*index) * (dy.leaf(*index) - along)


softmax_over_queries_gradient = SoftmaxOverQueriesGradient()


class SoftmaxOverQueries(Softmax):
    """[…, m, n] -> the same; every column adds up to 1 in place of every row.

    In a column that is hidden as a whole all are equal, as where `LOWEST` stands in place of −∞.
    """

    formula = "exp(xᵢⱼ − maxⱼ) / Σᵢ exp(xᵢⱼ − maxⱼ)"
    latex = r"\frac{e^{x_{ij} - \max_i x_{ij}}}{\sum_i e^{x_{ij} - \max_i x_{ij}}}"

    def forward(self, x: Tensor) -> Tensor:
        columns = np.ascontiguousarray(np.maximum(x.array, LOWEST).swapaxes(-1, -2))
        turned = super().forward(x.replaced(columns))
        return Tensor(np.ascontiguousarray(turned.array.swapaxes(-1, -2)), x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor) -> Iterator[Flow]:
        yield to(x, softmax_over_queries_gradient, dy, y, x)

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        *before, row, column = index
        cells = x.column(*before, column)
        if is_hidden(cells.values).all():
            return Number(1.0) / Number(float(len(cells)), "m")
        shift = Named("max", cells.largest())
        return exp(cells[row] - shift) / over(lambda x: exp(x - shift), x=cells)

    def note(self, record: Record) -> str:
        return _("softmax over {axis}").format(axis=record.output.axes[-2])


softmax_over_queries = SoftmaxOverQueries()


class WrongAxis(Mistake):
    """Softmax over the queries in place of the keys."""

    sentence = N_("the attention weights are normalised over the queries, not the keys")
    where = N_("softmax(scores, dim=-1): which axis is the last one there?")
    needs = N_("attention weights")

    def wrong(self, call: Call) -> Call | None:
        is_attention = isinstance(call.op, Softmax) and len(call.inputs[0].dims) == 3
        return call.with_op(softmax_over_queries) if is_attention else None


wrong_axis = WrongAxis()
