"""Gradients of a mixture of experts: only those that were chosen for a token have one of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ...arithmetic import Leaf, Node, Noted, Number, dot, over, total
from ...i18n import N_, _
from ...operation import Gradient
from ...tensor import Array, Axis, Parameter, Row, Tensor
from .linear import BACKPROPAGATION, stored, stored_axes

if TYPE_CHECKING:
    from ...tape import Record


class ChosenGradient(Gradient):
    """[position, slot], ids [position, slot] -> [position, expert]: of the probabilities of those chosen."""

    formula = N_("dy at those chosen, 0 elsewhere")
    latex = r"\bar{y} \;\text{in place}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, chosen: Tensor, *, like: tuple[Axis, ...], experts: int) -> Tensor:
        return Tensor(_at_chosen(dy.array, chosen, experts), like)

    def derive(
        self, index: tuple[int, ...], dy: Tensor, chosen: Tensor, *, like: tuple[Axis, ...], experts: int
    ) -> Node:
        slot = _slot(index, chosen)
        return _unchosen(index) if slot is None else slot_told(dy.leaf(index[0], slot), (index[0], slot), chosen)


class SharesGradient(Gradient, probs="p"):
    """[position, slot], the shares, the probabilities and the ids -> [position, expert].

    What all those chosen gain together is taken off each of them, as their shares add up to 1.
    """

    formula = N_("(dy − Σ dy · y) / Σ p of those chosen, 0 elsewhere")
    latex = r"\frac{\bar{y}_e - \sum_{e'} \bar{y}_{e'} y_{e'}}{\sum_{e' \in \mathrm{top}_k} p_{e'}}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, y: Tensor, probs: Tensor, chosen: Tensor) -> Tensor:
        whole = np.add.reduce(np.take_along_axis(probs.array, chosen.array, -1), -1, keepdims=True)
        gained = np.add.reduce(dy.array * y.array, -1, keepdims=True)
        return Tensor(_at_chosen((dy.array - gained) / whole, chosen, probs.shape[1]), probs.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, y: Tensor, probs: Tensor, chosen: Tensor) -> Node:
        position, slot = index[0], _slot(index, chosen)
        if slot is None:
            return _unchosen(index)
        whole = total(probs.leaf(position, expert) for expert in chosen.array[position])
        all_gained = over(lambda dy, y: dy * y, dy=dy.row(position), y=y.row(position))
        return slot_told((dy.leaf(position, slot) - all_gained) / whole, (position, slot), chosen)


class ExpertRowsGradient(Gradient, weights="W"):
    """[position, slot, out], ids [position, slot] -> [position, slot, in], of rows that each slot has its own of.

    Of rows that went to all slots, [position, in]: there, what comes of each slot adds up.
    """

    formula = N_("dy W of the expert chosen")
    latex = r"\bar{y} \, W_e"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, chosen: Tensor, *, weights: tuple[Parameter, ...], like: tuple[Axis, ...]) -> Tensor:
        rows = np.empty((*chosen.shape, weights[0].shape[1]), dy.array.dtype)
        for expert in np.unique(chosen.array):
            where = np.nonzero(chosen.array == expert)
            rows[where] = dy.array[where] @ weights[expert].array
        return Tensor(rows if len(like) == 3 else np.add.reduce(rows, 1), like)

    def derive(
        self,
        index: tuple[int, ...],
        dy: Tensor,
        chosen: Tensor,
        *,
        weights: tuple[Parameter, ...],
        like: tuple[Axis, ...],
    ) -> Node:
        position, feature = index[0], index[-1]

        def product(slot: int) -> Node:
            weight = weights[int(chosen.array[position, slot])]
            return dot(dy=dy.row(position, slot), W=weight.column(feature))

        if len(like) == 3:
            return slot_told(product(index[1]), index, chosen)
        return total(map(product, range(chosen.shape[1])))

    def operands(self, record: Record) -> Iterator[tuple[str, Tensor]]:
        """The inputs, and the matrix of each expert that something was sent to."""
        dy, chosen = record.inputs
        yield from (("dy", dy), ("chosen", chosen), *sent(record.parameters["weights"], chosen))


class ExpertWeightGradient(Gradient):
    """[position, slot, out], rows, ids [position, slot] -> [out, in], or as the file has it: of one expert's matrix.

    The rows are [position, slot, in], or [position, in] where the same went to all slots.
    """

    formula = N_("dyᵀ x over what was sent to the expert")
    latex = r"\sum_{\mathrm{chosen} = e} \bar{y}^{\top} x"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, x: Tensor, chosen: Tensor, *, expert: int, weight: Parameter) -> Tensor:
        where = np.nonzero(chosen.array == expert)
        product = dy.array[where].T @ x.array[where[: x.array.ndim - 1]]
        return Tensor(stored(product, weight), stored_axes(weight))

    def derive(
        self, index: tuple[int, ...], dy: Tensor, x: Tensor, chosen: Tensor, *, expert: int, weight: Parameter
    ) -> Node:
        out, into = index[::-1] if weight.transposed else index
        sent_there = np.argwhere(chosen.array == expert).tolist()
        shared = len(x.dims) == 2
        return total(dy.leaf(p, s, out) * (x.leaf(p, into) if shared else x.leaf(p, s, into)) for p, s in sent_there)


class MixGradient(Gradient, shares="g"):
    """[position, feature], [position, slot] -> [position, slot, feature]: of what the experts have yielded."""

    formula = "g · dy"
    latex = r"g_e \, \bar{y}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, shares: Tensor, *, like: tuple[Axis, ...]) -> Tensor:
        return Tensor(shares.array[:, :, None] * dy.array[:, None], like)

    def derive(self, index: tuple[int, ...], dy: Tensor, shares: Tensor, *, like: tuple[Axis, ...]) -> Node:
        position, slot, feature = index
        return shares.leaf(position, slot) * dy.leaf(position, feature)


class MixShareGradient(Gradient):
    """[position, feature], [position, slot, feature] -> [position, slot]: of the shares."""

    formula = "dy · x"
    latex = r"\bar{y} \cdot x_e"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, x: Tensor, *, like: tuple[Axis, ...]) -> Tensor:
        return Tensor(np.matmul(x.array, dy.array[:, :, None])[:, :, 0], like)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor, *, like: tuple[Axis, ...]) -> Node:
        row: Row = dy.row(index[0])
        return dot(dy=row, x=x.row(*index))


def sent(weights: tuple[Parameter, ...], chosen: Tensor) -> Iterator[tuple[str, Parameter]]:
    """The matrix of each expert that something was sent to."""
    return (("W", weights[expert]) for expert in np.unique(chosen.array))


def slot_told(node: Node, index: tuple[int, ...], chosen: Tensor) -> Node:
    """With the expert that a slot is."""
    position, slot = index[:2]
    cell: Leaf = chosen.leaf(position, slot)
    return Noted(node, _("slot {slot} is expert {expert}: {cell}").format(slot=slot, expert=int(cell.value), cell=cell))


def _at_chosen(rows: Array, chosen: Tensor, experts: int) -> Array:
    """[position, expert], of [position, slot]: 0 where none was chosen."""
    placed = np.zeros((len(rows), experts), rows.dtype)
    np.put_along_axis(placed, chosen.array, rows, -1)
    return placed


def _slot(index: tuple[int, ...], chosen: Tensor) -> int | None:
    """The slot that an expert is of a token, if it was chosen."""
    position, expert = index
    return next((slot for slot, one in enumerate(chosen.array[position]) if one == expert), None)


def _unchosen(index: tuple[int, ...]) -> Node:
    return Noted(Number(0.0), _("expert {expert} is not among those chosen").format(expert=index[1]))


chosen_gradient = ChosenGradient()
shares_gradient = SharesGradient()
expert_rows_gradient = ExpertRowsGradient()
expert_weight_gradient = ExpertWeightGradient()
mix_gradient = MixGradient()
mix_share_gradient = MixShareGradient()
