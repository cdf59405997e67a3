"""Gradients of matrix products with trained parameters, and of what joins, splits and scales rows.

``dy`` is the gradient of what came out, in the shape of that. Rows are vectors, as they are forwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ...arithmetic import Node, Number, dot, over, total
from ...i18n import N_
from ...operation import Flow, Gradient, Written, to
from ...tensor import FEATURE, Array, Axis, Parameter, Row, Tensor

if TYPE_CHECKING:
    from ...tape import Record

BACKPROPAGATION = N_("Rumelhart, Hinton & Williams 1986 (backpropagation)")


class PassOn(Gradient):
    """The same, as where tensors were added: each has the gradient of their sum, along axes of its own."""

    formula = "dy"
    latex = r"\bar{y}"
    reference = BACKPROPAGATION
    shares = True

    def forward(self, dy: Tensor, *, like: tuple[Axis, ...]) -> Tensor:
        return Tensor(dy.array, like)

    def derive(self, index: tuple[int, ...], dy: Tensor, *, like: tuple[Axis, ...]) -> Node:
        return dy.leaf(*index)


class Together(Gradient):
    """The gradients of everything that a tensor was used for, added cell by cell."""

    formula = "Σ dy"
    latex = r"\sum_k \bar{y}_k"
    reference = N_("the chain rule for several variables; Rumelhart, Hinton & Williams 1986")

    def forward(self, *dy: Tensor) -> Tensor:
        first, *rest = dy
        summed = first.array.copy()
        for tensor in rest:
            summed += tensor.array
        return Tensor(summed, first.dims)

    def derive(self, index: tuple[int, ...], *dy: Tensor) -> Node:
        return total(tensor.leaf(*index) for tensor in dy)


class LinearGradient(Gradient, weight="W"):
    """[…, out] -> […, in]: of the rows that were multiplied by W [out, in]."""

    formula = "dy W"
    latex = r"\bar{y} \, W"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, *, weight: Parameter, like: tuple[Axis, ...]) -> Tensor:
        return Tensor(dy.array @ weight.array, like)

    def derive(self, index: tuple[int, ...], dy: Tensor, *, weight: Parameter, like: tuple[Axis, ...]) -> Node:
        return dot(dy=dy.row(*index[:-1]), W=weight.column(index[-1]))


class WeightGradient(Gradient):
    """[position, out], [position, in] -> [out, in], or [in, out] where the file has the matrix so."""

    formula = "dyᵀ x"
    latex = r"\bar{y}^{\top} x"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, x: Tensor, *, weight: Parameter) -> Tensor:
        rows = _rows(dy)
        product = x.array.T @ rows if weight.transposed else rows.T @ x.array
        return Tensor(product, stored_axes(weight))

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor, *, weight: Parameter) -> Node:
        if weight.transposed:
            return dot(x=x.column(index[0]), dy=_feature(dy, index[1]))
        return dot(dy=_feature(dy, index[0]), x=x.column(index[1]))

    def written(self, record: Record) -> Written:
        if record.parameters["weight"].transposed:
            return Written("xᵀ dy", r"x^{\top} \bar{y}")
        return super().written(record)


class BiasGradient(Gradient):
    """[position, out] -> [out]."""

    formula = N_("Σ dy over positions")
    latex = r"\sum_{\mathrm{position}} \bar{y}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, *, bias: Parameter) -> Tensor:
        return Tensor(np.add.reduce(_rows(dy), 0), bias.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, *, bias: Parameter) -> Node:
        return over(lambda dy: dy, dy=_feature(dy, index[0]))


class ProjectGradient(Gradient, weight="W"):
    """[head, position, d_k] -> [position, d_model]: of the rows that were projected for all heads."""

    formula = N_("Σ dy W over heads")
    latex = r"\sum_{\mathrm{head}} \bar{y} \, W"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, *, weight: Parameter, position: Axis) -> Tensor:
        return Tensor(_rows(dy) @ weight.array, (position, FEATURE))

    def derive(self, index: tuple[int, ...], dy: Tensor, *, weight: Parameter, position: Axis) -> Node:
        place, feature = index
        parts = weight.split(dy.shape[0])
        return total(dot(dy=dy.row(head, place), W=part.column(feature)) for head, part in enumerate(parts))


class Placed(Gradient):
    """[…, n] -> […, m]: the gradient of some features, from ``first`` on, and 0 at all others.

    Those of heads [head, position, d_k] come to stand side by side, ``apart`` of them from one head to the next.
    """

    formula = N_("dy where the part was taken, 0 elsewhere")
    latex = r"\bar{y} \;\text{in place}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, *, first: int, apart: int, like: tuple[Axis, ...], width: int) -> Tensor:
        heads = dy.array if len(dy.dims) > len(like) else dy.array[None]
        placed = np.zeros((*heads.shape[1:-1], width), dy.array.dtype)
        for head, rows in enumerate(heads):
            start = first + head * apart
            placed[..., start : start + dy.shape[-1]] = rows
        return Tensor(placed, like)

    def derive(
        self, index: tuple[int, ...], dy: Tensor, *, first: int, apart: int, like: tuple[Axis, ...], width: int
    ) -> Node:
        *places, feature = index
        head, inside = divmod(feature - first, apart)
        heads = dy.shape[0] if len(dy.dims) > len(like) else 1
        if not (0 <= head < heads and inside < dy.shape[-1]):
            return Number(0.0)
        return dy.leaf(head, *places, inside) if len(dy.dims) > len(like) else dy.leaf(*places, inside)


class SplitGradient(Gradient):
    """[query, head · d_k] -> [head, query, d_k]: of heads that were put side by side."""

    formula = N_("dy, split into heads")
    latex = r"\bar{y}_{\mathrm{head}}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, *, like: tuple[Axis, ...], heads: int) -> Tensor:
        split = dy.array.reshape(len(dy.array), heads, -1).transpose(1, 0, 2)
        return Tensor(split, like)

    def derive(self, index: tuple[int, ...], dy: Tensor, *, like: tuple[Axis, ...], heads: int) -> Node:
        head, query, d = index
        return dy.leaf(query, head * (dy.shape[1] // heads) + d)


class FactorGradient(Gradient):
    """Of one of two factors, cell by cell: the gradient of the product times the other, ``x``."""

    formula = "dy ⊙ x"
    latex = r"\bar{y} \odot x"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, x: Tensor, *, like: tuple[Axis, ...]) -> Tensor:
        return Tensor(dy.array * x.array, like)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor, *, like: tuple[Axis, ...]) -> Node:
        return dy.leaf(*index) * x.leaf(*index)


class PortionGradient(Gradient):
    """[position, feature], [position, 1] -> [position, feature]: of rows that were taken times a number each."""

    formula = "g · dy"
    latex = r"g \, \bar{y}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, g: Tensor) -> Tensor:
        return Tensor(g.array * dy.array, dy.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, g: Tensor) -> Node:
        return g.leaf(index[0], 0) * dy.leaf(*index)


class PortionShareGradient(Gradient):
    """[position, feature], [position, feature] -> [position, 1]: of the number that each row was taken times."""

    formula = "dy · x"
    latex = r"\bar{y} \cdot x"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, x: Tensor, *, like: tuple[Axis, ...]) -> Tensor:
        return Tensor(np.add.reduce(dy.array * x.array, -1, keepdims=True), like)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor, *, like: tuple[Axis, ...]) -> Node:
        return over(lambda dy, x: dy * x, dy=dy.row(index[0]), x=x.row(index[0]))


class ScaleGradient(Gradient):
    """Every cell times the number ``by`` that it was multiplied by; ``symbol`` is what that is called."""

    formula = "dy · s"
    latex = r"\bar{y} \cdot s"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, *, by: float, symbol: str) -> Tensor:
        return Tensor(np.asarray(dy.array * dy.dtype.type(by)), dy.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, *, by: float, symbol: str) -> Node:
        return dy.leaf(*index) * Number(by, symbol)


class RowsPlaced(Gradient):
    """[n, feature] -> [position, feature]: the gradient of rows from ``first`` on, and 0 at all others."""

    formula = N_("dy at the rows that were taken, 0 elsewhere")
    latex = r"\bar{y} \;\text{in place}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, *, first: int, like: tuple[Axis, ...], length: int) -> Tensor:
        placed = np.zeros((length, *dy.shape[1:]), dy.array.dtype)
        placed[first : first + len(dy.array)] = dy.array
        return Tensor(placed, like)

    def derive(self, index: tuple[int, ...], dy: Tensor, *, first: int, like: tuple[Axis, ...], length: int) -> Node:
        place, *rest = index
        return dy.leaf(place - first, *rest) if first <= place < first + dy.shape[0] else Number(0.0)


def of_product(dy: Tensor, x: Tensor, weight: Parameter, bias: Parameter | None) -> Iterator[Flow]:
    """To the trained parameters of a product, for ``dy`` [position, out] or [head, position, d_k]."""
    yield to(weight, weight_gradient, dy, x, weight=weight)
    if bias is not None:
        yield to(bias, bias_gradient, dy, bias=bias)


def stored_axes(weight: Parameter) -> tuple[Axis, ...]:
    """The axes of a trained matrix as the file has them."""
    return weight.dims[::-1] if weight.transposed else weight.dims


def stored(matrix: Array, weight: Parameter) -> Array:
    """A matrix in the shape of a trained one, as the file has that."""
    return matrix.T if weight.transposed else matrix


def _rows(dy: Tensor) -> Array:
    """[position, out], of heads side by side."""
    if len(dy.dims) < 3:
        return dy.array
    heads, n, d_k = dy.shape
    joined: Array = dy.array.transpose(1, 0, 2).reshape(n, heads * d_k)
    return joined


def _feature(dy: Tensor, out: int) -> Row:
    """The cells of one feature at every position; of heads, the feature they have side by side."""
    return dy.column(out) if len(dy.dims) < 3 else dy.column(*divmod(out, dy.shape[2]))


pass_on = PassOn()
together = Together()
linear_gradient = LinearGradient()
weight_gradient = WeightGradient()
bias_gradient = BiasGradient()
project_gradient = ProjectGradient()
placed = Placed()
split_gradient = SplitGradient()
factor_gradient = FactorGradient()
portion_gradient = PortionGradient()
portion_share_gradient = PortionShareGradient()
scale_gradient = ScaleGradient()
rows_placed = RowsPlaced()
