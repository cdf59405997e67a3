"""A table by its columns, which come as they are met, and how the answers to questions stand in it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import field
from functools import cached_property, lru_cache
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..dataclass import dataclass
from ..debugger.expressions import Several
from ..errors import InputError
from ..i18n import _
from ..stack import Ragged
from ..tensor import Array, Axis, Tensor

ROWS = ("position", "query")
"""Axes along which a pass reads its tokens: each of these has a row."""
OF_TOKENS = (*ROWS, "key", "step")
"""Axes that are of another length in each sentence."""
ADDRESSED = ("place", "layer")
"""Axes whose places have addresses, or numbers of layers, in place of tokens."""
MOST_COLUMNS = 4096
"""of one expression"""
MOST_CELLS = 1 << 20
"""of one expression at one place, each a row of a long table"""


Spot = tuple[int | None, str | None]
"""Where a value is along the tokens of a pass: a position, counted from 0, and the token that was read there."""
NOWHERE: Spot = (None, None)


class Heads(NamedTuple):
    """What some columns are of, and their names."""

    meanings: Sequence[Meaning]
    names: Sequence[str]


class Spread(NamedTuple):
    """Some columns, with a value at each spot."""

    spots: Sequence[Spot]
    columns: Mapping[str, Sequence[Any]]

    @property
    def is_alone(self) -> bool:
        """Whether its one value is of no position, or of all."""
        return self.spots == [NOWHERE]

    def at(self, spots: Sequence[Spot]) -> Mapping[str, Sequence[Any]]:
        """The columns with a value at each of some spots, None where there is none."""
        if self.is_alone:
            return {name: list(cells) * len(spots) for name, cells in self.columns.items()}
        if self.spots == spots:
            return self.columns
        place = {spot: n for n, spot in enumerate(self.spots)}
        places = [place.get(spot) for spot in spots]
        return {name: [None if n is None else cells[n] for n in places] for name, cells in self.columns.items()}


def together(spreads: Sequence[Spread]) -> list[Spot]:
    """The spots that some of them have, in order; one that is nowhere, where none has others."""
    found = dict.fromkeys(spot for spread in spreads if not spread.is_alone for spot in spread.spots)
    return list(found) or [NOWHERE]


@dataclass(eq=False)
class Columns:
    """A table in the making: lists by name, all of them as long as there are rows, None where a row says nothing.

    ``meanings`` say of a column of values which expression it is of, and the place on each axis.
    """

    lists: dict[str, list[Any]] = field(default_factory=dict)
    meanings: dict[str, Meaning] = field(default_factory=dict)
    rows: int = 0

    def add(self, rows: int, columns: Mapping[str, Sequence[Any]]) -> None:
        """Take in so many rows."""
        for name, cells in columns.items():
            column = self.lists.get(name)
            if column is None:
                column = self.lists[name] = []
            if missing := self.rows - len(column):
                column.extend([None] * missing)
            column.extend(cells)
        self.rows += rows

    def mean(self, meanings: Sequence[Meaning]) -> None:
        """Note what some columns are of."""
        if meanings and meanings[-1].name not in self.meanings:
            self.meanings.update((meaning.name, meaning) for meaning in meanings)

    def whole(self) -> Columns:
        """The table, in which every list has a place for every row."""
        for column in self.lists.values():
            column.extend([None] * (self.rows - len(column)))
        return self


class Collected(NamedTuple):
    """A table that is still in memory, with what was asked."""

    columns: Columns
    told: Mapping[str, Any]

    @property
    def names(self) -> Sequence[str]:
        """Of its columns."""
        return list(self.columns.lists)

    @property
    def meanings(self) -> Mapping[str, Meaning]:
        """What its columns of values are of."""
        return self.columns.meanings

    def column(self, name: str) -> Array:
        """The cells of a column: numbers with nan where there are none, else objects; nothing in one that is not."""
        cells = self.columns.lists.get(name, [None] * self.columns.rows)
        if all(cell is None or isinstance(cell, int | float) for cell in cells):
            return np.array([np.nan if cell is None else cell for cell in cells], np.float64)
        return np.array(cells, object)


@dataclass(frozen=True)
class Meaning:
    """What a column of values is of: the name of an expression, and the place on each axis that it is at."""

    expression: str
    places: tuple[tuple[str, str], ...] = ()

    @cached_property
    def name(self) -> str:
        """``entropy.layer0.head2``."""
        return ".".join([self.expression, *(f"{axis}{place}" for axis, place in self.places)])


def wide(name: str, value: Any) -> tuple[Sequence[Meaning], Spread]:
    """A value as columns, one for each place on its axes but those of positions; and the numbers at each position.

    Raises:
        InputError: it has an axis of another length in each sentence, or too many places.
    """
    tensor = _one(name, value)
    if not tensor.dims:
        return [Meaning(name)], Spread([NOWHERE], {name: [tensor.array.item()]})
    axes = tensor.axes
    rows = [place for place, axis in enumerate(axes) if axis in ROWS]
    along = [place for place, axis in enumerate(axes) if axis not in ROWS]
    if odd := [axis for axis in axes if axis in OF_TOKENS and axis not in ROWS] + [axes[n] for n in rows[1:]]:
        told = _(
            "{name} has the axis {axis}, which is longer in some sentences than in others: ask for one number, e.g. "
            "{hint}, or add --long to tx-trace survey"
        )
        raise InputError(told.format(name=name, axis=odd[0], hint=f"max(…, {odd[0]})"))
    _check_size(name, prod(tensor.shape[place] for place in along), MOST_COLUMNS)
    heads = _headed(name, tuple(_key(tensor.dims[place], tensor.shape[place]) for place in along))
    spots = _spots(tensor.dims[rows[0]], tensor.shape[rows[0]]) if rows else [NOWHERE]
    cells = _moved(tensor, [*along, *rows]).reshape(len(heads.names), len(spots)).tolist()
    return heads.meanings, Spread(spots, dict(zip(heads.names, cells, strict=True)))


@lru_cache(maxsize=1024)
def _headed(name: str, axes: tuple[tuple[str, int, Hashable, Hashable], ...]) -> Heads:
    """The columns of a value, in the order of its cells; each of its axes is a name, a length, numbers and labels."""
    places = [[_called(numbers, labels, n) for n in range(length)] for _axis, length, numbers, labels in axes]
    names = [axis for axis, *_rest in axes]
    found = [Meaning(name, tuple(zip(names, index, strict=True))) for index in product(*places)]
    return Heads(found, [meaning.name for meaning in found])


def _called(numbers: Any, labels: Any, place: int) -> str:
    """How a place of an axis is called: by what is counted, or, of addresses, by these."""
    counted = numbers if labels is None else labels
    return str(place if counted is None else counted[place])


def _key(axis: Axis, n: int) -> tuple[str, int, Hashable, Hashable]:
    """What tells the places of an axis apart."""
    labels = tuple(axis.labels) if axis.labels is not None and axis.name in ADDRESSED else None
    numbers = axis.numbers
    return axis.name, n, numbers if numbers is None or isinstance(numbers, range) else tuple(numbers), labels


def long(name: str, value: Any) -> Spread:
    """Each cell of a value at its spot, with its place on every other axis, as rows of a long table.

    Raises:
        InputError: there are too many.
    """
    tensor = _one(name, value)
    size = tensor.array.size
    _check_size(name, size, MOST_CELLS)
    columns: dict[str, Sequence[Any]] = {"expression": [name] * size}
    columns["value"] = _moved(tensor, range(len(tensor.dims))).ravel().tolist()
    spots = [NOWHERE] * size
    for place, (axis, n) in enumerate(zip(tensor.dims, tensor.shape, strict=True)):
        at = np.broadcast_to(np.expand_dims(np.arange(n), _others(place, tensor)), tensor.shape).ravel().tolist()
        if axis.name in ROWS and spots[:1] == [NOWHERE]:
            found = _spots(axis, n)
            spots = [found[where] for where in at]
            continue
        for column, cells in _along(axis, n).items():
            columns[column] = [cells[where] for where in at]
    return Spread(spots, columns)


def _others(place: int, tensor: Tensor) -> tuple[int, ...]:
    return tuple(n for n in range(len(tensor.dims)) if n != place)


def _along(axis: Axis, n: int) -> dict[str, Sequence[Any]]:
    """What says of each place on an axis which one it is; by its token, too, where it has one."""
    numbers: dict[str, Sequence[Any]] = {axis.name: [axis.number(place) for place in range(n)]}
    return numbers if axis.labels is None else {**numbers, f"{axis.name}_token": list(axis.labels[:n])}


def _spots(axis: Axis, n: int) -> list[Spot]:
    numbers = axis.numbers if axis.numbers is not None else range(n)
    labels: Sequence[str | None] = axis.labels if axis.labels is not None else [None] * n
    return list(zip(numbers, labels, strict=True))


def _moved(tensor: Tensor, order: Sequence[int]) -> Any:
    """The cells with the axes in another order; None where a cell is not there."""
    array: Any = np.asarray(tensor.array).transpose(order)
    if not isinstance(tensor, Ragged):
        return array
    found = array.astype(object)
    found[~tensor.there.transpose(order)] = None
    return found


def _one(name: str, value: Any) -> Tensor:
    if isinstance(value, Several):
        told = _("{name} comes to {n} tensors that make no one: ask for them one by one, or for a number of each")
        raise InputError(told.format(name=name, n=len(value.values)))
    return value if isinstance(value, Tensor) else Tensor(np.array(value, object), ())


def _check_size(name: str, cells: int, most: int) -> None:
    if cells > most:
        told = _("{name} has {n} cells, and {most} is the most: ask for a part of it, or for its mean, or largest")
        raise InputError(told.format(name=name, n=cells, most=most))
