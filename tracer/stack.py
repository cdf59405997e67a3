"""Several tensors as one, along a new first axis."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

import numpy as np

from .tensor import Axis, Tensor

LAYER, PLACE = "layer", "place"
Names = Sequence[Sequence[str]]


def stacked(tensors: Sequence[Tensor], names: Sequence[str]) -> Tensor | None:
    """Tensors under their dotted names as one: [layer, …] where these differ in one number alone, else [place, …].

    An axis along which they have different labels has none. None where the axes or their lengths differ.
    """
    first = tensors[0]
    if any((tensor.axes, tensor.shape) != (first.axes, first.shape) for tensor in tensors):
        return None
    dims = (_shared(axes) for axes in zip(*(tensor.dims for tensor in tensors), strict=True))
    return Tensor(np.stack([tensor.array for tensor in tensors]), (_axis(_segments(names)), *dims))


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
    where = _number(names)
    if where is None:
        return Axis(PLACE, [".".join(name) for name in _apart(names)])
    numbers = [int(name[where]) for name in names]
    whole = range(numbers[0], numbers[0] + len(numbers))
    return Axis(LAYER, numbers=whole) if numbers == list(whole) else Axis(LAYER, [str(n) for n in numbers])


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
    first = axes[0]
    return first if all(axis == first for axis in axes) else Axis(first.name)
