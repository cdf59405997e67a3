"""What rounding can do to a record: what it comes of is performed again with other roundings, and tells it.

Every result is moved at random to a number beside it, or left, as in Monte Carlo arithmetic (Parker 1997) and CESTAC
(Vignes 1993). How far that takes a record has its depth in it, its operation and its operands: a softmax that is sure
of a key is taken hardly anywhere, and scores of large q and k are taken far.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from math import sqrt

import numpy as np

from ..i18n import _
from ..ops.attention import is_hidden
from ..tensor import Array, Tensor
from ..work import work
from .held import Noise
from .segments import Key, Segment, Sources

TIMES = 4
"""How often what a record comes of is performed with other roundings."""

ENOUGH = 1 << 18
"""So many cells say on the whole how far rounding goes, once each."""

ONE_ROUNDING = sqrt(8 / 3)
"""How far `Jitter` takes a number in the mean, as a share of a rounding: by 2, 0 or −2, one as often as the other."""

SAFETY = 4.0
"""So many times as far as it was seen to go, rounding may go. Over all references in the tests, of every family, torch
and we are at most 1.4 times as far apart. A tenth of ε takes the first norm 8 to 120 times as far, unless the variance
is so large that it is lost in the rounding."""

BLOCK = 128
"""Sums of more terms may be farther off where they are added one after the other, as √n is (Higham & Mary 2019): those
of 2048 terms were 6.5 times as far from ours as ours were seen to go, and those of 256 terms 2.5 times."""

UNITS: Mapping[str, float] = {"F64": 2.0**-24, "F32": 2.0**-24, "F16": 2.0**-11, "BF16": 2.0**-8}
"""The largest error of one rounding, as a share of the number, by the type; ours are rounded to float32 at least."""


SPREAD = 2.5
"""On the whole, a tensor may be so many times as far off as it was seen to be. Over all references torch and we are at
most 1.25 times as far apart, and a tenth of ε takes a norm 3 to 140 times as far."""


def least(segment: Segment, output: Tensor, kept: Array, unit: float) -> Noise:
    """What rounding accounts for whatever a segment does: to a cell a rounding of the largest, to all one of each."""
    counted = np.broadcast_to(kept, output.shape)
    longer = _lengthened(segment)
    most, whole = _sizes(output, counted)
    return Noise(SAFETY * longer * unit * most, SPREAD * longer * ONE_ROUNDING * unit * whole)


def _sizes(output: Tensor, kept: Array) -> tuple[float, float]:
    """The size of the largest number of some cells, and of all on the whole, but for those that are hidden."""
    row = output.array.ravel() if kept.all() else output.array[kept]
    with np.errstate(all="ignore"):
        squares = float(row @ row)
    if math.isfinite(squares):
        return max(float(row.max(initial=0.0)), -float(row.min(initial=0.0))), sqrt(squares / max(1, row.size))
    values = np.abs(row[np.isfinite(row) & ~is_hidden(-np.abs(row))])
    return float(np.max(values, initial=0.0)), sqrt(
        float(np.square(values, dtype=np.float64).sum()) / max(1, values.size)
    )


def seen(segment: Segment, output: Tensor, kept: Array, unit: float) -> Noise:
    """What rounding accounts for, as far as other roundings show it.

    ``output`` is what comes of the segment; ``kept`` is False for cells that stand for padding.
    """
    moved = Moved(output, kept)
    for seed in range(max(1, min(TIMES, ENOUGH // max(1, moved.cells)))):
        moved.see(segment.where(Jitter(unit, seed)))
    return moved.noise(_lengthened(segment), least(segment, output, kept, unit).most)


def from_the_beginning(sources: Sources, wanted: Mapping[Key, Array], unit: float) -> Mapping[Key, Noise]:
    """The same for many records, from where the computation begins on; with each comes where it is ``kept``."""
    found = {key: Moved(sources.records[key].output, kept) for key, kept in wanted.items()}
    for seed in work(range(TIMES), _("rounding")):
        for key, output in sources.performed(Jitter(unit, seed)):
            if key in found:
                found[key].see(output)
    lengthened, longest = {}, 1.0
    for key, record in sources.records.items():
        longest = max(longest, _lengthened(Segment([record], {})))
        lengthened[key] = longest
    return {
        key: moved.noise(lengthened[key], SAFETY * lengthened[key] * unit * moved.largest)
        for key, moved in found.items()
    }


class Moved:
    """How far other roundings have taken the cells of an output, those that stand for padding left aside."""

    def __init__(self, output: Tensor, kept: Array) -> None:
        self._output, self._kept = output, np.broadcast_to(kept, output.shape)
        self._farthest = self._squares = 0.0
        self._seen = 0

    def see(self, again: Tensor) -> None:
        """Take in the output as it is with other roundings."""
        with np.errstate(all="ignore"):
            apart = np.nan_to_num(np.abs(again.array - self._output.array), nan=0.0, posinf=0.0)[self._kept]
        self._farthest = max(self._farthest, float(np.max(apart, initial=0.0)))
        self._squares += float(np.square(apart, dtype=np.float64).sum())
        self._seen += apart.size

    @property
    def cells(self) -> int:
        """How many there are."""
        return int(np.count_nonzero(self._kept))

    @property
    def largest(self) -> float:
        """The size of the largest number that is not hidden."""
        return _sizes(self._output, self._kept)[0]

    def noise(self, longer: float, least: float) -> Noise:
        """What rounding accounts for, so many times more where long rows are added up, and so much at least."""
        whole = sqrt(self._squares / max(1, self._seen))
        return Noise(max(SAFETY * longer * self._farthest, least), SPREAD * longer * whole)


def _lengthened(segment: Segment) -> float:
    """How many times as far as it was seen to go rounding may go where long rows are added up one after the other."""
    inputs = (tensor.shape for record in segment.records for tensor in record.inputs[:1])
    longest: int = max([BLOCK, *(int(shape[-1]) for shape in inputs if shape)])
    return sqrt(longest / BLOCK)


class Jitter:
    """Moves every number of an output at random to one beside it, or leaves it."""

    def __init__(self, unit: float, seed: int) -> None:
        self._unit, self._random = unit, np.random.default_rng(seed)

    def __call__(self, output: Tensor) -> Tensor:
        if output.array.dtype.kind == "f":
            ways = self._random.integers(-1, 2, output.shape, np.int8)
            with np.errstate(all="ignore"):
                moved = output.array * (1 + ways * output.array.dtype.type(2 * self._unit))
            return output.replaced(np.where(is_hidden(output.array), output.array, moved))
        return output
