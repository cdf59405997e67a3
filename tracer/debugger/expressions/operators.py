"""The operators: numpy's arithmetic, in which nothing grows without limit and nothing wraps around."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .lexing import BITS
from .values import NUMPY, mapped

LARGEST = 2**27
"""Cells in a result."""

Shape = tuple[int, ...]


class Operator(NamedTuple):
    """An operator as it is written, and what it does."""

    symbol: str
    apply: Callable[..., Any]


def _bounded(function: Callable[[Any, Any], Any], shape: Callable[[Shape, Shape], Shape]) -> Callable[..., Any]:
    """``function``, unless the shape of its result is too large.

    Raises:
        OverflowError: it is.
    """

    def within_bounds(left: Any, right: Any) -> Any:
        if isinstance(left, np.ndarray) and isinstance(right, np.ndarray) and left.size * right.size > LARGEST:
            _refuse_larger(math.prod(shape(left.shape, right.shape)))
        return function(left, right)

    return within_bounds


def _arithmetic(
    function: Callable[[Any, Any], Any], shape: Callable[[Shape, Shape], Shape] = np.broadcast_shapes
) -> Callable[..., Any]:
    """Whole numbers of tensors are computed with as Python has them, or in float64: neither wraps around."""
    compute = _bounded(function, shape)

    def combined(left: Any, right: Any) -> Any:
        result = compute(_unwrapped(left), _unwrapped(right))
        if isinstance(result, int) and result.bit_length() > BITS:
            raise OverflowError
        return result

    return mapped(combined)


def _comparison(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return mapped(_bounded(function, np.broadcast_shapes))


def _refuse_larger(cells: int) -> None:
    if cells > LARGEST:
        raise OverflowError


def _unwrapped(value: Any) -> Any:
    if not isinstance(value, NUMPY) or value.dtype.kind not in "biu":
        return value
    return value.astype(np.float64) if value.ndim else value.item()


def _divide(left: Any, right: Any) -> Any:
    if not (right.all() if isinstance(right, np.ndarray) else right):
        raise ZeroDivisionError
    return left / right


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and (base.bit_length() - 1) * exponent > BITS:
        raise OverflowError
    with np.errstate(divide="raise"):
        power = base**exponent
    return math.nan if isinstance(power, complex) else power


def _negative(value: Any) -> Any:
    return -_unwrapped(value)


def _positive(value: Any) -> Any:
    return +_unwrapped(value)


def _product_shape(left: Shape, right: Shape) -> Shape:
    """[…, n, k] @ […, k, m] -> […, n, m]."""
    return (*np.broadcast_shapes(left[:-2], right[:-2]), *left[-2:-1], *right[1:][-1:])


BINARY: dict[type[ast.operator], Operator] = {
    ast.Add: Operator("+", _arithmetic(operator.add)),
    ast.Sub: Operator("-", _arithmetic(operator.sub)),
    ast.Mult: Operator("*", _arithmetic(operator.mul)),
    ast.Div: Operator("/", _arithmetic(_divide)),
    ast.Pow: Operator("**", _arithmetic(_power)),
    ast.MatMult: Operator("@", _arithmetic(np.matmul, _product_shape)),
}
UNARY: dict[type[ast.unaryop], Operator] = {
    ast.USub: Operator("-", mapped(_negative)),
    ast.UAdd: Operator("+", mapped(_positive)),
}
COMPARISONS: dict[type[ast.cmpop], Operator] = {
    ast.Lt: Operator("<", _comparison(operator.lt)),
    ast.LtE: Operator("<=", _comparison(operator.le)),
    ast.Gt: Operator(">", _comparison(operator.gt)),
    ast.GtE: Operator(">=", _comparison(operator.ge)),
    ast.Eq: Operator("==", _comparison(operator.eq)),
    ast.NotEq: Operator("!=", _comparison(operator.ne)),
}
BOTH = Operator("and", _comparison(np.logical_and))
"""How the links of a chained comparison join."""
