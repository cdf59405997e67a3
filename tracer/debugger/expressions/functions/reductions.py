"""Functions over everything or, where axes are named, over these: each takes [… , n] and which cells are there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....ops.gradients.softmax import softmax_gradient
from ....ops.softmax import softmax as operation
from ....tensor import Array, Tensor
from .kinds import KeepingAxes, OverAll, OverLast, Placing, There, filled, function


def _only(places: Array, n: int) -> Array:
    """[…] -> [… , n]: 1 at a place, 0 elsewhere."""
    found: Array = np.arange(n) == places[..., None]
    return found


def _of_largest(x: Array, _largest: Array, there: There) -> Array:
    return _only(np.argmax(filled(x, there, -np.inf), -1), x.shape[-1])


def _of_smallest(x: Array, _smallest: Array, there: There) -> Array:
    return _only(np.argmin(filled(x, there, np.inf), -1), x.shape[-1])


def _count(x: Array, there: There) -> Any:
    """How many cells are there."""
    return x.shape[-1] if there is True else np.count_nonzero(there, -1)


def _of_mean(x: Array, _mean: Array, there: There) -> Array:
    return 1 / np.asarray(_count(x, there))[..., None]


def _of_length(x: Array, length: Array, _there: There = True) -> Array:
    """xᵢ / √(Σ xⱼ²); 0 where that is 0."""
    return np.divide(x, length, out=np.zeros(x.shape), where=length != 0)


def _of_deviation(x: Array, deviation: Array, there: There) -> Array:
    """(xᵢ − μ) / n σ; 0 where σ is 0."""
    return _of_length(x - mean.compute(x, there)[..., None], deviation) * _of_mean(x, deviation, there)


def _of_entropy(p: Array, _entropy: Array, _there: There) -> Array:
    """−(log₂ pᵢ + 1 / ln 2); an exact 0, which adds nothing, gains nothing."""
    return np.where(p == 0, 0.0, -np.log2(p) - 1 / np.log(2))


def _of_softmax(gradient: Array, probs: Array) -> Array:
    return softmax_gradient.forward(Tensor(gradient, ()), Tensor(probs, ())).array


def _of_log_softmax(gradient: Array, logs: Array) -> Array:
    found: Array = gradient - np.exp(logs) * np.add.reduce(gradient, -1, keepdims=True)
    return found


@function("max", OverAll, slope=_of_largest)
def max_(x: Array, there: There) -> Any:
    """The largest cell: max xᵢ.

    Where a cell is nan, so is the result.

    (tx) print max(dec.0.cross.weights)
    (tx) print max(dec.*.cross.weights[:, -1], key)
    """
    return np.maximum.reduce(filled(x, there, -np.inf), -1)


@function("min", OverAll, slope=_of_smallest)
def min_(x: Array, there: There) -> Any:
    """The smallest cell: min xᵢ.

    Where a cell is nan, so is the result.

    (tx) print min(dec.0.cross.scores, head, query)
    """
    return np.minimum.reduce(filled(x, there, np.inf), -1)


@function("sum", OverAll, slope=lambda _x, _sum, _there: 1.0)
def sum_(x: Array, there: There) -> Any:
    """The sum of cells: Σ xᵢ.

    It is added up in double precision. Of truth values it is how many are true.

    (tx) print sum(dec.0.cross.weights, key)
    (tx) print sum(dec.0.cross.weights > .5, key)
    """
    return np.add.reduce(x, -1, np.float64, where=there)


@function("mean", OverAll, slope=_of_mean)
def mean(x: Array, there: There) -> Any:
    """The mean of cells: Σ xᵢ / n.

    (tx) print mean(dec.0.cross.weights, head)
    (tx) print mean(dec.*.cross.weights, head, layer)
    """
    if not x.shape[-1]:
        raise ValueError
    return np.add.reduce(x, -1, np.float64, where=there) / _count(x, there)


@function("std", OverAll, slope=_of_deviation)
def std(x: Array, there: There) -> Any:
    """The standard deviation of cells: √(Σ (xᵢ − μ)² / n).

    It is that of a whole population: n, not n − 1.

    (tx) print std(dec.0.ffn.residual, feature)
    """
    return np.sqrt(mean.compute((x - mean.compute(x, there)[..., None]) ** 2, there))


@function("norm", OverAll, slope=_of_length)
def norm(x: Array, there: There) -> Any:
    """The Euclidean length: √(Σ xᵢ²).

    It is the same over however many axes.

    (tx) print norm(dec.0.ffn.residual, feature)
    """
    return np.sqrt(np.add.reduce(np.square(x, dtype=np.float64), -1, where=there))


@function("any", OverAll)
def any_(x: Array, there: There) -> Any:
    """Whether at least one cell is true.

    A number is true unless it is 0.

    (tx) print any(dec.0.cross.weights > .9, key)
    """
    return np.logical_or.reduce(x, -1, where=there)


@function("all", OverAll)
def all_(x: Array, there: There) -> Any:
    """Whether every cell is true.

    A number is true unless it is 0.

    (tx) print all(dec.0.cross.weights >= 0)
    """
    return np.logical_and.reduce(x, -1, where=there)


@function("entropy", OverLast, slope=_of_entropy)
def entropy(x: Array, there: There) -> Any:
    """The entropy of probabilities in bits: −Σ p log₂ p.

    It says over how much they are spread: 0 is all on one, 2 is evenly on four. An exact 0 adds nothing.

    (tx) print entropy(dec.0.cross.weights)
    (tx) print entropy(dec.*.cross.weights[:, -1], key)
    """
    p = filled(np.asarray(x, np.float64), there, 0)
    return 0.0 - np.add.reduce(p * np.log2(np.where(p == 0, 1.0, p)), -1)


@function("softmax", KeepingAxes, slope=_of_softmax)
def softmax(x: Array, there: There) -> Any:
    """Numbers as probabilities: exp(xᵢ) / Σ exp(xⱼ).

    They add up to 1 along the axes that are named; all axes stay.

    (tx) print softmax(dec.0.cross.scores[h0])
    (tx) print softmax(dec.0.cross.scores, key)
    """
    x = filled(x, there, -np.inf)
    return operation.forward(Tensor(x if x.dtype.kind == "f" else x.astype(np.float64), ())).array


@function("log_softmax", KeepingAxes, slope=_of_log_softmax)
def log_softmax(x: Array, there: There) -> Any:
    """Numbers as log probabilities: xᵢ − ln Σ exp(xⱼ).

    It is worked out in double precision, without the probabilities, which may be too small for a number. All axes stay.

    (tx) print log_softmax(logits[-1])
    """
    x = filled(np.asarray(x, np.float64), there, -np.inf)
    shifted = x - np.maximum.reduce(x, -1, keepdims=True)
    return shifted - np.log(np.add.reduce(np.exp(shifted), -1, keepdims=True))


@function("argmax", Placing)
def argmax(x: Array, there: There) -> Any:
    """The place of the largest cell, counted from 0.

    Of equals it is the first. The token that stands there is named.

    (tx) print argmax(dec.0.cross.weights)
    (tx) print argmax(dec.0.cross.weights[:, -1], key)
    """
    return np.argmax(filled(x, there, -np.inf), -1)


@function("argmin", Placing)
def argmin(x: Array, there: There) -> Any:
    """The place of the smallest cell, counted from 0.

    Of equals it is the first. The token that stands there is named.

    (tx) print argmin(dec.0.cross.weights[:, -1], key)
    """
    return np.argmin(filled(x, there, np.inf), -1)
