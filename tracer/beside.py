"""Two tensors of one address in two runs, held against each other cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import starmap

import numpy as np

from .alignment import TOKENS
from .differences import same
from .subsequence import common
from .tensor import Axis, Tensor

Places = tuple[Sequence[int], ...]
"""Of every axis the places that are taken."""


def matched(here: Tensor, there: Tensor) -> tuple[Places, Places] | None:
    """The places of two tensors that meet cell by cell; None where their axes don't match.

    Along an axis of one length they meet in order. Where a text is longer than the other, tokens meet by their labels.
    """
    if here.axes != there.axes:
        return None
    ends = zip(here.dims, there.dims, here.shape, there.shape, strict=True)
    pairs = [pair for pair in starmap(_meeting, ends) if pair is not None]
    if len(pairs) < len(here.dims):
        return None
    return tuple(ours for ours, _theirs in pairs), tuple(theirs for _ours, theirs in pairs)


def taken(tensor: Tensor, places: Places) -> Tensor:
    """Some places of each axis of a tensor; the tensor itself where they are all of them."""
    if tuple(map(len, places)) == tensor.shape:
        return tensor
    dims = tuple(map(_part, tensor.dims, places))
    return Tensor(tensor.array[np.ix_(*places)], dims, tensor.path, tensor.at)


def change(here: Tensor, there: Tensor) -> Tensor:
    """What is added to each cell of one tensor to come to the other, of the same axes; 0 where both are the same.

    Where the tokens along an axis are others, both stand there.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        found = there.array.astype(np.float64) - here.array
    return Tensor(np.where(same(here.array, there.array), 0.0, found), tuple(map(_both, here.dims, there.dims)))


def _meeting(ours: Axis, theirs: Axis, n: int, m: int) -> tuple[Sequence[int], Sequence[int]] | None:
    if n == m:
        return range(n), range(m)
    if ours.name not in TOKENS or ours.labels is None or theirs.labels is None:
        return None
    if k := _shared_end(ours.labels, theirs.labels):
        return range(n - k, n), range(m - k, m)
    pairs = common(ours.labels, theirs.labels)
    return ([i for i, _j in pairs], [j for _i, j in pairs]) if pairs else None


def _shared_end(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """The length of the shorter where the longer ends with it, as with the rows that a cache leaves to be computed."""
    k = min(len(ours), len(theirs))
    return k if list(ours[len(ours) - k :]) == list(theirs[len(theirs) - k :]) else 0


def _part(axis: Axis, places: Sequence[int]) -> Axis:
    labels = None if axis.labels is None else [axis.labels[place] for place in places]
    return Axis(axis.name, labels, list(map(axis.number, places)))


def _both(axis: Axis, other: Axis) -> Axis:
    if axis.labels is None or other.labels is None or axis.labels == other.labels:
        return axis
    pairs = zip(axis.labels, other.labels, strict=True)
    return axis._replace(labels=[ours if ours == theirs else f"{ours}/{theirs}" for ours, theirs in pairs])
