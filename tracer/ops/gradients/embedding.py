"""Gradients of tables of trained rows: what was read at several positions has the gradient of them all."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...arithmetic import Node, Noted, Number, over
from ...i18n import N_, _
from ...operation import Gradient
from ...tensor import Array, Parameter, Tensor
from .linear import BACKPROPAGATION, stored, stored_axes


class RowsAdded(Gradient):
    """[position, feature] -> [row, feature] of the whole table; ``rows`` is which of them each position has read.

    A row that no position has read has 0.
    """

    formula = N_("Σ dy over the positions that read a row")
    latex = r"\sum_{t:\, \mathrm{row}_t = r} \bar{y}_t"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, *, rows: Sequence[int], weight: Parameter) -> Tensor:
        added = np.zeros(weight.shape, dy.array.dtype)
        np.add.at(added, list(rows), self.scaled(dy))
        return Tensor(stored(added, weight), stored_axes(weight))

    def scaled(self, dy: Tensor) -> Array:
        """What is added."""
        return dy.array

    def derive(self, index: tuple[int, ...], dy: Tensor, *, rows: Sequence[int], weight: Parameter) -> Node:
        row, feature = index[::-1] if weight.transposed else index
        read = [position for position, other in enumerate(rows) if other % weight.shape[0] == row]
        if not read:
            return Noted(Number(0.0), _("no position reads row {row}").format(row=row))
        return over(lambda dy: dy, dy=dy.column(feature).at(read))


class ScaledRowsAdded(RowsAdded):
    """[position, feature] -> [row, feature]: as `RowsAdded`, of rows that were taken times √d_model."""

    formula = N_("Σ dy · √d_model over the positions that read a row")
    latex = r"\sqrt{d_{\mathrm{model}}} \sum_{t:\, \mathrm{row}_t = r} \bar{y}_t"

    def scaled(self, dy: Tensor) -> Array:
        found: Array = dy.array * dy.array.dtype.type(math.sqrt(dy.shape[1]))
        return found

    def derive(self, index: tuple[int, ...], dy: Tensor, *, rows: Sequence[int], weight: Parameter) -> Node:
        added = super().derive(index, dy, rows=rows, weight=weight)
        return added if isinstance(added, Noted) else added * Number(math.sqrt(weight.shape[1]), "√d_model")


rows_added = RowsAdded()
scaled_rows_added = ScaledRowsAdded()
