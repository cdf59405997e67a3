"""The functions of the expression language, each a few lines of numpy, by how they meet a tensor."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from ...addresses import Label
from ...ops.softmax import softmax
from ...tensor import Array, Tensor
from .values import everything, mapped

Function = Callable[[Any], Any]


def _entropy(p: Array) -> Array:
    """[…, n] -> […]: −Σ p log₂ p in bits, accumulated in float64; an exact zero adds nothing."""
    p = np.asarray(p, np.float64)
    terms = p * np.log2(np.where(p == 0, 1.0, p))
    return np.asarray(0.0 - np.add.reduce(terms, -1))


def _softmax(x: Array) -> Array:
    """[…, n] -> […, n]: as the operation computes it."""
    x = np.asarray(x)
    return softmax.forward(Tensor(x if x.dtype.kind == "f" else x.astype(np.float64), ())).array


def _argmax(x: Array) -> Any:
    return np.argmax(_with_an_axis(x), -1)


def _argmin(x: Array) -> Any:
    return np.argmin(_with_an_axis(x), -1)


def _with_an_axis(x: Array) -> Array:
    if np.ndim(x) == 0:
        raise ValueError
    return x


def _sum(x: Array) -> Any:
    return np.add.reduce(x, None, np.float64)


def _mean(x: Array) -> Any:
    if not x.size:
        raise ValueError
    return _sum(x) / x.size


def _std(x: Array) -> Any:
    """The standard deviation of a whole population."""
    return np.sqrt(_mean((x - _mean(x)) ** 2))


def _norm(x: Array) -> Any:
    """√Σx², however many axes there are."""
    return np.sqrt(_sum(np.square(x, dtype=np.float64)))


CELLWISE: dict[str, Function] = {
    "abs": np.absolute,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "isnan": np.isnan,
}
KEEPING_AXES = (*CELLWISE, "softmax")
"""Those whose value has the axes of what they are given."""
ALONG_LAST_AXIS: dict[str, Function] = {
    "entropy": _entropy,
    "softmax": _softmax,
    "argmax": _argmax,
    "argmin": _argmin,
}
OVER_EVERYTHING: dict[str, Function] = {
    "max": lambda x: np.maximum.reduce(x, None),
    "min": lambda x: np.minimum.reduce(x, None),
    "sum": _sum,
    "mean": _mean,
    "std": _std,
    "norm": _norm,
    "any": lambda x: x.any(),
    "all": lambda x: x.all(),
}


def _of_everything(function: Function) -> Function:
    return lambda value: function(everything(value))


FUNCTIONS: dict[str, Function] = {
    **{name: mapped(function) for name, function in CELLWISE.items()},
    **{name: mapped(function) for name, function in ALONG_LAST_AXIS.items()},
    **{name: _of_everything(function) for name, function in OVER_EVERYTHING.items()},
    "shape": mapped(lambda x: np.array(np.shape(x), np.int64)),
}
"""What may be called with a value. A glob's tensors are taken one by one, or all together by `OVER_EVERYTHING`."""


class Moment(Protocol):
    """The moment of a run that an expression may ask about."""

    @property
    def step(self) -> int: ...

    @property
    def token(self) -> str | None: ...

    @property
    def text(self) -> str: ...


VARIABLES: dict[str, Callable[[Moment], Any]] = {
    "inf": lambda _moment: math.inf,
    "step": lambda moment: moment.step,
    "token": lambda moment: moment.token or "",
    "text": lambda moment: moment.text,
}
"""What may be named without being an address: a number, a piece, and the output so far."""


def _prob(row: Array, place: int) -> Any:
    return row[place]


def _rank(row: Array, place: int) -> int:
    """From 1; of equals the first ranks higher."""
    return 1 + int(np.count_nonzero(row > row[place]) + np.count_nonzero(row[:place] == row[place]))


DISTRIBUTION: dict[str, Callable[[Array, int], Any]] = {"prob": _prob, "rank": _rank}
"""What may be called with a piece of the vocabulary: the row of probabilities, [vocab], and the place of the piece."""


class Placed:
    """The place of a piece along the vocabulary, looked up again only when the labels are others.

    Calling it with the row [vocab] raises SelectorError where the piece is not in the vocabulary.
    """

    __slots__ = ("_label", "_labels", "_place")

    def __init__(self, label: Label) -> None:
        self._label = label
        self._labels: object = None
        self._place: int | slice = 0

    def __call__(self, row: Tensor) -> int:
        labels = row.dims[0].labels
        if labels is None or labels is not self._labels:
            (self._place,) = row.locate((self._label,))
            self._labels = labels
        assert isinstance(self._place, int)
        return self._place
