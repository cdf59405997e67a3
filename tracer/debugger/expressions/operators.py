"""The operators: numpy's arithmetic by the names of axes, in which nothing grows without limit or wraps around."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...alignment import Aligned, aligned, product
from ...stack import Ragged, there
from ...tensor import Tensor
from .lexing import BITS
from .values import LARGEST, NUMPY, mapped, settled, single


class Operator(NamedTuple):
    """An operator as it is written, and what it does."""

    symbol: str
    apply: Callable[..., Any]


def cellwise(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of numbers as one of values, which keep their axes."""

    def computed(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return function(value)
        are_there = value.there if isinstance(value, Ragged) else None
        return settled(function(_data(value.array)), value.dims, are_there)

    return mapped(computed)


def _paired(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A function of two numbers as one of two values, whose axes meet by name.

    Raises:
        InputError: they don't.
    """

    def computed(left: Any, right: Any) -> Any:
        if not isinstance(left, Tensor) and not isinstance(right, Tensor):
            return function(left, right)
        x, y, dims = _met(single(left), single(right))
        if not isinstance(left, Ragged) and not isinstance(right, Ragged):
            return settled(function(x, y), dims) if dims else function(x, y)
        return settled(function(_data(x), _data(y)), dims, there(x) & there(y))

    return mapped(computed)


def _met(left: Any, right: Any) -> Aligned:
    """Two values as arrays that fit each other, or numbers."""
    match left, right:
        case Tensor(), Tensor():
            return aligned(left, right)
        case Tensor(), _:
            return Aligned(left.array, right, left.dims)
        case _, Tensor():
            return Aligned(left, right.array, right.dims)
        case _:
            return Aligned(left, right, ())


def _data(array: Any) -> Any:
    """The numbers of an array, also where cells are not there."""
    return array if type(array) is np.ndarray or not isinstance(array, np.ndarray) else np.asarray(array)


def _arithmetic(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Whole numbers of tensors are computed with as Python has them, or in float64: neither wraps around."""

    def combined(left: Any, right: Any) -> Any:
        result = function(_unwrapped(left), _unwrapped(right))
        if isinstance(result, int) and result.bit_length() > BITS:
            raise OverflowError
        return result

    return _paired(combined)


def _product(left: Any, right: Any) -> Any:
    """Σ over an axis of two tensors; cells that are not there add nothing."""
    if not all(isinstance(value, Tensor) and value.dims for value in (left, right)):
        raise ValueError
    meeting = product(left, right)
    if meeting.size > LARGEST:
        raise OverflowError
    if not isinstance(left, Ragged) and not isinstance(right, Ragged):
        return settled(meeting.of(_unwrapped(left.array), _unwrapped(right.array)), meeting.dims)
    x, y = (_unwrapped(np.where(there(side.array), side.array, 0)) for side in (left, right))
    terms = meeting.of(*(there(side.array).astype(np.float64) for side in (left, right)))
    return settled(meeting.of(x, y), meeting.dims, terms > 0)


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


BINARY: dict[type[ast.operator], Operator] = {
    ast.Add: Operator("+", _arithmetic(operator.add)),
    ast.Sub: Operator("-", _arithmetic(operator.sub)),
    ast.Mult: Operator("*", _arithmetic(operator.mul)),
    ast.Div: Operator("/", _arithmetic(_divide)),
    ast.Pow: Operator("**", _arithmetic(_power)),
    ast.MatMult: Operator("@", mapped(_product)),
}
UNARY: dict[type[ast.unaryop], Operator] = {
    ast.USub: Operator("-", cellwise(_negative)),
    ast.UAdd: Operator("+", cellwise(_positive)),
}
COMPARISONS: dict[type[ast.cmpop], Operator] = {
    ast.Lt: Operator("<", _paired(operator.lt)),
    ast.LtE: Operator("<=", _paired(operator.le)),
    ast.Gt: Operator(">", _paired(operator.gt)),
    ast.GtE: Operator(">=", _paired(operator.ge)),
    ast.Eq: Operator("==", _paired(operator.eq)),
    ast.NotEq: Operator("!=", _paired(operator.ne)),
}
BOTH = Operator("and", _paired(np.logical_and))
"""How the links of a chained comparison join."""
