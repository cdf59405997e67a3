"""The shapes in which a dump may hold what a record has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from ..i18n import N_
from ..tensor import Array, Tensor

Split = Sequence[Sequence[int]]
"""The axes in which something is stored; several of ours that stand in one of them are told apart."""

TURNED = N_("transposed")
FIRST = N_("the first position alone")
HALVES = N_("features in the order of llama.cpp, 2i beside 2i + 1")


class Layout(NamedTuple):
    """How a dump holds a part of a record: ``where`` that is, the axes there as ``stored``, and their order.

    ``order`` makes our axes of theirs; ``stored`` has the lengths of theirs with heads and features apart. ``places``
    are those of our last axis in the order in which theirs come. ``note`` says what is unusual about it.
    """

    where: tuple[slice, ...]
    shape: tuple[int, ...]
    stored: tuple[int, ...]
    order: tuple[int, ...]
    places: Sequence[int] | None = None
    note: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether all of the record is there."""
        return all(cut == slice(None) for cut in self.where)

    def ours(self, theirs: Array) -> Array:
        """Their numbers in our axes: [as the part]."""
        turned = theirs.reshape(self.stored).transpose(self.order)
        if self.places is None:
            return turned
        found = np.empty_like(turned)
        found[..., list(self.places)] = turned
        return found

    def theirs(self, ours: Array) -> Array:
        """Of an array that has the axes of the record, or 1 along one, what theirs would be: in the shape of theirs."""
        part = np.broadcast_to(ours, self.shape)[self.where]
        part = part if self.places is None else part[..., list(self.places)]
        return part.transpose(np.argsort(self.order))


def layouts(shape: Sequence[int], tensor: Tensor) -> Iterator[Layout]:
    """How an array of a shape may hold a tensor, or one position of it.

    Axes of one place may be missing, or be there in addition; all may be laid out in a row. The likeliest come first,
    and those with a note last.
    """
    for where, alone in _parts(tensor):
        part = tuple(len(range(*cut.indices(n))) for cut, n in zip(where, tensor.shape, strict=True))
        for stored, order, note in _stored(part, tensor):
            if _is_shape(shape, stored):
                split = tuple(n for axis in stored for n in axis)
                usual = Layout(where, tensor.shape, split, tuple(order), note=note or alone)
                yield usual
                if _is_rotated(tensor):
                    yield usual._replace(places=_interleaved(tensor.shape[-1]), note=HALVES)


def _parts(tensor: Tensor) -> Iterator[tuple[tuple[slice, ...], str]]:
    """All of a tensor; of what a decoder computes, its last position; of anything the first, as a batch of one is cut.

    With each comes what is unusual about it.
    """
    whole = (slice(None),) * len(tensor.shape)
    yield whole, ""
    axis = next((n for n, name in enumerate(tensor.axes) if name in ("position", "query")), None)
    if axis is None:
        return
    places = {} if tensor.path.startswith("encoder") else {tensor.shape[axis] - 1: ""}
    for place, note in {0: FIRST, **places}.items():
        yield (*whole[:axis], slice(place, place + 1), *whole[axis + 1 :]), note


def _stored(shape: tuple[int, ...], tensor: Tensor) -> Iterator[tuple[Split, Sequence[int], str]]:
    """How a tensor may be stored, with the order of axes that makes ours of it, and what is unusual about it."""
    yield [[n] for n in shape], range(len(shape)), ""
    if tensor.axes[-1:] == ("d_k",) and len(shape) == 3:
        heads, length, d_k = shape
        yield [[length], [heads, d_k]], (1, 0, 2), ""
        yield [[length], [heads], [d_k]], (1, 0, 2), ""
    elif tensor.path.endswith(".position_bias"):
        yield [[n] for n in (*shape[1:], shape[0])], (2, 0, 1), ""
    if len(shape) > 1:
        turned = (*range(len(shape) - 2), len(shape) - 1, len(shape) - 2)
        yield [[shape[n]] for n in turned], turned, TURNED


def _is_shape(theirs: Sequence[int], stored: Split) -> bool:
    """Whether a shape is another but for axes of one place, or for all of it being laid out in a row."""
    lengths = [prod(part) for part in stored]
    return _long(theirs) == _long(lengths) or list(theirs) == [prod(lengths)]


def _long(shape: Sequence[int]) -> list[int]:
    return [n for n in shape if n != 1]


def _is_rotated(tensor: Tensor) -> bool:
    """Whether features may have been put in another order for the sake of turning them."""
    name = tensor.path.rpartition(".")[2]
    return name in ("q", "k", "q_rotated", "k_rotated") and not tensor.shape[-1] % 2


def _interleaved(features: int) -> Sequence[int]:
    """Our place of each of their features, where they have i and i + d_k/2 beside each other."""
    half = features // 2
    return [place // 2 + half * (place % 2) for place in range(features)]
