"""A mixture of experts (Shazeer et al. 2017): for every token a router chooses k of E feed-forward networks.

What is chosen has the axis ``slot``: slot 0 is the likeliest expert of a token, slot k − 1 the last that is asked. So
there is one record however many experts there are, each token has a row for each of its own, and the ids in the
record of choices say which expert a slot is. A record for every expert would have the rows of a few tokens each, most
of them none, and others from step to step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..arithmetic import Given, Node, Noted, Sign, Which, dot, total
from ..i18n import N_, _
from ..operation import Flow, Operation, Weighed, Written, to
from ..tensor import FEATURE, SLOT, Array, Located, Parameter, Row, Tensor
from .gradients.experts import (
    chosen_gradient,
    expert_rows_gradient,
    expert_weight_gradient,
    mix_gradient,
    mix_share_gradient,
    sent,
    shares_gradient,
    slot_told,
)

if TYPE_CHECKING:
    from ..tape import Record


class TopExperts(Operation, probs="p"):
    """[position, expert] -> ids [position, slot]: the k likeliest experts, in order; of equals the first."""

    formula = N_("the k largest")
    latex = r"\mathrm{argtop}_k\, p"
    reference = "Shazeer et al. 2017, eq. 5; Fedus et al. 2022, §2.1"
    constant = N_("which experts are chosen stays the same as their probabilities change by a little")
    chooses = True

    def forward(self, probs: Tensor, *, k: int) -> Tensor:
        return Tensor(_ranked(probs.array)[:, :k].copy(), (probs.dims[0], SLOT))

    def derive(self, index: tuple[int, ...], probs: Tensor, *, k: int) -> Node:
        position, slot = index
        ranked = [probs.leaf(position, expert) for expert in _ranked(probs.array[position])]
        order = tuple(reversed(ranked[max(0, slot - 1) : slot + 2]))
        signs: tuple[Sign, ...] = tuple("≤" for _pair in order[1:])
        told = _("expert {expert} is number {n} of {count}, the likeliest first")
        note = told.format(expert=ranked[slot].index[-1], n=slot + 1, count=len(ranked))
        return Noted(Given(Which(ranked[slot]), order, signs), note)


class ExpertShares(Operation, probs="p"):
    """[position, expert], ids [position, slot] -> [position, slot]: how much each expert chosen counts.

    That is its probability; ``normalised`` to add up to 1 over those chosen, or as it is.
    """

    formula = N_("p / Σ p of those chosen")
    latex = r"\frac{p_e}{\sum_{e' \in \mathrm{top}_k} p_{e'}}"
    reference = "Shazeer et al. 2017, eq. 3; Jiang et al. 2024, §2.1 (Mixtral)"

    def forward(self, probs: Tensor, chosen: Tensor, *, normalised: bool) -> Tensor:
        shares = np.take_along_axis(probs.array, chosen.array, -1)
        if normalised:
            shares /= np.add.reduce(shares, -1, keepdims=True)
        return Tensor(shares, chosen.dims)

    def backward(self, dy: Tensor, y: Tensor, probs: Tensor, chosen: Tensor, *, normalised: bool) -> Iterator[Flow]:
        if normalised:
            yield to(probs, shares_gradient, dy, y, probs, chosen)
        else:
            yield to(probs, chosen_gradient, dy, chosen, like=probs.dims, experts=probs.shape[1])

    def derive(self, index: tuple[int, ...], probs: Tensor, chosen: Tensor, *, normalised: bool) -> Node:
        position, slot = index
        cells = [probs.leaf(position, expert) for expert in chosen.array[position]]
        return slot_told(cells[slot] / total(cells) if normalised else cells[slot], index, chosen)

    def written(self, record: Record) -> Written:
        if record.parameters["normalised"]:
            return super().written(record)
        return Written(N_("p of those chosen"), "p_e")


class ExpertLinear(Operation, weights="W"):
    """[position, in], or [position, slot, in] -> [position, slot, out], with W [out, in] of the expert of each slot.

    ``weights`` has the matrix of every expert; those of experts that nothing is sent to are never read.
    """

    formula = N_("x Wᵀ of the expert chosen")
    latex = r"x W_e^{\top}"
    reference = "Shazeer et al. 2017, eq. 1"

    def forward(self, x: Tensor, chosen: Tensor, *, weights: tuple[Parameter, ...]) -> Tensor:
        y = np.empty((*chosen.shape, weights[0].shape[0]), x.array.dtype)
        for expert in np.unique(chosen.array):
            where = np.nonzero(chosen.array == expert)
            y[where] = x.array[where[: x.array.ndim - 1]] @ weights[expert].array.T
        return Tensor(y, (*chosen.dims, FEATURE))

    def backward(
        self, dy: Tensor, y: Tensor, x: Tensor, chosen: Tensor, *, weights: tuple[Parameter, ...]
    ) -> Iterator[Flow]:
        yield to(x, expert_rows_gradient, dy, chosen, weights=weights, like=x.dims)
        for expert in np.unique(chosen.array).tolist():
            weight = weights[expert]
            yield to(weight, expert_weight_gradient, dy, x, chosen, expert=expert, weight=weight)

    def derive(self, index: tuple[int, ...], x: Tensor, chosen: Tensor, *, weights: tuple[Parameter, ...]) -> Node:
        position, slot, out = index
        row: Row = x.row(position) if len(x.dims) == 2 else x.row(position, slot)
        weight = weights[int(chosen.array[position, slot])]
        return slot_told(dot(x=row, W=weight.row(out)), index, chosen)

    def operands(self, record: Record) -> Iterator[tuple[str, Tensor]]:
        """The inputs, and the matrix of each expert that something is sent to."""
        x, chosen = record.inputs
        yield from (("x", x), ("chosen", chosen), *sent(record.parameters["weights"], chosen))


class Mix(Operation, shares="g"):
    """[position, slot, feature], [position, slot] -> [position, feature]: what the experts yield, each by its share."""

    formula = N_("Σ g · y over the experts chosen")
    latex = r"\sum_{e \in \mathrm{top}_k} g_e \, y_e"
    reference = "Shazeer et al. 2017, eq. 1"

    def forward(self, y: Tensor, shares: Tensor) -> Tensor:
        mixed = np.matmul(shares.array[:, None], y.array)[:, 0]
        return Tensor(mixed, (y.dims[0], y.dims[2]))

    def backward(self, dx: Tensor, x: Tensor, y: Tensor, shares: Tensor) -> Iterator[Flow]:
        yield to(y, mix_gradient, dx, shares, like=y.dims)
        yield to(shares, mix_share_gradient, dx, y, like=shares.dims)

    def direct(self, where: Located, factors: Array, y: Tensor, shares: Tensor) -> Iterator[Weighed]:
        row, features = where
        yield Weighed(y, (row, slice(None), features), shares.array[row][:, None] * factors)

    def derive(self, index: tuple[int, ...], y: Tensor, shares: Tensor) -> Node:
        return dot(g=shares.row(index[0]), y=y.column(*index))


def _ranked(probs: Array) -> Array:
    """The experts, the likeliest first."""
    return np.argsort(-probs, axis=-1, kind="stable")


top_experts = TopExperts()
expert_shares = ExpertShares()
expert_linear = ExpertLinear()
mix = Mix()
