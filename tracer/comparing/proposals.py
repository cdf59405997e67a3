"""For a tensor whose name says nothing: the record whose numbers agree best with it, as a proposal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations
from math import prod
from typing import NamedTuple

import numpy as np

from ..differences import sizes
from ..i18n import N_, Message
from ..tape import Record
from ..tensor import Array, Tensor

LEAST = 0.9
"""No record whose numbers correlate less is proposed."""
CLEARLY = 0.5
"""What the best one leaves open, 1 − |r|, is at most this share of what the next one does."""
ALIKE = 1e-9
"""Records that leave open as much as this more have the same numbers, but for a factor."""
FEWEST, MOST = 16, 1 << 20
"""Cells of a tensor: of fewer, some record is similar by chance; more are not looked at."""
SOME, CLOSELY = 4096, 8
"""Cells by which it is chosen which views of records are looked at closely, and how many of these there are at most."""
HUGE = 1e30
"""A number beyond it hides something, and is none."""

AS_IS = N_("as it is")
RESHAPED = N_("reshaped")
ORDERED = N_("axes in the order {axes}")
LAST = N_("the last position")


class Proposal(NamedTuple):
    """A tensor of a dump, by its name, and the record that it may be of, with the correlation of their numbers.

    ``turned`` says how the record is turned to be theirs.
    """

    name: str
    record: Record
    correlation: float
    turned: Message


def grouped(found: Sequence[Proposal]) -> list[str]:
    """Proposals as the lines of a file of names, those of several layers as one with ``*`` where that says the same."""
    wide: dict[str, set[str]] = {}
    for one in found:
        wide.setdefault(_starred(one.name), set()).add(_starred(one.record.address))
    is_one = {name: len(paths) == 1 and name.count("*") >= next(iter(paths)).count("*") for name, paths in wide.items()}
    lines = (
        f"{_starred(one.name)} = {_starred(one.record.address)}"
        if is_one[_starred(one.name)]
        and _numbers(one.name)[: len(_numbers(one.record.address))] == _numbers(one.record.address)
        else f"{one.name} = {one.record.address}"
        for one in found
    )
    return list(dict.fromkeys(lines))


def _starred(path: str) -> str:
    """A path with ``*`` for every number among its segments."""
    return ".".join("*" if segment.isdecimal() else segment for segment in path.split("."))


def _numbers(path: str) -> list[str]:
    return [segment for segment in path.split(".") if segment.isdecimal()]


class View(NamedTuple):
    """An array as it is, or with its axes in another order: its cells in a row are what is compared."""

    array: Array
    turned: Message

    def at(self, places: Array) -> Array:
        """The cells at some places of the row, as far as they are from their mean, with a length of 1."""
        cells = self.array[np.unravel_index(places, self.array.shape)].astype(np.float64)
        return _normalised(cells)


class Candidate(NamedTuple):
    """A record, or its last position, and the tensor of a dump, each in one view, with the correlation of the two."""

    record: Record
    ours: View
    theirs: View
    correlation: float

    @property
    def left(self) -> float:
        """What it leaves open."""
        return 1 - abs(self.correlation)

    def closely(self) -> Candidate:
        """The same, with the correlation of all cells."""
        rows = [_normalised(view.array.reshape(-1).astype(np.float64)) for view in (self.ours, self.theirs)]
        return self._replace(correlation=float(rows[0] @ rows[1]))

    def rank(self) -> tuple[float, int, int, int]:
        """How far the numbers themselves are apart; then how little is turned; then which is computed first."""
        apart = sizes(self.ours.array.reshape(-1), self.theirs.array.reshape(-1))
        turned = (self.ours.turned != AS_IS) + 2 * (self.theirs.turned != AS_IS)
        return float(np.mean(apart, where=apart < HUGE)), turned, self.record.step, self.record.index

    @property
    def turned(self) -> Message:
        """How the record is turned to be theirs."""
        if self.ours.turned != AS_IS:
            return self.ours.turned
        is_same = _long(self.ours.array.shape) == _long(self.theirs.array.shape)
        return AS_IS if is_same and self.theirs.turned == AS_IS else RESHAPED


def proposals(unnamed: Iterable[tuple[str, Array]], records: Sequence[Record]) -> Iterator[Proposal]:
    """For each of some tensors the record that clearly has its numbers, or nearly so, if there is one.

    Tensors that are constant, ids or masks are left out.
    """
    known = _Known(records)
    for name, array in unnamed:
        if _is_telling(array) and (found := _clearly(known.near(array))):
            yield Proposal(name, found.record, found.correlation, found.turned)


def _clearly(near: Sequence[Candidate]) -> Candidate | None:
    """The best of some candidates, if it is good, and the next one is not nearly as good."""
    best = min((one.left for one in near), default=1.0)
    same = [one for one in near if one.left <= best + ALIKE]
    those = {id(one.record) for one in same}
    others = min((one.left for one in near if id(one.record) not in those), default=1.0)
    return None if best > 1 - LEAST or best > CLEARLY * others else min(same, key=Candidate.rank)


class _Known:
    """What records there are of every size, each part in all its views, by some of their cells."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = [record for record in records if record.is_measured]
        self._tables: dict[int, tuple[Array, list[tuple[Record, View]], Array]] = {}

    def near(self, theirs: Array) -> list[Candidate]:
        """The records whose numbers are similar at the places that are looked at, with the correlation of all."""
        if theirs.size not in self._tables:
            self._tables[theirs.size] = self._table(theirs.size)
        places, parts, rows = self._tables[theirs.size]
        found = [
            Candidate(*parts[place], view, float(correlation))
            for view in _views(theirs.squeeze(), range(theirs.ndim))
            for place, correlation in enumerate(rows @ view.at(places))
            if AS_IS in (view.turned, parts[place][1].turned)
        ]
        close = [one for one in sorted(found, key=lambda one: one.left)[:CLOSELY] if one.left < 2 * (1 - LEAST)]
        return [one.closely() for one in close]

    def _table(self, size: int) -> tuple[Array, list[tuple[Record, View]], Array]:
        """The places that are looked at, and the parts of that size with the cells there: [part, place]."""
        places = np.sort(np.random.default_rng(size).permutation(size)[:SOME])
        parts = [(record, view) for record in self._records for view in _parts(record.output, size)]
        rows = np.array([view.at(places) for _record, view in parts]).reshape(len(parts), len(places))
        return places, parts, rows


def _parts(tensor: Tensor, size: int) -> Iterator[View]:
    """Those of so many cells among all of a tensor, in every view, and the last position of what a decoder computes."""
    cells = prod(tensor.shape)
    if cells == size:
        yield from _views(tensor.array, tensor.axes)
    axis = next((n for n, name in enumerate(tensor.axes) if name in ("position", "query")), None)
    if axis is not None and not tensor.path.startswith("encoder") and cells == size * tensor.shape[axis] > size:
        yield View(tensor.array.take([-1], axis), LAST)


def _views(array: Array, axes: Sequence[object]) -> Iterator[View]:
    """An array as it is, then with its axes in every other order, if they are three at most."""
    _usual, *others = permutations(range(array.ndim)) if 1 < array.ndim <= 3 else [range(array.ndim)]
    yield View(array, AS_IS)
    for order in others:
        yield View(array.transpose(order), ORDERED.format(axes=", ".join(str(axes[n]) for n in order)))


def _is_telling(array: Array) -> bool:
    """Whether the numbers are so many and so different that they tell a tensor from another."""
    if not FEWEST <= prod(array.shape) <= MOST or not np.issubdtype(array.dtype, np.floating):
        return False
    cells = array.astype(np.float64)
    numbers = cells[np.abs(cells) < HUGE]
    return not np.array_equal(numbers, np.rint(numbers)) and len(np.unique(numbers[:SOME])) > 2


def _normalised(cells: Array) -> Array:
    """Cells less their mean, with a length of 1; those that hide something are as the mean."""
    kept = np.abs(cells) < HUGE
    mean = cells[kept].mean() if kept.any() else 0.0
    less: Array = np.where(kept, cells, mean) - mean
    return less / (float(np.sqrt(less @ less)) or 1.0)


def _long(shape: Sequence[int]) -> list[int]:
    return [n for n in shape if n != 1]
