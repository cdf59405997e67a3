"""What is known of a difference that no mistake of the catalogue explains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..i18n import N_, Message
from ..listed import listed
from ..tensor import Array, Tensor

SHARE = 1e-4
"""What is left of a difference, as a share of it, where something accounts for it."""

MOST = 512
"""rows or columns of a table of which the rank is looked at, or the order"""


class Two(NamedTuple):
    """A tensor as it comes out here and as theirs is, in double precision; both are 0 where they are not ``counted``.

    That is where one of them is hidden or infinite, or padding stands.
    """

    tensor: Tensor
    here: Array
    there: Array
    counted: Array

    @property
    def apart(self) -> Array:
        """What is added here to come to theirs."""
        return self.there - self.here

    @property
    def row(self) -> Array:
        """The difference in the first row of which anything counts: [1 along the last axis but one]."""
        first = int(np.moveaxis(self.counted, -2, 0).reshape(self.counted.shape[-2], -1).any(1).argmax())
        return self.apart[..., first : first + 1, :]

    def less(self, part: Array | float) -> Array:
        """The difference without a part of it."""
        return np.where(self.counted, self.apart - part, 0.0)

    def is_left(self, apart: Array) -> bool:
        """Whether a difference is much of the one there is."""
        return bool(np.abs(apart).max(initial=0.0) > SHARE * np.abs(self.apart).max(initial=0.0))


def clues(here: Tensor, there: Array, kept: Array | None = None) -> Sequence[Message]:
    """What there is to say of theirs beside what comes out here: how it may be made of it, and where it is another.

    ``kept`` is False for cells that stand for padding: [as the tensor, or 1 along an axis].
    """
    whole = np.ones(there.shape, bool) if kept is None else np.broadcast_to(kept, there.shape)
    counted = whole & np.isfinite(here.array) & np.isfinite(there)
    told = list(_not_finite(here, there, whole))
    if not counted.any():
        return told
    ours, theirs = (np.where(counted, array, 0.0).astype(np.float64) for array in (here.array, there))
    two = Two(here, ours, theirs, counted)
    found = next((message for look in LOOKS for message in look(two)), None)
    return [*told, *([found] if found else []), *_rank(two), *_positions(two)]


def _not_finite(here: Tensor, there: Array, kept: Array) -> Iterator[Message]:
    count, total = (
        int(np.count_nonzero(found)) for found in (kept & ~np.isfinite(there) & np.isfinite(here.array), kept)
    )
    if count:
        yield N_("{n} of {total} numbers are not finite there, and here they are").format(n=count, total=total)


def _factor(two: Two) -> Iterator[Message]:
    """Theirs is ours times a number."""
    size = float((two.here * two.here).sum())
    factor = float((two.here * two.there).sum()) / size if size else 0.0
    if not two.is_left(two.there - factor * two.here):
        sign = N_("theirs is ours with the other sign")
        yield sign if abs(factor + 1) < SHARE else N_("theirs is {factor} × ours").format(factor=f"{factor:.6g}")


def _offset(two: Two) -> Iterator[Message]:
    """Theirs is ours plus a number, or plus the same row at every position."""
    mean = float(two.apart[two.counted].mean())
    if not two.is_left(two.less(mean)):
        yield N_("theirs is ours + {offset} everywhere").format(offset=f"{mean:.6g}")
    elif two.apart.ndim > 1 and two.apart.shape[-2] > 1 and not two.is_left(two.less(two.row)):
        told = N_("the difference is the same at every {axis}, as a bias would be")
        yield told.format(axis=two.tensor.axes[-2])


def _order(two: Two) -> Iterator[Message]:
    """Theirs is ours in another order along one axis."""
    for axis, name in enumerate(two.tensor.axes):
        here, there = (np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1) for array in (two.here, two.there))
        if 1 < len(here) <= MOST:
            order = np.abs(there[:, None, :] - here[None]).max(-1).argmin(1) if here.size < MOST**2 else range(0)
            if len(set(order)) == len(here) and not two.is_left(there - here[list(order)]):
                shown = listed(map(str, order), 12)
                yield N_("theirs is ours with {axis} in the order {order}").format(axis=name, order=shown)
                return


def _rank(two: Two) -> Iterator[Message]:
    """The difference is a table of few independent rows."""
    rows = two.apart.reshape(-1, two.apart.shape[-1]) if two.apart.ndim > 1 else two.apart[None]
    if min(rows.shape) > 2 and max(rows.shape) <= MOST:
        sizes = np.linalg.svd(rows, compute_uv=False)
        rank = int(np.count_nonzero(sizes > SHARE * sizes[0]))
        if rank <= min(rows.shape) // 4 or rank == 1:
            yield N_("the difference has rank {rank}, of {most} possible").format(rank=rank, most=min(rows.shape))


def _positions(two: Two) -> Iterator[Message]:
    """Where along the tokens they differ, if it is not everywhere."""
    differs = np.abs(two.apart) > SHARE * np.abs(two.apart).max(initial=0.0)
    names = two.tensor.axes
    if names[-2:] == ("query", "key"):
        yield from _half(differs, two.counted)
    for axis, name in enumerate(names):
        others = tuple(n for n in range(differs.ndim) if n != axis)
        there = np.flatnonzero(differs.any(others))
        if 0 < len(there) < np.count_nonzero(two.counted.any(others)):
            yield N_("only {axis} {places} differs").format(axis=name, places=_span(there.tolist()))


def _half(differs: Array, counted: Array) -> Iterator[Message]:
    """On which side of the diagonal of [.., query, key] they differ, where there is something on either."""
    after, counted_after = (np.triu(cells, 1).any() for cells in (differs, counted))
    before, counted_before = (np.tril(cells).any() for cells in (differs, counted))
    if before and not after and counted_after:
        yield N_("only keys up to the query differ (i ≥ j)")
    elif after and not before and counted_before:
        yield N_("only keys after the query differ (i < j)")


def _span(places: Sequence[int]) -> str:
    """Places as people write them: ``3``, ``3–7``, ``0, 2, 5``."""
    first, last = places[0], places[-1]
    if first == last:
        return str(first)
    if last - first + 1 == len(places):
        return f"{first}–{last}"
    return listed(map(str, places), 8)


LOOKS: Sequence[Callable[[Two], Iterator[Message]]] = (_factor, _offset, _order)
"""How theirs may be made of ours, the simplest first."""
