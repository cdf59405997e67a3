"""Worksheets: records of a run with what they were made of, some of their cells left blank to be worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from itertools import product
from random import Random
from typing import Literal, NamedTuple, get_args

import numpy as np

from ..addresses import At
from ..arithmetic import Leaf
from ..dataclass import dataclass
from ..derive import Derivation, derive, record_of
from ..edits import CHOICE
from ..errors import InputError
from ..i18n import _
from ..operation import Trait
from ..ops.attention import Masked
from ..ops.linear import Concat
from ..tape import Record
from ..tensor import Located, Tensor
from ..trace import Trace
from .working import Index, origin, sources, worked

Level = Literal["easy", "hard"]
LEVELS: tuple[str, ...] = get_args(Level)

FEW, MANY, LONG = 3, 2, 8
"""Blanks of a record on an easy sheet: so many, or fewer where it has more than ``LONG`` records; and that number."""
CROPPED: Mapping[int, tuple[int, ...]] = {0: (), 1: (12,), 2: (12, 12), 3: (2, 12, 12)}
"""So many places of each axis are printed at most, by the number of axes."""
MOST = 400
"""Blanks of a sheet."""

Place = tuple[At | None, str]
"""What a tensor is called: the pass that it lies in, and its path."""
Key = tuple[Place, Index]
"""A cell of it."""


class Blank(NamedTuple):
    """A cell that is left blank: its number on the sheet, and how far an answer may be from it.

    That is a unit of the last decimal printed, and what comes of it that operands are printed with so many.
    """

    number: int
    record: Record
    place: Index
    within: float

    @property
    def value(self) -> float:
        """What was recorded there."""
        return float(self.record.output.array[self.place])

    @property
    def cell(self) -> Leaf:
        """Where it lies."""
        return self.record.output.leaf(*self.place)

    @property
    def derivation(self) -> Derivation:
        """How it is worked out."""
        return derive(self.record, self.place)

    @property
    def is_token(self) -> bool:
        """Whether it is answered by a token rather than by a number."""
        return self.record.op.chooses


class Part(NamedTuple):
    """A tensor on a sheet, ``shown`` at some places of each axis; with a ``record``, one that is worked out here."""

    tensor: Tensor
    shown: tuple[Sequence[int], ...]
    record: Record | None

    @property
    def is_cropped(self) -> bool:
        """Whether some of it is left out."""
        return any(len(places) < n for places, n in zip(self.shown, self.tensor.shape, strict=True))


@dataclass(frozen=True)
class Sheet:
    """The parts of a worksheet in order, and the blanks in them; numbers are printed with so many ``decimals``."""

    run: Trace
    parts: Sequence[Part]
    blanks: Sequence[Blank]
    decimals: int

    def number(self, part: Part, index: Index) -> int | None:
        """The number of the blank at a cell of a part, the same at every copy of it; None where a number is printed."""
        record = part.record or self._recorded(part.tensor)
        return None if record is None else self._number_at(record, index)

    def _number_at(self, record: Record, index: Index) -> int | None:
        key = _key(record, index)
        if key not in self._found:
            numbers = (self._numbers.get(_key(*cell)) for cell in sources(self.run, record, index))
            self._found[key] = next((number for number in numbers if number is not None), None)
        return self._found[key]

    def _recorded(self, tensor: Tensor) -> Record | None:
        return None if tensor.at is None else self.run.at(tensor.at).there(tensor.path)

    @cached_property
    def _numbers(self) -> Mapping[Key, int]:
        return {_key(blank.record, blank.place): blank.number for blank in self.blanks}

    @cached_property
    def _found(self) -> dict[Key, int | None]:
        """The numbers at the cells that were asked for."""
        return {}

    def blank_of(self, leaf: Leaf) -> Blank | None:
        """The blank that an operand is, if it is one or a copy of one."""
        record = record_of(self.run, leaf)
        number = None if record is None else self._number_at(record, leaf.index)
        return None if number is None else self.blanks[number - 1]

    def printed(self, leaf: Leaf) -> float:
        """A number as the sheet has it."""
        return rounded(leaf.value, places_of(leaf, self.decimals))


def places_of(printed: Leaf | Tensor, decimals: int) -> int:
    """The decimals that something is printed with: parameters have one more, so that what is made of them comes out."""
    return decimals + 1 if printed.at is None else decimals


def rounded(value: float, decimals: int) -> float:
    """A number with so many decimals; what is not finite stays."""
    return round(value, decimals) if math.isfinite(value) else value


def _key(record: Record, index: Index) -> Key:
    return (record.at, record.address), tuple(index)


class Wanted(NamedTuple):
    """A record that a sheet is about, and the cells of it that may be left blank."""

    record: Record
    where: Located


def whole_pass(run: Trace, steps: Sequence[int]) -> list[Wanted]:
    """All that a pass works out, in some steps, but for what is trivial there and for the rules of choosing."""
    records = (record for step in steps for record in run.at(At(step)) if not _is_trivial(record))
    return [Wanted(record, record.output.locate(())) for record in records]


def _is_trivial(record: Record) -> bool:
    """Whether nothing is to be learnt of a record: a mask that hides nothing, one head laid beside no other.

    Of the shares of the vocabulary, those that the choice is made from are enough.
    """
    if record.has(Trait.MASK):
        return not record.output.array.any()
    if isinstance(record.op, Masked | Concat):
        return np.array_equal(record.inputs[0].array.ravel(), record.output.array.ravel())
    if record.has(Trait.DISTRIBUTION):
        return record.output.axes == ("position", "vocab")
    return record.scope == CHOICE


def make_sheet(run: Trace, wanted: Sequence[Wanted], level: Level, seed: int, decimals: int) -> Sheet:
    """A worksheet about some records of a run.

    Easy blanks are a few cells of each record, none of which needs another, one of each record before a second of any;
    hard ones are whole rows, the later of which rest on the earlier.

    Raises:
        InputError: no cell of these records can be worked out from what a sheet has room for.
    """
    making = _Making(run, Random(seed), decimals)
    for one in wanted:
        making.add(one.record)
    if level == "easy":
        making.leave_some(wanted, FEW if len(wanted) <= LONG else MANY)
    else:
        making.leave_rows(wanted)
    if not making.blanks:
        named = ", ".join(dict.fromkeys(one.record.address for one in wanted[:3]))
        told = _("nothing of {records} can be worked out from what a sheet has room for; ask for smaller records")
        raise InputError(told.format(records=named))
    return Sheet(run, making.parts, making.blanks, decimals)


@dataclass
class _Making:
    """A worksheet in the making."""

    run: Trace
    chance: Random
    decimals: int
    parts: list[Part] = field(default_factory=list)
    blanks: list[Blank] = field(default_factory=list)
    shown: dict[Place, Part] = field(default_factory=dict)
    taken: set[Key] = field(default_factory=set)
    rows: dict[At, int] = field(default_factory=dict)
    same: dict[Key, frozenset[Key]] = field(default_factory=dict)
    behind: dict[Key, frozenset[Key]] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Print a record, after what it was made of as far as that is not there yet."""
        for tensor in record.inputs:
            if not self._is_seen_elsewhere(tensor):
                self._print(tensor, None)
        for _name, parameter in record.trained:
            stored = self.run.parameters.get(parameter.path)
            self._print(parameter if stored is None else stored, None, record.parameters.get("ids"))
        self._print(record.output, record)

    def _is_seen_elsewhere(self, tensor: Tensor) -> bool:
        """Whether a record is but a copy of what is printed, such as scores under a mask that hides nothing."""
        record = None if tensor.at is None else self.run.at(tensor.at).there(tensor.path)
        if record is None or record.has(Trait.MASK) or record.output.array.size > MOST:
            return record is not None and record.has(Trait.MASK) and not record.output.array.any()
        sources = (origin(self.run, record, index)[0] for index in np.ndindex(record.output.shape))
        return all(source is not record and (source.at, source.address) in self.shown for source in sources)

    def _print(self, tensor: Tensor, record: Record | None, ids: Sequence[int] | None = None) -> None:
        place = tensor.at, tensor.path
        if place not in self.shown:
            part = Part(tensor, _shown(tensor, ids), record)
            self.shown[place] = part
            self.parts.append(part)

    def leave_some(self, wanted: Sequence[Wanted], most: int) -> None:
        """Leave a few cells of each record blank, of which none rests on another; none is a copy."""
        cells = [self._fitting(one) for one in wanted]
        chosen: list[list[Index]] = [[] for _one in wanted]
        left, needed = set[Key](), set[Key]()
        for _turn in range(most):
            for one, fitting, taken in zip(reversed(wanted), reversed(cells), reversed(chosen), strict=True):
                free = [at for at in fitting if self._is_free(one.record, at, left, needed)]
                if free:
                    index = min(free, key=lambda at: self._cost(one.record, at, needed))
                    taken.append(index)
                    left |= self._same(one.record, index)
                    needed |= self._behind(one.record, index)
        for one, taken in zip(wanted, chosen, strict=True):
            self._take(one.record, sorted(taken))

    def _fitting(self, one: Wanted) -> list[Index]:
        """The cells of a record that may be left blank, in some order."""
        cells = [index for index in self._cells(one) if origin(self.run, one.record, index)[0] is one.record]
        self.chance.shuffle(cells)
        return cells

    def _is_free(self, record: Record, index: Index, left: set[Key], needed: set[Key]) -> bool:
        """Whether a cell is no blank, rests on none, and none rests on it."""
        return left.isdisjoint(self._same(record, index) | self._behind(record, index)) and needed.isdisjoint(
            self._same(record, index)
        )

    def _cost(self, record: Record, index: Index, needed: set[Key]) -> tuple[bool, int]:
        """How dull a cell is: whether it is 0, and how many others can be no blanks for it."""
        return not record.output.array[index], len(self._behind(record, index) - needed)

    def _same(self, record: Record, index: Index) -> frozenset[Key]:
        """A cell and those that it has its number from."""
        key = _key(record, index)
        if key not in self.same:
            self.same[key] = frozenset(_key(*cell) for cell in sources(self.run, record, index))
        return self.same[key]

    def _behind(self, record: Record, index: Index) -> frozenset[Key]:
        """The cells that one is worked out from."""
        key = _key(record, index)
        if key not in self.behind:
            behind = ((record_of(self.run, leaf), leaf.index) for leaf in derive(record, index).terms)
            self.behind[key] = frozenset().union(*(self._same(found, at) for found, at in behind if found is not None))
        return self.behind[key]

    def leave_rows(self, wanted: Sequence[Wanted]) -> None:
        """Leave a row of each record blank, the same throughout a pass; of keys and values, which all need, all."""
        for record, cells in ((one.record, self._cells(one)) for one in wanted):
            axes = record.output.axes
            if len(axes) > 1 and axes[-2] != "key":
                row = self._row(record)
                cells = [index for index in cells if index[-2] == row] or cells
            self._take(record, cells)

    def _row(self, record: Record) -> int:
        last = record.output.shape[-2] - 1
        return min(last, self.rows.setdefault(record.at, last if record.at.number else self.chance.randint(0, last)))

    def _cells(self, one: Wanted) -> list[Index]:
        """The cells of a record that can be worked out from what is printed."""
        if one.record.has(Trait.MASK):
            return []
        part = self.shown[one.record.at, one.record.address]
        cells = (index for index in product(*part.shown) if _is_in(index, one.where))
        return [index for index in cells if self._is_workable(one.record, index)]

    def _take(self, record: Record, cells: Sequence[Index]) -> None:
        for index in cells:
            key = _key(*origin(self.run, record, index))
            if key in self.taken or len(self.blanks) >= MOST:
                continue
            self.taken.add(key)
            at_origin = key == _key(record, index)
            own = (record, index) if at_origin else origin(self.run, record, index)
            self.blanks.append(Blank(len(self.blanks) + 1, *own, self._within(*own)))

    def _is_workable(self, record: Record, index: Index) -> bool:
        """Whether all that it is worked out from is printed."""
        return all(self._is_printed(leaf) for leaf in derive(record, index).terms)

    def _is_printed(self, leaf: Leaf) -> bool:
        part = self.shown.get((leaf.at, leaf.path))
        if part is None:
            record = record_of(self.run, leaf)
            if record is None or (source := origin(self.run, record, leaf.index))[0] is record:
                return False
            return self._is_printed(source[0].output.leaf(*source[1]))
        return all(place in places for place, places in zip(leaf.index, part.shown, strict=True))

    def _within(self, record: Record, index: Index) -> float:
        """A unit of the last decimal, and how far what is printed leads from what was recorded."""
        if record.op.chooses:
            return 0.0
        unit, value = 10.0**-self.decimals, float(record.output.array[index])
        off = abs(worked(record, index, lambda leaf: rounded(leaf.value, places_of(leaf, self.decimals))) - value)
        return round(unit * math.ceil(1 + off / unit - 1e-6), self.decimals) if math.isfinite(off) else unit


def _shown(tensor: Tensor, ids: Sequence[int] | None) -> tuple[Sequence[int], ...]:
    """The places of each axis that there is room for; of a table of embeddings, those that are read."""
    rooms = CROPPED.get(len(tensor.shape), (1,) * (len(tensor.shape) - 2) + CROPPED[2])
    places: list[Sequence[int]] = [range(min(n, room)) for n, room in zip(tensor.shape, rooms, strict=True)]
    if ids is not None and places:
        places[0] = sorted(set(ids))[: rooms[0]]
    return tuple(places)


def _is_in(index: Index, where: Located) -> bool:
    return all(
        place == asked if isinstance(asked, int) else place in _range(asked)
        for place, asked in zip(index, where, strict=True)
    )


def _range(asked: slice) -> range:
    return range(asked.start or 0, asked.stop, asked.step or 1)


def operands(sheet: Sheet, blank: Blank) -> Iterator[Blank]:
    """The blanks that one is worked out from."""
    return (found for leaf in blank.derivation.terms if (found := sheet.blank_of(leaf)) is not None)
