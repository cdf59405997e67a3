"""Gradients of softmax, and of the loss that it leads to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...arithmetic import Named, Node, Noted, Number, exp, over
from ...i18n import N_, _
from ...operation import Gradient
from ...tensor import Tensor


class SoftmaxGradient(Gradient):
    """[…, n], and what came out, [.., n] -> […, n]: what the whole row gains is taken off every cell of it."""

    formula = "y ⊙ (dy − Σ dy · y)"
    latex = r"y \odot \left(\bar{y} - \textstyle\sum_j \bar{y}_j y_j\right)"
    reference = N_("Bridle 1990, §3; Goodfellow et al. 2016, §6.2.2.3")

    def forward(self, dy: Tensor, y: Tensor) -> Tensor:
        gained = dy.array - np.add.reduce(dy.array * y.array, -1, keepdims=True)
        gained *= y.array
        return Tensor(gained, y.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, y: Tensor) -> Node:
        row = index[:-1]
        return y.leaf(*index) * (dy.leaf(*index) - over(lambda dy, y: dy * y, dy=dy.row(*row), y=y.row(*row)))


class LossGradient(Gradient, logits="z"):
    """[position], [position, vocab] -> [position, vocab]: p − y, y being 1 at the next id and 0 at all others.

    At positions that no loss is of, 0.
    """

    formula = N_("dy · (p − y), p = softmax(z), y = 1 at the next id, else 0")
    latex = r"\bar{\ell}_t \, (p_{t,i} - [i = y_{t+1}])"
    reference = N_("Bridle 1990, §3 (cross-entropy of softmax)")

    def forward(self, dy: Tensor, logits: Tensor, *, gold: Sequence[int], start: int) -> Tensor:
        where = slice(start, start + len(gold))
        z = np.zeros_like(logits.array)
        rows = logits.array[where]
        p = np.exp(rows - np.maximum.reduce(rows, -1, keepdims=True), out=z[where])
        p /= np.add.reduce(p, -1, keepdims=True)
        p[np.arange(len(gold)), list(gold)] -= 1
        p *= dy.array[:, None]
        return Tensor(z, logits.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, logits: Tensor, *, gold: Sequence[int], start: int) -> Node:
        position, token = index
        if not start <= position < start + len(gold):
            return Noted(Number(0.0), _("no id is predicted here"))
        row, gold_here = logits.row(position), gold[position - start]
        shift = Named("max", row.largest())
        p = Named("p", exp(row[token] - shift) / over(lambda z: exp(z - shift), z=row))
        y = Named("y", Number(float(token == gold_here)))
        told = _("the next id is {id}: y is 1 there, and 0 elsewhere").format(id=gold_here)
        return Noted(dy.leaf(position - start) * (p - y), told)


softmax_gradient = SoftmaxGradient()
loss_gradient = LossGradient()
