"""Where a token stands: added to its embedding, turned into its queries and keys, or added to their scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..arithmetic import Call, Node, Noted, Number
from ..i18n import N_, _
from ..operation import Flow, Operation, Written, to
from ..tensor import FEATURE, HEAD, Array, Axis, Parameter, Tensor
from .frequencies import Frequencies
from .gradients.embedding import rows_added
from .gradients.position import buckets_added, rotate_gradient
from .tables import at, bucket, further, numbers, room, turned

if TYPE_CHECKING:
    from ..tape import Record

Dtype: TypeAlias = type[np.floating[Any]]
WAVES = N_("waves depend on the position alone, on no number that was trained or computed")


class Sinusoids(Operation):
    """-> [position, feature]: sin at even features, cos at odd ones."""

    formula = N_("sin, cos of pos / 10000^(2i/d)")
    latex = r"\sin\frac{pos}{10000^{2i/d}},\ \cos\frac{pos}{10000^{2i/d}}"
    reference = "Vaswani et al. 2017, §3.5"
    constant = WAVES

    def forward(self, *, position: Axis, positions: Sequence[int], d_model: int, dtype: Dtype) -> Tensor:
        waves = at(positions, _sines_and_cosines(room(positions), d_model, np.dtype(dtype)))
        return Tensor(waves.transpose(0, 2, 1).reshape(len(waves), -1)[:, :d_model], (position, FEATURE))

    def derive(
        self, index: tuple[int, ...], *, position: Axis, positions: Sequence[int], d_model: int, dtype: Dtype
    ) -> Node:
        place, column = index
        return _wave("cos" if column % 2 else "sin", positions[place], column // 2, d_model)


class SinusoidHalves(Operation):
    """-> [position, feature]: sin in the first half of the features, cos in the second."""

    formula = N_("sin | cos of pos / 10000^(2i/d)")
    latex = r"\left[\sin\frac{pos}{10000^{2i/d}} \,\middle|\, \cos\frac{pos}{10000^{2i/d}}\right]"
    reference = N_("Vaswani et al. 2017, §3.5; Junczys-Dowmunt et al. 2018 (the order of Marian)")
    constant = WAVES

    def forward(self, *, position: Axis, positions: Sequence[int], d_model: int, dtype: Dtype) -> Tensor:
        waves = at(positions, _sines_and_cosines(room(positions), d_model, np.dtype(dtype)))
        return Tensor(np.concatenate([waves[:, 0], waves[:, 1, : d_model // 2]], -1), (position, FEATURE))

    def derive(
        self, index: tuple[int, ...], *, position: Axis, positions: Sequence[int], d_model: int, dtype: Dtype
    ) -> Node:
        place, column = index
        sines = (d_model + 1) // 2
        return _wave("cos" if column >= sines else "sin", positions[place], column % sines, d_model)


class PaddedSinusoids(SinusoidHalves):
    """-> [position, feature]: sin in the first half of the features, cos in the second, 0 in one left over.

    The waves are spread evenly from the first to the last, which is 10000 times as slow. Position 0 is the angle of
    ``offset``; padding has the position −1, and zeros. Angles are rounded to single precision at every step, as those
    are that models of this kind were trained with: at position 500, that is seen from the fifth digit on.
    """

    formula = N_("sin | cos of (pos + offset) / 10000^(i/(d/2 − 1)), 0 at padding")
    latex = (
        r"\left[\sin\frac{pos + \mathrm{offset}}{10000^{i/(d/2 - 1)}} \,\middle|\, "
        r"\cos\frac{pos + \mathrm{offset}}{10000^{i/(d/2 - 1)}}\right]"
    )
    reference = N_("Vaswani et al. 2018 (tensor2tensor), as in M2M-100 (Fan et al. 2021)")

    def forward(
        self, *, position: Axis, positions: Sequence[int], d_model: int, dtype: Dtype, offset: int = 0
    ) -> Tensor:
        half, rows = d_model // 2, further(positions, offset)
        angles = at(rows, _single_angles(room(rows), half)).astype(np.float64)
        table = np.zeros((len(positions), d_model), dtype)
        table[:, :half], table[:, half : 2 * half] = np.sin(angles), np.cos(angles)
        table[numbers(positions) < 0] = 0
        return Tensor(table, (position, FEATURE))

    def derive(
        self,
        index: tuple[int, ...],
        *,
        position: Axis,
        positions: Sequence[int],
        d_model: int,
        dtype: Dtype,
        offset: int = 0,
    ) -> Node:
        place, half = positions[index[0]], d_model // 2
        turn, pair = divmod(index[1], half)
        if place < 0:
            return Noted(Number(0.0), _("padding has no position"))
        if turn > 1:
            return Noted(Number(0.0), _("the feature left over, as {d} is odd").format(d=d_model))
        angle = float(_single_angles(room([place + offset]), half)[place + offset, pair])
        told = f"{place + offset} / 10000^({pair}/{half - 1})"
        return Call("cos" if turn else "sin", Number(angle, told))


class Positions(Operation, weight="P"):
    """-> [position, feature]: trained rows of P [place, feature]; position 0 is row ``offset`` of the table.

    Padding may have the position −1, and so the row before.
    """

    formula = "P[pos]"
    latex = r"P_{pos}"
    reference = "Gehring et al. 2017, §3.1"

    def forward(self, *, position: Axis, positions: Sequence[int], weight: Parameter, offset: int = 0) -> Tensor:
        return Tensor(at(further(positions, offset), weight.array).copy(), (position, weight.dims[1]))

    def backward(
        self,
        dy: Tensor,
        y: Tensor,
        *,
        position: Axis,
        positions: Sequence[int],
        weight: Parameter,
        offset: int = 0,
    ) -> Iterator[Flow]:
        yield to(weight, rows_added, dy, rows=further(positions, offset), weight=weight)

    def derive(
        self, index: tuple[int, ...], *, position: Axis, positions: Sequence[int], weight: Parameter, offset: int = 0
    ) -> Node:
        place = positions[index[0]]
        cell = weight.leaf(place + offset, index[1])
        if not offset:
            return cell
        told = _("position {position} has row {position} + {offset} = {row}: the first {offset} are of no position")
        return Noted(cell, told.format(position=place, offset=offset, row=place + offset))


class Rotate(Operation):
    """[head, position, d_k] -> the same: features i and i + n/2 turned by the angle position · frequencyᵢ.

    n is d_k, or twice as many features as there are frequencies: those behind stay as they are. Some ways of scaling to
    longer texts multiply what is turned by a number a.
    """

    formula = "x cos(pos · θ) ± x′ sin(pos · θ)"
    latex = r"\begin{pmatrix} \cos m\theta_i & -\sin m\theta_i \\ \sin m\theta_i & \cos m\theta_i \end{pmatrix} x"
    reference = N_("Su et al. 2021, eq. 34 (pairs i and i + d_k/2)")

    def forward(self, x: Tensor, *, positions: Sequence[int], frequencies: Frequencies) -> Tensor:
        return Tensor(turned(x.array, frequencies.turns(positions, x.dtype)), x.dims)

    def backward(
        self, dy: Tensor, y: Tensor, x: Tensor, *, positions: Sequence[int], frequencies: Frequencies
    ) -> Iterator[Flow]:
        yield to(x, rotate_gradient, dy, positions=positions, frequencies=frequencies)

    def derive(self, index: tuple[int, ...], x: Tensor, *, positions: Sequence[int], frequencies: Frequencies) -> Node:
        return frequencies.turned(x, index, positions[index[1]], 1)

    def written(self, record: Record) -> Written:
        return record.parameters["frequencies"].written(self.formula, self.latex)  # type: ignore[no-any-return]


class RelativeBias(Operation, weight="W"):
    """-> [head, query, key]: a trained number for each head and each bucket of distances, from W [bucket, head].

    Half the buckets are one distance each; the rest widen logarithmically up to ``farthest``. Without ``both_ways``
    all keys after the query share the bucket of distance 0. ``queries`` and ``keys`` are the positions of each.
    """

    formula = "W[bucket(key − query), head]"
    latex = r"W_{\mathrm{bucket}(j - i),\, h}"
    reference = "Raffel et al. 2020, §2.1"

    def forward(
        self,
        *,
        axes: tuple[Axis, Axis],
        queries: Sequence[int],
        keys: Sequence[int],
        weight: Parameter,
        both_ways: bool,
        farthest: int,
    ) -> Tensor:
        distance = numbers(keys)[None] - numbers(queries)[:, None]
        buckets = bucket(distance, len(weight.array), both_ways, farthest)
        return Tensor(np.ascontiguousarray(weight.array[buckets].transpose(2, 0, 1)), (HEAD, *axes))

    def backward(
        self,
        dy: Tensor,
        y: Tensor,
        *,
        axes: tuple[Axis, Axis],
        queries: Sequence[int],
        keys: Sequence[int],
        weight: Parameter,
        both_ways: bool,
        farthest: int,
    ) -> Iterator[Flow]:
        how = {"both_ways": both_ways, "farthest": farthest}
        yield to(weight, buckets_added, dy, queries=queries, keys=keys, weight=weight, **how)

    def derive(
        self,
        index: tuple[int, ...],
        *,
        axes: tuple[Axis, Axis],
        queries: Sequence[int],
        keys: Sequence[int],
        weight: Parameter,
        both_ways: bool,
        farthest: int,
    ) -> Node:
        head, query, key = index[0], queries[index[1]], keys[index[2]]
        count = len(weight.array)
        found = int(bucket(np.asarray(key - query), count, both_ways, farthest))
        told = _("key {key} − query {query} = {distance}: bucket {bucket} of {count}")
        note = told.format(key=key, query=query, distance=key - query, bucket=found, count=count)
        return Noted(weight.leaf(found, head), note)


def _wave(function: str, place: int, pair: int, d_model: int) -> Node:
    scale = Number(10000.0 ** (2 * pair / d_model), f"10000^({2 * pair}/{d_model})")
    return Call(function, Number(float(place), "pos") / scale)


@lru_cache(maxsize=16)
def _sines_and_cosines(length: int, d_model: int, dtype: np.dtype[Any]) -> Array:
    """[position, sin or cos, pair of features]."""
    angle = np.arange(length)[:, None] / 10000.0 ** (np.arange(0, d_model, 2) / d_model)
    return np.stack([np.sin(angle), np.cos(angle)], 1).astype(dtype)


@lru_cache(maxsize=16)
def _single_angles(length: int, half: int) -> Array:
    """[position, pair]: position / 10000^(pair / (half − 1)), each step of it rounded to single precision."""
    exponents = np.arange(half, dtype=np.float32) * np.float32(-math.log(10000.0) / (half - 1))
    slower = np.exp(exponents.astype(np.float64)).astype(np.float32)
    angles: Array = np.arange(length, dtype=np.float32)[:, None] * slower
    return angles


sinusoids = Sinusoids()
sinusoid_halves = SinusoidHalves()
padded_sinusoids = PaddedSinusoids()
positions = Positions()
rotate = Rotate()
relative_bias = RelativeBias()
