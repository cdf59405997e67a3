"""Mistakes in how heads stand side by side."""

from __future__ import annotations

from ..arithmetic import Node
from ..edits import Call
from ..i18n import N_
from ..ops.linear import Concat, concat
from ..tensor import FEATURE, Tensor
from .mistake import Mistake


class FeatureByFeature(Concat):
    """[head, query, d_k] -> [query, d_k · head]: feature 0 of every head, then feature 1."""

    formula = N_("features of all heads in turn")
    latex = r"(\mathrm{head}_{h,d})_{d \cdot H + h}"

    def forward(self, heads: Tensor) -> Tensor:
        n = heads.shape[1]
        return Tensor(heads.array.transpose(1, 2, 0).reshape(n, -1), (heads.dims[1], FEATURE))

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
