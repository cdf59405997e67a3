"""Functions of every cell by itself, and of a value's shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....tensor import Axis, Tensor
from .kinds import OfCells, OfValue, function


@function("abs", OfCells, slope=lambda x, _y: np.sign(x))
def abs_(x: Any) -> Any:
    """The size of every cell without its sign: |x|.

    (tx) print max(abs(dec.0.ffn.norm), feature)
    """
    return np.absolute(x)


@function("exp", OfCells, slope=lambda _x, y: y)
def exp(x: Any) -> Any:
    """The exponential of every cell: eˣ.

    (tx) print exp(dec.0.cross.scores[h0, -1])
    """
    return np.exp(x)


@function("log", OfCells, slope=lambda x, _y: 1 / x)
def log(x: Any) -> Any:
    """The natural logarithm of every cell: ln x.

    That of 0 is −∞, that of a negative number nan.

    (tx) print -log(dec.0.cross.weights[h0, -1])
    """
    return np.log(x)


@function("sqrt", OfCells, slope=lambda _x, y: 0.5 / y)
def sqrt(x: Any) -> Any:
    """The square root of every cell: √x.

    That of a negative number is nan.

    (tx) print sqrt(sum(dec.0.ffn.norm ** 2, feature))
    """
    return np.sqrt(x)


@function("sin", OfCells, slope=lambda x, _y: np.cos(x))
def sin(x: Any) -> Any:
    """The sine of every cell, in radians: sin x.

    (tx) print enc.embed.positions[:, 0] - sin(1)
    """
    return np.sin(x)


@function("cos", OfCells, slope=lambda x, _y: -np.sin(x))
def cos(x: Any) -> Any:
    """The cosine of every cell, in radians: cos x.

    (tx) print enc.embed.positions[:, 1] - cos(1)
    """
    return np.cos(x)


@function("isnan", OfCells)
def isnan(x: Any) -> Any:
    """Whether a cell is nan, not a number.

    (tx) print any(isnan(**))
    """
    return np.isnan(x)


@function("shape", OfValue)
def shape(x: Any) -> Any:
    """The length of every axis, in order.

    (tx) print shape(dec.0.cross.weights)
    """
    names = x.axes if isinstance(x, Tensor) else ()
    return Tensor(np.array(np.shape(x), np.int64), (Axis("axis", names),))
