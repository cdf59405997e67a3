"""The operators: numpy's arithmetic by the names of axes, in which nothing grows without limit or wraps around."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ...alignment import Aligned, aligned, product, unaligned
from ...namedtuple import NamedTuple
from ...stack import Ragged, there
from ...tensor import Array, Tensor
from .gradients import Worked, numbers, over_each, passed_on
from .lexing import BITS
from .values import LARGEST, NUMPY, mapped, settled, single


class Operator(NamedTuple):
    """An operator as it is written, and what it does; ``worked`` does the same with the way back, if there is one."""

    symbol: str
    apply: Callable[..., Any]
    worked: Callable[..., Worked] | None = None


def cellwise(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of numbers as one of values, which keep their axes."""

    def computed(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return function(value)
        are_there = value.there if isinstance(value, Ragged) else None
        return settled(function(_data(value.array)), value.dims, are_there)

    return mapped(computed)


def cellwise_worked(function: Callable[[Any], Any], slope: Callable[[Array, Array], Any]) -> Callable[[Any], Worked]:
    """As `cellwise`, with the way back by the slope of every cell: of what it was, and what became of it."""
    computed = cellwise(function)

    def worked(value: Any) -> Worked:
        found = computed(value)
        return Worked(found, lambda gradient: [passed_on(gradient, slope(numbers(value), numbers(found)))])

    return over_each(worked)


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


Slopes = Callable[[Array, Array, Array], tuple[Any, Any]]
"""Of two numbers, and what became of them: its slope by each."""


def _paired_worked(computed: Callable[[Any, Any], Any], slopes: Slopes) -> Callable[[Any, Any], Worked]:
    """What `_paired` made, with the way back."""

    def worked(left: Any, right: Any) -> Worked:
        found = computed(left, right)

        def back(gradient: Any) -> tuple[Any, Any]:
            x, y, _dims = _met(single(left), single(right))
            by_x, by_y = slopes(numbers(x), numbers(y), numbers(found))
            return _apart(passed_on(gradient, by_x), passed_on(gradient, by_y), single(left), single(right))

        return Worked(found, back)

    return over_each(worked)


def _apart(of_left: Array, of_right: Array, left: Any, right: Any) -> tuple[Any, Any]:
    """What two values gain where they have met, by the cells of each."""
    match left, right:
        case Tensor(), Tensor():
            return unaligned(of_left, of_right, left, right)
        case Tensor(), _:
            return of_left, of_right.sum()
        case _, Tensor():
            return of_left.sum(), of_right
        case _:
            return of_left, of_right


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


def _arithmetic(symbol: str, function: Callable[[Any, Any], Any], slopes: Slopes) -> Operator:
    """Whole numbers of tensors are computed with as Python has them, or in float64: neither wraps around."""

    def combined(left: Any, right: Any) -> Any:
        result = function(_unwrapped(left), _unwrapped(right))
        if isinstance(result, int) and result.bit_length() > BITS:
            raise OverflowError
        return result

    computed = _paired(combined)
    return Operator(symbol, computed, _paired_worked(computed, slopes))


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


def _product_worked(left: Any, right: Any) -> Worked:
    """A product, with the way back; cells that are not there gain nothing."""
    found = _product(left, right)
    are_there = there(left.array), there(right.array)

    def back(gradient: Any) -> list[Array]:
        x, y = (np.where(known, numbers(side), 0.0) for known, side in zip(are_there, (left, right), strict=True))
        gained = product(left, right).back(gradient, x, y)
        return [np.where(known, each, 0.0) for known, each in zip(are_there, gained, strict=True)]

    return Worked(found, back)


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


def _of_power(x: Array, y: Array, power: Array) -> tuple[Array, Array]:
    """y xʸ⁻¹ and xʸ ln x; a power of exactly 0 gains nothing by its exponent."""
    return y * x ** np.where(y == 0, 1.0, y - 1), passed_on(power, np.log(x))


def _signed(symbol: str, function: Callable[[Any], Any], sign: float) -> Operator:
    return Operator(symbol, cellwise(function), cellwise_worked(function, lambda _x, _y: sign))


BINARY: dict[type[ast.operator], Operator] = {
    ast.Add: _arithmetic("+", operator.add, lambda _x, _y, _sum: (1.0, 1.0)),
    ast.Sub: _arithmetic("-", operator.sub, lambda _x, _y, _difference: (1.0, -1.0)),
    ast.Mult: _arithmetic("*", operator.mul, lambda x, y, _product: (y, x)),
    ast.Div: _arithmetic("/", _divide, lambda _x, y, ratio: (1 / y, -ratio / y)),
    ast.Pow: _arithmetic("**", _power, _of_power),
    ast.MatMult: Operator("@", mapped(_product), over_each(_product_worked)),
}
UNARY: dict[type[ast.unaryop], Operator] = {
    ast.USub: _signed("-", _negative, -1.0),
    ast.UAdd: _signed("+", _positive, 1.0),
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
