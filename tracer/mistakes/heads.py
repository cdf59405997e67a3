"""Mistakes in how heads stand side by side."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..arithmetic import Node
from ..edits import Call
from ..i18n import N_
from ..operation import Flow, Gradient, to
from ..ops.gradients.linear import BACKPROPAGATION
from ..ops.linear import Concat, concat
from ..tensor import FEATURE, Axis, Tensor
from .mistake import Mistake


class UnwovenGradient(Gradient):
    """[query, d_k · head] -> [head, query, d_k]: of heads that were put together feature by feature."""

    formula = N_("dy, each feature to its head")
    latex = r"\bar{y}_{d \cdot H + h}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, *, like: tuple[Axis, ...], heads: int) -> Tensor:
        split = dy.array.reshape(len(dy.array), -1, heads).transpose(2, 0, 1)
        return Tensor(np.ascontiguousarray(split), like)

    def derive(self, index: tuple[int, ...], dy: Tensor, *, like: tuple[Axis, ...], heads: int) -> Node:
        head, query, d = index
        return dy.leaf(query, d * heads + head)


unwoven_gradient = UnwovenGradient()


class FeatureByFeature(Concat):
    """[head, query, d_k] -> [query, d_k · head]: feature 0 of every head, then feature 1."""

    formula = N_("features of all heads in turn")
    latex = r"(\mathrm{head}_{h,d})_{d \cdot H + h}"

    def forward(self, heads: Tensor) -> Tensor:
        n = heads.shape[1]
        return Tensor(heads.array.transpose(1, 2, 0).reshape(n, -1), (heads.dims[1], FEATURE))

    def backward(self, dy: Tensor, y: Tensor, heads: Tensor) -> Iterator[Flow]:
        yield to(heads, unwoven_gradient, dy, like=heads.dims, heads=heads.shape[0])

    def derive(self, index: tuple[int, ...], heads: Tensor) -> Node:
        d, head = divmod(index[1], heads.shape[0])
        return heads.leaf(head, index[0], d)


feature_by_feature = FeatureByFeature()


class HeadOrder(Mistake):
    """Heads woven into each other in place of side by side."""

    sentence = N_("heads are put together feature by feature in place of side by side")
    where = N_("heads [head, query, d_k] need transpose(0, 1) before reshape(query, -1); [d_k, head] is another order")
    needs = N_("heads side by side")

    def wrong(self, call: Call) -> Call | None:
        return call.with_op(feature_by_feature) if call.op is concat and call.inputs[0].shape[0] > 1 else None


head_order = HeadOrder()
