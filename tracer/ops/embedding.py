"""From token ids to rows of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from ..arithmetic import Node, Number
from ..tensor import Axis, Parameter, Tensor
from .operation import Operation


class Embed(Operation):
    """-> [position, feature]: the row of E [vocab, feature] for each id, times a scale."""

    formula = "E[ids] · √d_model"
    latex = r"\sqrt{d_{\mathrm{model}}}\, E_{\mathrm{ids}}"
    reference = "Vaswani et al. 2017, §3.4"

    def forward(self, *, ids: Sequence[int], labels: Sequence[str], weight: Parameter, scale: float) -> Tensor:
        return Tensor(weight.array[list(ids)] * weight.array.dtype.type(scale), (Axis("position", labels), weight.dims[1]))

    def derive(
        self, index: tuple[int, ...], *, ids: Sequence[int], labels: Sequence[str], weight: Parameter, scale: float
    ) -> Node:
        position, feature = index
        return weight.leaf(ids[position], feature) * Number(scale, "√d_model")


embed = Embed()
