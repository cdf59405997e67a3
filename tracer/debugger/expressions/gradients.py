"""How a gradient goes back from a value to those that it was made of.

A gradient is what an expression gains by every cell of a value, in double precision: an array of the value's shape, or
one for each tensor of a glob.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...backward import Slope
from ...namedtuple import NamedTuple
from ...stack import Ragged
from ...tensor import Array, Tensor
from .values import Several, everything, turns, united


class Worked(NamedTuple):
    """What an operation yields, and the way ``back`` from its gradient to that of each operand."""

    value: Any
    back: Callable[[Any], Sequence[Any]]


class Traced(NamedTuple):
    """The value of an expression or of a part of it, and the way ``back`` from its gradient to those of records."""

    value: Any
    back: Callable[[Any], Iterator[Slope]]


def numbers(value: Any) -> Array:
    """The cells of a number, an array or a tensor in double precision, also where they are not there."""
    return np.asarray(value.array if isinstance(value, Tensor) else value, np.float64)


def passed_on(gradient: Any, slope: Any) -> Array:
    """What of a gradient comes through a slope, cell by cell: of 0 nothing, however steep it is."""
    found: Array = np.where(gradient == 0, 0.0, gradient * slope)
    return found


def over_each(work: Callable[..., Worked]) -> Callable[..., Worked]:
    """As `mapped`, with the way back; raises as it does."""

    def worked(*values: Any) -> Worked:
        if Several not in map(type, values):
            return work(*values)
        addresses, operands = turns(values)
        found = [work(*turn) for turn in operands]
        parts = tuple(each.value for each in found)

        def back(gradient: Any) -> Sequence[Any]:
            gained = [each.back(part) for each, part in zip(found, parted(gradient, parts), strict=True)]
            return [
                each if isinstance(value, Several) else sum(each)
                for value, each in zip(values, zip(*gained, strict=True), strict=True)
            ]

        return Worked(united(Several(addresses, parts)), back)

    return worked


def parted(gradient: Any, values: Sequence[Any]) -> tuple[Any, ...]:
    """From the gradient of several values, which `united` may have made one, to that of each."""
    if isinstance(gradient, tuple):
        return gradient
    return tuple(part[tuple(map(slice, np.shape(value)))] for part, value in zip(gradient, values, strict=True))


def scattered(gradient: Array, value: Any) -> Any:
    """From the gradient of `everything` of a value, [n], to that of the value."""
    match value:
        case Several():
            ends = np.cumsum([everything(part).size for part in value.values])
            return tuple(map(scattered, np.split(gradient, ends[:-1]), value.values))
        case Ragged():
            whole = np.zeros(value.shape)
            whole[value.there] = gradient
            return whole
        case _:
            return gradient.reshape(np.shape(value))
