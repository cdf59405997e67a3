"""Gradients of the stages between logits and a choice; rows before the last, which nothing was made of, have 0.

What is −∞ stays so whatever changes a little: it has 0, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from ...arithmetic import Given, Node, Noted, Number, Replaced, exp, over
from ...i18n import N_, _
from ...operation import Gradient
from ...tensor import Array, Axis, Tensor
from .linear import BACKPROPAGATION

Dtype: TypeAlias = type[np.floating[Any]]


class KeptGradient(Gradient):
    """[vocab], and what came out -> [vocab], or [position, vocab]: dy of what was kept, 0 of what was cut to −∞."""

    formula = N_("dy where y > −∞, else 0")
    latex = N_("{value} if {kept}, else {never}").typeset(value=r"\bar{y}", kept=r"y > -\infty", never="0")
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, y: Tensor, *, like: tuple[Axis, ...], shape: tuple[int, ...]) -> Tensor:
        return _in_last(np.where(np.isneginf(y.array), 0, dy.array), like, shape)

    def derive(
        self, index: tuple[int, ...], dy: Tensor, y: Tensor, *, like: tuple[Axis, ...], shape: tuple[int, ...]
    ) -> Node:
        if _is_before(index, shape):
            return _unread()
        cell, kept = dy.leaf(index[-1]), y.leaf(index[-1])
        if kept.value != -math.inf:
            return cell
        return Given(Replaced(Number(0.0), cell), (kept, Number(-math.inf)), ("≤",))


class RepetitionGradient(Gradient, penalty="θ"):
    """[vocab], and the row that was changed -> as that."""

    formula = N_("dy · θ where z < 0, dy / θ where not, of tokens that repeat; dy of the others")
    latex = N_("{below} if {negative}, else {above}").typeset(
        below=r"\bar{y}_i \theta", negative="z_i < 0", above=r"\bar{y}_i / \theta"
    )
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, z: Tensor, *, ids: Sequence[int], penalty: float) -> Tensor:
        row, before, factor = dy.array.copy(), z.array[_last(z.shape)], dy.dtype.type(penalty)
        repeated = [i for i in set(ids) if i < len(row)]
        cells = row[repeated]
        row[repeated] = np.where(before[repeated] < 0, cells * factor, cells / factor)
        return _in_last(row, z.dims, z.shape)

    def derive(self, index: tuple[int, ...], dy: Tensor, z: Tensor, *, ids: Sequence[int], penalty: float) -> Node:
        if _is_before(index, z.shape):
            return _unread()
        if index[-1] not in ids:
            return dy.leaf(index[-1])
        slope, cell, zero, factor = dy.leaf(index[-1]), z.leaf(*index), Number(0.0), Number(penalty, "θ")
        if cell.value < 0:
            return Given(slope * factor, (cell, zero), ("<",))
        return Given(slope / factor, (zero, cell), ("≤",)) if cell.value >= 0 else slope / factor


class LengthDecayGradient(Gradient, gain="g"):
    """[vocab], and the row that was changed -> as that; ``gain`` is what |z| of an end token was taken times."""

    formula = N_("dy · (1 + sign z · g) of end tokens, dy of the others")
    latex = r"\bar{y}_i (1 + \mathrm{sign}(z_i) \, g),\quad g = f^n - 1"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, z: Tensor, *, ids: Sequence[int], gain: float) -> Tensor:
        row, before = dy.array.copy(), z.array[_last(z.shape)]
        ends = [i for i in ids if np.isfinite(before[i])]
        row[ends] *= 1 + np.sign(before[ends]) * row.dtype.type(gain)
        return _in_last(row, z.dims, z.shape)

    def derive(self, index: tuple[int, ...], dy: Tensor, z: Tensor, *, ids: Sequence[int], gain: float) -> Node:
        if _is_before(index, z.shape):
            return _unread()
        slope, cell = dy.leaf(index[-1]), z.leaf(*index)
        if index[-1] not in ids or not math.isfinite(cell.value) or cell.value == 0:
            return slope
        one, zero, g = Number(1.0), Number(0.0), Number(gain, "g")
        below, above = Given(slope * (one - g), (cell, zero), ("<",)), Given(slope * (one + g), (zero, cell), ("<",))
        return below if cell.value < 0 else above


class LogSoftmaxGradient(Gradient):
    """[vocab], and what came out -> as `KeptGradient`: what all logarithms gain is taken off each by its share."""

    formula = "dy − exp(y) · Σ dy"
    latex = r"\bar{y}_i - e^{y_i} \textstyle\sum_j \bar{y}_j"
    reference = "Bridle 1990"

    def forward(self, dy: Tensor, y: Tensor, *, like: tuple[Axis, ...], shape: tuple[int, ...]) -> Tensor:
        return _in_last(dy.array - np.exp(y.array) * np.add.reduce(dy.array), like, shape)

    def derive(
        self, index: tuple[int, ...], dy: Tensor, y: Tensor, *, like: tuple[Axis, ...], shape: tuple[int, ...]
    ) -> Node:
        if _is_before(index, shape):
            return _unread()
        return dy.leaf(index[-1]) - exp(y.leaf(index[-1])) * over(lambda dy: dy, dy=dy.row())


class TokenGradient(Gradient):
    """A scalar -> [vocab]: of the one token whose number was taken, in the type that the numbers have."""

    formula = N_("dy at the token, 0 elsewhere")
    latex = r"\bar{y} \;\text{in place}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, *, token: int, like: tuple[Axis, ...], length: int, dtype: Dtype) -> Tensor:
        placed = np.zeros(length, dtype)
        placed[token] = dy.array
        return Tensor(placed, like)

    def derive(
        self, index: tuple[int, ...], dy: Tensor, *, token: int, like: tuple[Axis, ...], length: int, dtype: Dtype
    ) -> Node:
        return dy.leaf() if index[0] == token else Number(0.0)


def _last(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The place of the last row, on every axis but that of the vocabulary."""
    return tuple(n - 1 for n in shape[:-1])


def _in_last(row: Array, like: tuple[Axis, ...], shape: tuple[int, ...]) -> Tensor:
    """The row as the last of so many, 0 in all before."""
    placed = np.zeros(shape, row.dtype)
    placed[_last(shape)] = row
    return Tensor(placed, like)


def _is_before(index: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return index[:-1] != _last(shape)


def _unread() -> Node:
    return Noted(Number(0.0), _("the last position alone is read"))


kept_gradient = KeptGradient()
repetition_gradient = RepetitionGradient()
length_decay_gradient = LengthDecayGradient()
log_softmax_gradient = LogSoftmaxGradient()
token_gradient = TokenGradient()
