"""Two tensors by the names of their axes: which of them are the same, and what becomes of each."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .errors import InputError
from .i18n import _
from .namedtuple import NamedTuple
from .tensor import FEATURE, IN_FEATURE, OUT_FEATURE, Array, Axis, Tensor

Dims = tuple[Axis, ...]

FEATURES = (FEATURE.name, OUT_FEATURE.name, IN_FEATURE.name)
TOKENS = ("position", "query", "key")
"""Names under which the same tokens go."""
ON_BY = {IN_FEATURE.name: OUT_FEATURE.name, FEATURE.name: IN_FEATURE.name, "key": "query"}
"""The axis by which one tensor goes in, and that by which the one it is multiplied with comes out."""


class Aligned(NamedTuple):
    """Two arrays with their axes in one order, of length 1 where one has none, and these axes."""

    left: Array
    right: Array
    dims: Dims


def spread(few: Tensor, many: Tensor) -> Array:
    """The array of a tensor over the axes of another, of length 1 where it has none; raises as `aligned` does."""
    return _spread(few, many)[0]


def aligned(left: Tensor, right: Tensor) -> Aligned:
    """Two tensors for arithmetic cell by cell; all axes of one are those of the other, which may have more.

    Axes are the same by name, or by their tokens. One that has other labels in each has none.

    Raises:
        InputError: an axis has no partner, or several, or one of another length.
    """
    if len(left.dims) >= len(right.dims):
        other, dims = _spread(right, left)
        return Aligned(left.array, other, dims)
    other, dims = _spread(left, right)
    return Aligned(other, right.array, dims)


def unaligned(of_left: Array, of_right: Array, left: Tensor, right: Tensor) -> tuple[Array, Array]:
    """Arrays over the axes that two tensors have when they are aligned, each summed up to those of one of the two."""
    if len(left.dims) >= len(right.dims):
        return of_left, _summed(of_right, right, left)
    return _summed(of_left, left, right), of_right


def _summed(whole: Array, few: Tensor, many: Tensor) -> Array:
    """An array over the axes of one tensor, summed up to those of another, as `_spread` brings them there."""
    partners = _partners(few, many)
    rest = tuple(place for place in range(whole.ndim) if place not in partners)
    found: Array = whole.sum(rest).transpose(np.argsort(np.argsort(partners)))
    return found


def _partners(few: Tensor, many: Tensor) -> list[int]:
    """The place that each axis of one tensor has among those of another."""
    same = few.axes == many.axes
    return list(range(len(few.dims))) if same else [_partner(axis, many.dims) for axis in few.dims]


def _spread(few: Tensor, many: Tensor) -> tuple[Array, Dims]:
    """The array of one tensor over the axes of another, and these."""
    partners = _partners(few, many)
    if len(set(partners)) < len(partners):
        raise InputError(_("two of its axes would be the same one"))
    for place, partner in enumerate(partners):
        _insist_on_length(few, place, many, partner)
    shape = [n if place in partners else 1 for place, n in enumerate(many.shape)]
    dims = list(many.dims)
    for place, partner in enumerate(partners):
        dims[partner] = met(dims[partner], few.dims[place])
    return few.array.transpose(np.argsort(partners)).reshape(shape), tuple(dims)


def _partner(axis: Axis, among: Dims) -> int:
    found = _named(axis.name, among) or [place for place, other in enumerate(among) if _is_kin(axis, other)]
    if not found:
        raise InputError(_("one has the axis {axis} and the other has not").format(axis=axis.name))
    if len(found) > 1:
        names = ", ".join(among[place].name for place in found)
        raise InputError(_("{axis} might be any of {names}").format(axis=axis.name, names=names))
    return found[0]


def _named(name: str, among: Dims) -> list[int]:
    return [place for place, axis in enumerate(among) if axis.name == name]


def _is_kin(axis: Axis, other: Axis) -> bool:
    """Whether axes of other names have the same places: both features, or the same tokens."""
    if axis.name in FEATURES:
        return other.name in FEATURES
    return axis.name in TOKENS and other.name in TOKENS and axis.labels == other.labels


def met(axis: Axis, other: Axis) -> Axis:
    """An axis of two tensors, with what both agree on."""
    if axis == other:
        return axis
    labels = axis.labels if axis.labels == other.labels else None
    return Axis(axis.name, labels, axis.numbers if axis.numbers == other.numbers else None)


def _insist_on_length(left: Tensor, ours: int, right: Tensor, theirs: int) -> None:
    n, m = left.shape[ours], right.shape[theirs]
    if n != m:
        axis = left.dims[ours].name
        raise InputError(_("along {axis} one has {n} and the other {m}").format(axis=axis, n=max(n, m), m=min(n, m)))


def _insist_on_tokens(axis: Axis, other: Axis) -> None:
    if axis.labels is not None and other.labels is not None and axis.labels != other.labels:
        raise InputError(_("along {axis} one has other tokens than the other").format(axis=axis.name))


class Product(NamedTuple):
    """What becomes of the axes of two tensors in a product, each by its place.

    The product sums over ``inner`` of the left and ``partner`` of the right; both go along ``both`` together, and the
    left alone along ``ours``, the right along ``theirs``.
    """

    left: Tensor
    right: Tensor
    inner: int
    partner: int
    both: Sequence[tuple[int, int]]
    ours: Sequence[int]
    theirs: Sequence[int]

    @property
    def size(self) -> int:
        """The cells of the result."""
        own = math.prod(n for place, n in enumerate(self.left.shape) if place != self.inner)
        return own * math.prod(self.right.shape[place] for place in self.theirs)

    def of(self, x: Array, y: Array) -> Array:
        """The sums, over arrays of the shapes of the two."""
        shared, partners = [pair[0] for pair in self.both], [pair[1] for pair in self.both]
        rows = _arranged(x, shared, self.ours, [self.inner])
        columns = _arranged(y, partners, [self.partner], self.theirs)
        lengths = [x.shape[place] for place in (*shared, *self.ours)] + [y.shape[place] for place in self.theirs]
        found: Array = (rows @ columns).reshape(lengths).transpose(self._order)
        return found

    def back(self, gradient: Array, x: Array, y: Array) -> tuple[Array, Array]:
        """From the gradient of the sums over two arrays to those of the two."""
        pairs = {self.partner: self.inner, **{partner: place for place, partner in self.both}}
        left = list(range(x.ndim))
        right = [pairs.get(place, x.ndim + place) for place in range(y.ndim)]
        made = [place for place in left if place != self.inner] + [right[place] for place in self.theirs]
        return (
            np.einsum(gradient, made, y, right, left, optimize=True),
            np.einsum(gradient, made, x, left, right, optimize=True),
        )

    @property
    def _order(self) -> list[int]:
        """The axes of the left in their own order, then the others of the right."""
        of_left = [place for place, _partner in self.both] + list(self.ours)
        return [*np.argsort(of_left).tolist(), *range(len(of_left), len(of_left) + len(self.theirs))]

    @property
    def dims(self) -> Dims:
        """The axes of the result; what features come out of a matrix goes by the name of features."""
        partners = dict(self.both)
        own = [
            met(axis, self.right.dims[partners[place]]) if place in partners else axis
            for place, axis in enumerate(self.left.dims)
            if place != self.inner
        ]
        dims = (*own, *(self.right.dims[place] for place in self.theirs))
        names = [axis.name for axis in dims]
        comes_out = OUT_FEATURE.name in names and not {IN_FEATURE.name, FEATURE.name} & set(names)
        return tuple(FEATURE if comes_out and axis.name == OUT_FEATURE.name else axis for axis in dims)


def product(left: Tensor, right: Tensor) -> Product:
    """A product of two tensors: over the last axis of the left that the right has, too.

    [head, query, d_k] @ [head, key, d_k] -> [head, query, key]. A matrix leads from the features that go in to those
    that come out, and self-attention from keys to queries; so [query, key] @ [query, key] -> [query, key].

    Raises:
        InputError: they share no axis, or have other lengths along one, or other tokens along that summed over.
    """
    inner, partner = _inner(left.dims, right.dims)
    _insist_on_length(left, inner, right, partner)
    _insist_on_tokens(left.dims[inner], right.dims[partner])
    own = {axis.name: place for place, axis in enumerate(left.dims) if place != inner}
    free = [(place, axis.name) for place, axis in enumerate(right.dims) if place != partner]
    both = [(own[name], place) for place, name in free if name in own]
    for ours, theirs in both:
        _insist_on_length(left, ours, right, theirs)
    shared = [place for place, _partner in both]
    alone = [place for place in own.values() if place not in shared]
    return Product(left, right, inner, partner, both, alone, [place for place, name in free if name not in own])


def _inner(left: Dims, right: Dims) -> tuple[int, int]:
    """The axes that a product sums over."""
    for place in reversed(range(len(left))):
        found = _leads_to(left[place], right)
        if len(found) == 1:
            return place, found[0]
    raise InputError(_("they share no axis to sum over"))


def _leads_to(axis: Axis, right: Dims) -> list[int]:
    """The axes of a product's right side that one of its left side goes by."""
    kin = [place for place, other in enumerate(right) if _is_kin(axis, other)]
    on = [place for place in kin if right[place].name == ON_BY.get(axis.name)]
    return on or _named(axis.name, right) or kin


def _arranged(array: Array, *groups: Sequence[int]) -> Array:
    """An array with its axes in the order of three groups, the last two of which are one axis each."""
    first, *others = groups
    lengths = [array.shape[place] for place in first]
    flat = [math.prod(array.shape[place] for place in group) for group in others]
    return array.transpose([place for group in groups for place in group]).reshape(lengths + flat)
