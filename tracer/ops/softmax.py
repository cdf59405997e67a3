"""Softmax along the last axis, and the loss it leads to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..arithmetic import Leaf, Named, Node, Noted, exp, log, over
from ..i18n import N_, _
from ..operation import Flow, Operation, Trait, to
from ..tensor import Axis, Tensor
from .gradients.softmax import loss_gradient, softmax_gradient

if TYPE_CHECKING:
    from ..tape import Record


class Softmax(Operation):
    """[…, n] -> […, n]; every row is shifted by its maximum, which changes nothing but the range of exp."""

    formula = "exp(x − max) / Σ exp(x − max)"
    latex = r"\frac{e^{x_j - \max x}}{\sum_i e^{x_i - \max x}}"
    reference = "Bridle 1990; Vaswani et al. 2017, eq. 1"
    traits = Trait.DISTRIBUTION

    def forward(self, x: Tensor) -> Tensor:
        y = x.array - np.maximum.reduce(x.array, -1, keepdims=True)
        np.exp(y, out=y)
        y /= np.add.reduce(y, -1, keepdims=True)
        return Tensor(y, x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor) -> Iterator[Flow]:
        yield to(x, softmax_gradient, dy, y)

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        row = x.row(*index[:-1])
        largest = row.largest()
        shift = Named("max", largest)
        share = exp(row[index[-1]] - shift) / over(lambda x: exp(x - shift), x=row)
        note = _undefined(largest, row.axis)
        return Noted(share, note) if note else share

    def note(self, record: Record) -> str:
        return _("softmax over {axis}").format(axis=record.output.axes[-1])


def _undefined(largest: Leaf, axis: Axis) -> str:
    """Why the shares of a row are nan, if its largest value makes them so."""
    if largest.value == -math.inf:
        return _("the whole row over {axis} is hidden: max is −∞, and −∞ − (−∞) is nan").format(axis=axis.name)
    if largest.value == math.inf:
        return _("{cell} is ∞, and ∞ − ∞ is nan").format(cell=largest)
    return (
        _("{cell} is nan, which makes nan of the whole row").format(cell=largest)
        if largest.value != largest.value
        else ""
    )


class Loss(Operation, logits="z"):
    """[position, vocab] -> [position]: −log softmax(logits) of the next id, for the positions from ``start``."""

    formula = N_("−log p(next id)")
    latex = r"-\log p(y_{t+1}) = \log \sum_i e^{z_i - \max z} + \max z - z_{y_{t+1}}"
    reference = N_("Vaswani et al. 2017, §5.4 (without label smoothing)")
    traits = Trait.LOSS

    def forward(self, logits: Tensor, *, gold: Sequence[int], start: int) -> Tensor:
        where = slice(start, start + len(gold))
        rows, position = logits.array[where], logits.dims[0]
        shift = np.maximum.reduce(rows, -1, keepdims=True)
        normaliser = np.log(np.add.reduce(np.exp(rows - shift), -1)) + shift[:, 0]
        labels = None if position.labels is None else position.labels[where]
        return Tensor(normaliser - rows[np.arange(len(gold)), list(gold)], (position._replace(labels=labels),))

    def backward(self, dy: Tensor, y: Tensor, logits: Tensor, *, gold: Sequence[int], start: int) -> Iterator[Flow]:
        yield to(logits, loss_gradient, dy, logits, gold=gold, start=start)

    def derive(self, index: tuple[int, ...], logits: Tensor, *, gold: Sequence[int], start: int) -> Node:
        row = logits.row(start + index[0])
        shift = Named("max", row.largest())
        told = _("the next id is {id}; as p = exp(z − max) / Σ exp(z − max), −log p = log Σ exp(z − max) + max − z")
        token = gold[index[0]]
        return Noted(log(over(lambda z: exp(z - shift), z=row)) + shift - row[token], told.format(id=token))


softmax = Softmax()
loss = Loss()
