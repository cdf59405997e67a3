"""From token ids to rows of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ..arithmetic import Node, Number
from ..operation import Flow, Operation, to
from ..tensor import Axis, Parameter, Tensor
from .gradients.embedding import rows_added, scaled_rows_added


class Embed(Operation, weight="E"):
    """-> [position, feature]: the row of E [vocab, feature] for each id."""

    formula = "E[ids]"
    latex = r"E_{\mathrm{ids}}"
    reference = "Bengio et al. 2003, §2"

    def forward(self, *, ids: Sequence[int], labels: Sequence[str], weight: Parameter) -> Tensor:
        return Tensor(weight.array[list(ids)], (Axis("position", labels), weight.dims[1]))

    def backward(
        self, dy: Tensor, y: Tensor, *, ids: Sequence[int], labels: Sequence[str], weight: Parameter
    ) -> Iterator[Flow]:
        yield to(weight, rows_added, dy, rows=ids, weight=weight)

    def derive(self, index: tuple[int, ...], *, ids: Sequence[int], labels: Sequence[str], weight: Parameter) -> Node:
        return weight.leaf(ids[index[0]], index[1])


class ScaledEmbed(Embed):
    """-> [position, feature]: the row of E [vocab, feature] for each id, times √d_model."""

    formula = "E[ids] · √d_model"
    latex = r"\sqrt{d_{\mathrm{model}}}\, E_{\mathrm{ids}}"
    reference = "Vaswani et al. 2017, §3.4"

    def forward(self, *, ids: Sequence[int], labels: Sequence[str], weight: Parameter) -> Tensor:
        rows = super().forward(ids=ids, labels=labels, weight=weight)
        rows.array *= rows.array.dtype.type(math.sqrt(rows.shape[1]))
        return rows

    def backward(
        self, dy: Tensor, y: Tensor, *, ids: Sequence[int], labels: Sequence[str], weight: Parameter
    ) -> Iterator[Flow]:
        yield to(weight, scaled_rows_added, dy, rows=ids, weight=weight)

    def derive(self, index: tuple[int, ...], *, ids: Sequence[int], labels: Sequence[str], weight: Parameter) -> Node:
        row = super().derive(index, ids=ids, labels=labels, weight=weight)
        return row * Number(math.sqrt(weight.shape[1]), "√d_model")


class Segments(Operation, weight="S"):
    """-> [position, feature]: the row of S [segment, feature] for the segment that each token is of."""

    formula = "S[segment]"
    latex = r"S_{\mathrm{segment}}"
    reference = "Devlin et al. 2019, §3"

    def forward(self, *, position: Axis, segments: Sequence[int], weight: Parameter) -> Tensor:
        return Tensor(weight.array[list(segments)], (position, weight.dims[1]))

    def backward(
        self, dy: Tensor, y: Tensor, *, position: Axis, segments: Sequence[int], weight: Parameter
    ) -> Iterator[Flow]:
        yield to(weight, rows_added, dy, rows=segments, weight=weight)

    def derive(self, index: tuple[int, ...], *, position: Axis, segments: Sequence[int], weight: Parameter) -> Node:
        return weight.leaf(segments[index[0]], index[1])


embed = Embed()
scaled_embed = ScaledEmbed()
segments = Segments()
