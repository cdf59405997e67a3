"""The shapes in which a reference may hold what a record has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

from ..tensor import Array, Tensor


class Fitted(NamedTuple):
    """An array in our axes, and the part of the record that it is."""

    theirs: Array
    where: tuple[slice, ...]


def fitted(theirs: Array, tensor: Tensor, *, is_module: bool) -> Fitted | None:
    """An array as the whole of a tensor, or as its last position; None if it has the shape of neither.

    Axes of one place may be missing, or be there in addition; all may be laid out in a row. Modules have positions
    first and heads side by side, or a bias with its heads last.
    """
    for where in _parts(tensor):
        shape = tuple(len(range(*cut.indices(n))) for cut, n in zip(where, tensor.shape, strict=True))
        for stored, order in _layouts(shape, tensor, is_module=is_module):
            if _is_shape(theirs.shape, stored):
                turned = theirs.reshape([n for part in stored for n in part]).transpose(order)
                return Fitted(turned.reshape(shape), where)
    return None


def _parts(tensor: Tensor) -> Iterator[tuple[slice, ...]]:
    """All of a tensor; of what a decoder computes, its last position."""
    whole = [slice(0, n) for n in tensor.shape]
    yield tuple(whole)
    axis = next((n for n, name in enumerate(tensor.axes) if name in ("position", "query")), None)
    if axis is not None and not tensor.path.startswith("encoder"):
        last = slice(tensor.shape[axis] - 1, tensor.shape[axis])
        yield (*whole[:axis], last, *whole[axis + 1 :])


Layout = Sequence[Sequence[int]]
"""The axes in which something is stored; several of ours that stand in one of them are told apart."""


def _layouts(shape: tuple[int, ...], tensor: Tensor, *, is_module: bool) -> Iterator[tuple[Layout, Sequence[int]]]:
    """How a tensor may be stored, with the order of axes that makes ours of it."""
    if is_module and tensor.path.endswith(".position_bias"):
        yield [[n] for n in (*shape[1:], shape[0])], (2, 0, 1)
    elif is_module and tensor.axes[-1:] == ("d_k",):
        heads, length, d_k = shape
        yield [[length], [heads, d_k]], (1, 0, 2)
        yield [[length], [heads], [d_k]], (1, 0, 2)
    else:
        yield [[n] for n in shape], range(len(shape))


def _is_shape(theirs: Sequence[int], stored: Layout) -> bool:
    """Whether a shape is another but for axes of one place, or for all of it being laid out in a row."""
    lengths = [prod(part) for part in stored]
    return _long(theirs) == _long(lengths) or list(theirs) == [prod(lengths)]


def _long(shape: Sequence[int]) -> list[int]:
    return [n for n in shape if n != 1]
