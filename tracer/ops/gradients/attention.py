"""Gradients of scaled dot-product attention; where key heads serve several query heads, these add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...arithmetic import Node, Number, dot, total
from ...i18n import N_
from ...operation import Gradient, Written
from ...tensor import Array, Axis, Tensor
from .linear import BACKPROPAGATION

if TYPE_CHECKING:
    from ...tape import Record


class ByFactor(Gradient):
    """The gradient of scores that were multiplied by a number ``by``; ``symbol`` is what formulas call that."""

    reference = BACKPROPAGATION

    def written(self, record: Record) -> Written:
        factor = record.parameters["symbol"]
        if not factor:
            return Written(self.formula, self.latex)
        return Written(f"{self.formula} · {factor}", rf"{self.latex} \cdot \mathrm{{{factor}}}")


class QueryGradient(ByFactor):
    """[head, query, key], [head or kv_head, key, d_k] -> [head, query, d_k]: of the queries in q kᵀ."""

    formula = "dy k"
    latex = r"\bar{y} \, K"

    def forward(self, dy: Tensor, k: Tensor, *, by: float, symbol: str) -> Tensor:
        heads, groups = dy.shape[0], k.shape[0]
        grouped = dy.array.reshape(groups, heads // groups * dy.shape[1], -1)
        product = np.matmul(grouped, k.array).reshape(heads, dy.shape[1], -1)
        return Tensor(_times(product, by), (*dy.dims[:2], k.dims[2]))

    def derive(self, index: tuple[int, ...], dy: Tensor, k: Tensor, *, by: float, symbol: str) -> Node:
        head, query, d = index
        product = dot(dy=dy.row(head, query), k=k.column(head * k.shape[0] // dy.shape[0], d))
        return product * Number(by, symbol) if symbol else product


class KeyGradient(ByFactor):
    """[head, query, key], [head, query, d_k] -> [head or kv_head, key, d_k]: of the keys in q kᵀ."""

    formula = "dyᵀ q"
    latex = r"\bar{y}^{\top} Q"

    def forward(self, dy: Tensor, q: Tensor, *, by: float, symbol: str, axes: tuple[Axis, ...], groups: int) -> Tensor:
        return Tensor(_times(_grouped(dy.array, q.array, groups), by), axes)

    def derive(
        self,
        index: tuple[int, ...],
        dy: Tensor,
        q: Tensor,
        *,
        by: float,
        symbol: str,
        axes: tuple[Axis, ...],
        groups: int,
    ) -> Node:
        group, key, d = index
        product = total(dot(dy=dy.column(h, key), q=q.column(h, d)) for h in _served(group, dy.shape[0], groups))
        return product * Number(by, symbol) if symbol else product


class WeightsGradient(Gradient):
    """[head, query, d_k], [head or kv_head, key, d_k] -> [head, query, key]: of attention's weights."""

    formula = "dy vᵀ"
    latex = r"\bar{y} \, V^{\top}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, v: Tensor) -> Tensor:
        heads, groups = dy.shape[0], v.shape[0]
        grouped = dy.array.reshape(groups, heads // groups * dy.shape[1], -1)
        product = np.matmul(grouped, v.array.transpose(0, 2, 1)).reshape(heads, dy.shape[1], -1)
        return Tensor(product, (*dy.dims[:2], v.dims[1]))

    def derive(self, index: tuple[int, ...], dy: Tensor, v: Tensor) -> Node:
        head, query, key = index
        return dot(dy=dy.row(head, query), v=v.row(head * v.shape[0] // dy.shape[0], key))


class ValueGradient(Gradient, weights="w"):
    """[head, query, key], [head, query, d_k] -> [head or kv_head, key, d_k]: of the values that were weighed."""

    formula = "wᵀ dy"
    latex = r"\mathrm{weights}^{\top} \bar{y}"
    reference = BACKPROPAGATION

    def forward(self, weights: Tensor, dy: Tensor, *, axes: tuple[Axis, ...], groups: int) -> Tensor:
        return Tensor(_grouped(weights.array, dy.array, groups), axes)

    def derive(
        self, index: tuple[int, ...], weights: Tensor, dy: Tensor, *, axes: tuple[Axis, ...], groups: int
    ) -> Node:
        group, key, d = index
        heads = _served(group, weights.shape[0], groups)
        return total(dot(w=weights.column(h, key), dy=dy.column(h, d)) for h in heads)


class NewRowsGradient(Gradient):
    """[head, key, d_k] of all places -> the same of those from ``first`` on: of the rows that this step has made."""

    formula = N_("dy of the rows of this step")
    latex = r"\bar{y}_{\mathrm{new}}"
    reference = BACKPROPAGATION
    shares = True

    def forward(self, dy: Tensor, *, first: int, axes: tuple[Axis, ...]) -> Tensor:
        return Tensor(dy.array[:, first:], axes)

    def derive(self, index: tuple[int, ...], dy: Tensor, *, first: int, axes: tuple[Axis, ...]) -> Node:
        head, key, d = index
        return dy.leaf(head, first + key, d)


def _times(product: Array, by: float) -> Array:
    if by != 1:
        product *= by
    return product


def _grouped(left: Array, right: Array, groups: int) -> Array:
    """leftᵀ right of every head, those that one key head serves added up."""
    products: Array = np.matmul(left.transpose(0, 2, 1), right)
    if len(products) == groups:
        return products
    added: Array = np.add.reduce(products.reshape(groups, -1, *products.shape[1:]), 1)
    return added


def _served(group: int, heads: int, groups: int) -> range:
    """The heads that a key head serves."""
    return range(group * heads // groups, (group + 1) * heads // groups)


query_gradient = QueryGradient()
key_gradient = KeyGradient()
weights_gradient = WeightsGradient()
value_gradient = ValueGradient()
new_rows_gradient = NewRowsGradient()
