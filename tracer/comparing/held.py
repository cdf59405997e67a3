"""What there is of their numbers, held against ours: how far apart the two are, and how far they may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import singledispatch
from typing import NamedTuple

import numpy as np

from ..differences import Difference, sizes
from ..dumps.evidence import Evidence, Hash, Printed, Statistics, Values
from ..ops.attention import LOWEST, is_hidden
from ..tensor import Array
from .layouts import Layout

STORED = {"F16": 2.0**-11, "BF16": 2.0**-8}
"""How far a number is at most from the one that it stands for, as a share of it, by how it is stored."""

SUMMED = 1e-5
"""How far a sum of float32 numbers may be off, as a share of the sum of their sizes: a thousand roundings of the last
digit, as where one is added after the other."""

OUT = -5e3
"""What programs add to scores of keys that may not be looked at is less: −1e4, −65504, −1e9, the lowest float or −∞."""

FEW = 32
"""Of fewer cells the mean says nothing that the largest does not."""


class Noise(NamedTuple):
    """What rounding may do: to a cell at the most, and to all of them on the whole, as the root of the mean square."""

    most: float = 0.0
    whole: float = math.inf

    def or_at_least(self, most: float) -> Noise:
        """The same where so much may be done to a cell in any case, and then on the whole, too."""
        return self if most <= self.most else Noise(most)


NONE = Noise(0.0, 0.0)
"""Where nothing is allowed to differ."""


class Held(NamedTuple):
    """One tensor of theirs against numbers of ours, of which ``cells`` could be held against each other.

    ``largest`` is the largest difference and ``allowed`` the one that rounding and the digits of theirs account for;
    ``cell`` is where it is farthest beyond that, or nearest to it, with its place in the record, where it is that of a
    cell. ``figure`` is what differs most where there are only figures over all cells. ``spread`` is the difference on
    the whole, the root of the mean square, as a share of what is allowed of that: small differences that all go one way
    are no rounding, even where none of them is too large.
    """

    largest: float
    allowed: float
    cells: int
    cell: Difference | None = None
    cosine: float | None = None
    figure: str = ""
    spread: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the difference is within what is allowed."""
        return self.largest <= self.allowed and not self.spread > 1

    @property
    def relative(self) -> float:
        """The difference as a share of the larger of the two numbers."""
        return self.cell.relative if self.cell else self.largest


NOTHING = Held(0.0, 0.0, 0)
"""Where no cell can be held against another."""


@singledispatch
def held(_theirs: Evidence, _layout: Layout, _ours: Array, _kept: Array, _noise: Noise) -> Held:
    """Their numbers in a layout against an array in the axes of the record.

    ``kept`` is False for cells that stand for padding: [as the record, or 1 along an axis]; ``noise`` is what rounding
    may do.
    """
    return NOTHING


@held.register
def _values(theirs: Values, layout: Layout, ours: Array, kept: Array, noise: Noise) -> Held:
    return apart(layout.ours(theirs.read()), layout, ours, kept, noise, STORED.get(theirs.dtype, 0.0))


def apart(there: Array, layout: Layout, ours: Array, kept: Array, noise: Noise, share: float = 0.0) -> Held:
    """The same of their numbers as they are in our axes: [as the part].

    Of each of them a ``share`` at most was lost when it was stored.
    """
    here = ours[layout.where]
    counted = np.broadcast_to(kept, ours.shape)[layout.where]
    if not counted.any():
        return NOTHING
    there = shown(here, there)
    found = distances(here, there) if kept.all() else np.where(counted, distances(here, there), -1.0)
    beyond = found - share * np.where(np.isfinite(there), np.abs(there), 0.0) if share else found
    place = np.unravel_index(int(beyond.argmax()), here.shape)
    if beyond[place] <= noise.most:
        place = np.unravel_index(int(found.argmax()), here.shape)
    cell = Difference(_whole(place, layout), float(here[place]), float(there[place]))
    allowed = noise.most + (share * abs(cell.there) if math.isfinite(cell.there) else 0.0)
    cells = int(np.count_nonzero(counted))
    cosine = _cosine(here, there) if kept.all() else _cosine(here[counted], there[counted])
    return Held(cell.size, allowed, cells, cell, cosine, spread=_spread(beyond, cells, noise))


def shown(here: Array, there: Array) -> Array:
    """Theirs, but ours where both hide a key, whatever number stands for that."""
    if not here.size or np.min(here) > LOWEST:
        return there
    return np.where(is_hidden(here) & is_out(there), here, there)


def is_out(theirs: Array) -> Array:
    """Where their numbers are so low that a softmax leaves nothing of them."""
    found: Array = theirs <= OUT
    return found


def distances(here: Array, there: Array) -> Array:
    """How far apart two arrays of one shape are cell by cell, as `differences.sizes` has it."""
    with np.errstate(all="ignore"):
        found: Array = np.abs(here - there)
    return found if math.isfinite(float(found.max(initial=0.0))) else sizes(here, there)


def _spread(beyond: Array, cells: int, noise: Noise) -> float:
    """How far cells differ on the whole, as a share of what is allowed; of few cells nothing is asked."""
    if cells < FEW or not noise.whole:
        return 0.0
    row = np.maximum(beyond, 0.0).ravel()
    with np.errstate(over="ignore"):
        return math.sqrt(float(row @ row) / cells) / noise.whole


def _whole(place: tuple[np.intp, ...], layout: Layout) -> tuple[int, ...]:
    """A place in a part as a place in the record."""
    return tuple(int(n) + (cut.start or 0) for n, cut in zip(place, layout.where, strict=True))


def _cosine(here: Array, there: Array) -> float | None:
    """The cosine of the angle between two rows of numbers; None where one of them is 0 or not finite."""
    a, b = here.ravel(), there.ravel().astype(np.result_type(there, np.float32), copy=False)
    with np.errstate(all="ignore"):
        size = math.sqrt(abs(float(a @ a) * float(b @ b)))
        found = float(a @ b) / size if size else math.nan
    if math.isfinite(found):
        return max(-1.0, min(1.0, found))
    finite = np.isfinite(a) & np.isfinite(b) & ~is_hidden(a)
    a, b = a[finite].astype(np.float64), b[finite].astype(np.float64)
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if 0 < size < math.inf else None


@held.register
def _printed(theirs: Printed, layout: Layout, ours: Array, kept: Array, noise: Noise) -> Held:
    mine, counts = (layout.theirs(array).reshape(theirs.shape) for array in (ours, kept))
    where = tuple(theirs.places.T)
    counted = counts[where]
    if not counted.any():
        return NOTHING
    here, there, half = mine[where][counted], theirs.values[counted], theirs.half[counted]
    there = shown(here, there)
    found = sizes(here, there)
    worst = int((found - half).argmax())
    numbers = layout.theirs(np.arange(ours.size).reshape(ours.shape)).reshape(theirs.shape)[where][counted]
    place = tuple(map(int, np.unravel_index(int(numbers[worst]), ours.shape)))
    cell = Difference(place, float(here[worst]), float(there[worst]))
    by_cell = Held(cell.size, noise.most + float(half[worst]), len(here), cell, _cosine(here, there))
    if theirs.total is None or not counts.all() or is_hidden(mine).any():
        return by_cell
    return max(by_cell, _sum(mine, theirs.total, noise.most, len(here)), key=lambda one: one.largest - one.allowed)


def _sum(mine: Array, total: float, noise: float, cells: int) -> Held:
    """The sum of all cells, of which theirs was rounded after each."""
    here = float(mine.sum(dtype=np.float64))
    allowed = SUMMED * float(np.abs(mine).sum(dtype=np.float64)) + noise * math.sqrt(mine.size) + 1e-6
    return Held(_size(here, total), allowed, cells, Difference((), here, total), figure="sum")


@held.register
def _statistics(theirs: Statistics, layout: Layout, ours: Array, kept: Array, noise: Noise) -> Held:
    mine = layout.theirs(ours)
    if not np.all(kept) or not mine.size:
        return NOTHING
    figures = {
        name: figure for name, figure in _figures(mine).items() if name in theirs.figures and _says(name, figure)
    }
    found = [_figure(name, figures, theirs, mine, noise.most) for name in figures]
    return max(found, key=lambda one: one.largest - one.allowed, default=NOTHING)


def _says(name: str, figure: float) -> bool:
    """Whether a figure says anything: of numbers that are hidden there is no mean."""
    return name in ("min", "max") or (math.isfinite(figure) and abs(figure) < -LOWEST)


def _figure(name: str, figures: Mapping[str, float], theirs: Statistics, mine: Array, noise: float) -> Held:
    here, there = figures[name], theirs.figures[name]
    if is_hidden(np.array(here)) and is_out(np.array(there)):
        here = there
    roots = math.sqrt(mine.size)
    rounding = {"norm": noise * roots, "sum": noise * roots + SUMMED * float(np.abs(mine).sum())}.get(name, noise)
    summed = 0.0 if name in ("min", "max") else SUMMED * max(abs(here), float(np.abs(mine).mean()))
    allowed = rounding + summed + (theirs.share * abs(there) if math.isfinite(there) else 0.0)
    return Held(_size(here, there), allowed, mine.size, Difference((), here, there), figure=name)


def _figures(mine: Array) -> Mapping[str, float]:
    """What `Statistics` has of an array."""
    whole = mine.astype(np.float64)
    with np.errstate(all="ignore"):
        return {
            "min": float(whole.min()),
            "max": float(whole.max()),
            "mean": float(whole.mean()),
            "std": float(whole.std(ddof=1)) if whole.size > 1 else math.nan,
            "norm": float(np.sqrt((whole * whole).sum())),
            "sum": float(whole.sum()),
        }


@held.register
def _hash(theirs: Hash, layout: Layout, ours: Array, kept: Array, noise: Noise) -> Held:
    mine = layout.theirs(ours)
    if not np.all(kept) or not mine.size or is_hidden(mine).any():
        return NOTHING
    here = float(np.abs(mine.astype(np.float64)).sum())
    allowed = noise.most * math.sqrt(mine.size) + 1e-9 * here
    return Held(_size(here, theirs.total), allowed, mine.size, Difference((), here, theirs.total), figure="Σ|x|")


def _size(here: float, there: float) -> float:
    return Difference((), here, there).size
