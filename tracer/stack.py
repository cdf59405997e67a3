"""Several tensors as one, along a new first axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Any

import numpy as np

from .addresses import Selector
from .tensor import Array, Axis, Statistics, Tensor

LAYER, PLACE, STEP = "layer", "place", "step"
Names = Sequence[Sequence[str]]


class Ragged(Tensor):
    """A tensor of which some cells are not there: ``array`` is masked where they would be."""

    __slots__ = ()

    @property
    def there(self) -> Array:
        """Which cells are."""
        return there(self.array)

    def statistics(self) -> Statistics:
        """Those of the cells that are there."""
        return Tensor(np.asarray(self.array)[self.there], (Axis(PLACE),)).statistics()

    def select(self, selectors: Sequence[Selector]) -> Tensor:
        part = super().select(selectors)
        return part if part is self else Ragged(part.array, part.dims, part.address)


def stacked(tensors: Sequence[Tensor], names: Sequence[str]) -> Tensor | None:
    """Tensors under their dotted names as one: [layer, …] where these differ in one number alone, else [place, …].

    An axis along which they have different labels has none. None where the axes or their lengths differ.
    """
    if any(tensor.shape != tensors[0].shape for tensor in tensors):
        return None
    return padded(tensors, axis_of(tuple(names)))


@lru_cache(maxsize=256)
def axis_of(names: tuple[str, ...]) -> Axis:
    """The axis along which tensors under some dotted names lie: their layers, or what sets the names apart."""
    return _axis(_segments(names))


def by_step(numbers: Sequence[int]) -> Axis:
    """The axis along which tensors of some steps lie."""
    return _numbered(STEP, numbers)


def padded(tensors: Sequence[Tensor], along: Axis) -> Tensor | None:
    """Tensors as one, [along, …]; where one is shorter than others, cells at its end are not there.

    An axis along which they have different labels, the shorter ones besides having fewer, has none. None where the axes
    differ.
    """
    if any(tensor.axes != tensors[0].axes for tensor in tensors):
        return None
    dims = [_shared(axes) for axes in zip(*(tensor.dims for tensor in tensors), strict=True)]
    shape = tuple(max(lengths) for lengths in zip(*(tensor.shape for tensor in tensors), strict=True))
    if all(type(tensor) is not Ragged and tensor.shape == shape for tensor in tensors):
        return Tensor(np.array([tensor.array for tensor in tensors]), (along, *dims))
    arrays, are_there = zip(*(_extended(tensor.array, shape) for tensor in tensors), strict=True)
    return Ragged(with_blanks(np.stack(arrays), np.stack(are_there)), (along, *dims))


def size(tensors: Sequence[Tensor]) -> int:
    """How many cells they have as one."""
    longest: list[int] = [max(lengths) for lengths in zip(*(tensor.shape for tensor in tensors), strict=False)]
    return len(tensors) * math.prod(longest)


def there(array: Any) -> Array:
    """Which cells of an array, or of a number, are there."""
    return np.broadcast_to(~np.asarray(getattr(array, "mask", False)), np.shape(array))


def with_blanks(array: Array, are_there: Array) -> Array:
    """An array of which some cells are not there."""
    masked: Any = np.ma.MaskedArray
    found: Array = masked(array, mask=~are_there)
    return found


def _extended(array: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """An array with more cells at the ends of its axes, so that it has a shape; and which were there before."""
    whole = np.full(shape, np.nan if array.dtype.kind == "f" else 1, array.dtype)
    are_there = np.zeros(shape, bool)
    within = tuple(map(slice, array.shape))
    whole[within], are_there[within] = np.asarray(array), there(array)
    return whole, are_there


def common(names: Sequence[str]) -> str:
    """Dotted names as one, with ``*`` for the number in which they differ; nothing where they differ in more."""
    segments = _segments(names)
    where = _number(segments)
    if where is None:
        return ""
    step, colon, _path = names[0].rpartition(":")
    return step + colon + ".".join("*" if place == where else part for place, part in enumerate(segments[0]))


def _segments(names: Sequence[str]) -> Names:
    return [name.rpartition(":")[2].split(".") for name in names]


def _axis(names: Names) -> Axis:
    where = _sole_number(names[0]) if len(names) == 1 else _number(names)
    if where is None:
        return Axis(PLACE, [".".join(name) for name in _apart(names)])
    return _numbered(LAYER, [int(name[where]) for name in names])


def _numbered(name: str, numbers: Sequence[int]) -> Axis:
    whole = range(numbers[0], numbers[0] + len(numbers))
    return Axis(name, numbers=whole) if list(numbers) == list(whole) else Axis(name, [str(n) for n in numbers])


def _sole_number(name: Sequence[str]) -> int | None:
    """The place of the one segment of a name that is a number."""
    found = [place for place, segment in enumerate(name) if segment.isdigit()]
    return found[0] if len(found) == 1 else None


def _number(names: Names) -> int | None:
    """The place of the one segment that names differ in, if it is a number in each."""
    if len({len(name) for name in names}) > 1:
        return None
    differing = [place for place, segments in enumerate(zip(*names, strict=True)) if len(set(segments)) > 1]
    is_number = len(differing) == 1 and all(name[differing[0]].isdigit() for name in names)
    return differing[0] if is_number else None


def _apart(names: Names) -> Names:
    """Names without the segments at their beginning and end that all of them have, one segment at least."""
    least = min(map(len, names)) - 1
    head = min(_alike(names), least)
    tail = min(_alike([name[::-1] for name in names]), least - head)
    return [name[head : len(name) - tail] for name in names]


def _alike(names: Names) -> int:
    """How many segments all the names begin with."""
    return sum(1 for _segment in takewhile(lambda segments: len(set(segments)) == 1, zip(*names, strict=False)))


def _shared(axes: Sequence[Axis]) -> Axis:
    """An axis of several tensors, with labels where those of the longest begin with those of each."""
    if all(axis == axes[0] for axis in axes):
        return axes[0]
    first = max(axes, key=lambda axis: len(axis.labels or ()))
    return first if all(_begins(first, axis) for axis in axes) else Axis(first.name)


def _begins(whole: Axis, axis: Axis) -> bool:
    """Whether a shorter axis is the beginning of another."""
    if axis == whole:
        return True
    if axis.labels is None or whole.labels is None or axis.numbers != whole.numbers:
        return False
    return list(axis.labels) == list(whole.labels[: len(axis.labels)])
