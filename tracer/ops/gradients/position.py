"""Gradients of where a token stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...arithmetic import Node, Noted, Number, over, total
from ...i18n import N_, _
from ...operation import Gradient, Written
from ...tensor import Array, Parameter, Tensor
from ..frequencies import Frequencies
from ..tables import bucket, numbers, turned
from .linear import BACKPROPAGATION, stored, stored_axes

if TYPE_CHECKING:
    from ...tape import Record


class RotateGradient(Gradient):
    """[head, position, d_k] -> the same: features i and i + n/2 turned back by the angle they were turned by."""

    formula = "dy cos(pos · θ) ∓ dy′ sin(pos · θ)"
    latex = r"\begin{pmatrix} \cos m\theta_i & \sin m\theta_i \\ -\sin m\theta_i & \cos m\theta_i \end{pmatrix} \bar{y}"
    reference = N_("Su et al. 2021, eq. 34 (a rotation is turned back by its transpose)")

    def forward(self, dy: Tensor, *, positions: Sequence[int], frequencies: Frequencies) -> Tensor:
        back = frequencies.turns(positions, dy.dtype) * np.array([[1], [-1]], dy.dtype)
        return Tensor(turned(dy.array, back), dy.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, *, positions: Sequence[int], frequencies: Frequencies) -> Node:
        return frequencies.turned(dy, index, positions[index[1]], -1)

    def written(self, record: Record) -> Written:
        return record.parameters["frequencies"].written(self.formula, self.latex)  # type: ignore[no-any-return]


class BucketsAdded(Gradient):
    """[head, query, key] -> [bucket, head]: of the number that all pairs at some distances share.

    ``queries``, ``keys``, ``both_ways`` and ``farthest`` say which bucket a pair is in, as `RelativeBias` has them.
    """

    formula = N_("Σ dy over the pairs of a query and a key in a bucket")
    latex = r"\sum_{i, j:\, \mathrm{bucket}(j - i) = b} \bar{y}_{h,i,j}"
    reference = BACKPROPAGATION

    def forward(
        self,
        dy: Tensor,
        *,
        queries: Sequence[int],
        keys: Sequence[int],
        weight: Parameter,
        both_ways: bool,
        farthest: int,
    ) -> Tensor:
        added = np.zeros(weight.shape, dy.array.dtype)
        np.add.at(added, _buckets(queries, keys, weight, both_ways, farthest), dy.array.transpose(1, 2, 0))
        return Tensor(stored(added, weight), stored_axes(weight))

    def derive(
        self,
        index: tuple[int, ...],
        dy: Tensor,
        *,
        queries: Sequence[int],
        keys: Sequence[int],
        weight: Parameter,
        both_ways: bool,
        farthest: int,
    ) -> Node:
        shared, head = index[::-1] if weight.transposed else index
        inside = _buckets(queries, keys, weight, both_ways, farthest) == shared
        rows = [dy.row(head, i).at(np.flatnonzero(inside[i]).tolist()) for i in np.flatnonzero(inside.any(1)).tolist()]
        if not rows:
            return Noted(Number(0.0), _("no key is at a distance of bucket {bucket}").format(bucket=shared))
        return total(over(lambda dy: dy, dy=row) for row in rows)


def _buckets(queries: Sequence[int], keys: Sequence[int], weight: Parameter, both_ways: bool, farthest: int) -> Array:
    """[query, key]."""
    distance = numbers(keys)[None] - numbers(queries)[:, None]
    return bucket(distance, weight.shape[0], both_ways, farthest)


rotate_gradient = RotateGradient()
buckets_added = BucketsAdded()
