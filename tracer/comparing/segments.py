"""Stretches of a computation, performed again from numbers that somebody else has for where they begin."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from functools import cached_property
from math import prod

from ..addresses import At
from ..dataclass import dataclass
from ..edits import Call
from ..run import Run
from ..tape import Record
from ..tensor import Tensor

Key = tuple[At, str]
"""A record of a run: its pass, and its path there."""


def key_of(tensor: Tensor) -> Key | None:
    """The record that a tensor is the output of; None of one that no pass has."""
    return None if tensor.at is None else (tensor.at, tensor.path)


@dataclass(frozen=True, eq=False)
class Segment:
    """The ``records`` that the last of them comes of, in order, back to where the numbers are ``given``."""

    records: Sequence[Record]
    given: Mapping[Key, Tensor]

    @property
    def last(self) -> Record:
        """The record that it leads to."""
        return self.records[-1]

    @property
    def result(self) -> Tensor:
        """What comes of it."""
        return self.outputs[self.keyed[-1][0]]

    def where(self, moved: Callable[[Tensor], Tensor]) -> Tensor:
        """The same where what it begins with and every output are ``moved``."""
        made = {key: moved(tensor) for key, tensor in self.beginning.items()}
        for key, record in self.keyed:
            made[key] = moved(self.output(key, _call(record, made)))
        return made[self.keyed[-1][0]]

    def output(self, key: Key, call: Call) -> Tensor:
        """What comes of the call of a record."""
        return call.output()

    @cached_property
    def keyed(self) -> Sequence[tuple[Key, Record]]:
        """The records, each by its key."""
        return [(key, record) for record in self.records if (key := key_of(record.output))]

    @cached_property
    def outputs(self) -> Mapping[Key, Tensor]:
        """What it begins with, and the output of every record."""
        made = dict(self.beginning)
        for key, record in self.keyed:
            made[key] = self.output(key, _call(record, made))
        return made

    @property
    def cost(self) -> int:
        """About how many multiplications it takes."""
        return sum(prod(record.output.shape) * _length(record) for record in self.records)

    @property
    def beginning(self) -> Mapping[Key, Tensor]:
        """What its records are made of and none of them makes."""
        own = {key_of(record.output) for record in self.records}
        inputs = [(key, tensor) for record in self.records for tensor in record.inputs if (key := key_of(tensor))]
        return {key: self.given.get(key, tensor) for key, tensor in inputs if key not in own}


@dataclass(frozen=True, eq=False)
class Altered(Segment):
    """A stretch with other calls at some ``places``, where ``wrong`` makes them of those that belong there.

    ``right`` is the same without: what the change doesn't reach is as it is there.
    """

    right: Segment
    places: Set[Key]
    wrong: Callable[[Call], Call | None]

    def output(self, key: Key, call: Call) -> Tensor:
        other = self.wrong(call) if key in self.places else None
        return (other or call).output()

    @cached_property
    def outputs(self) -> Mapping[Key, Tensor]:
        made, reached = dict(self.right.outputs), set(self.places)
        for key, record in self.keyed:
            if key in reached or not reached.isdisjoint(map(key_of, record.inputs)):
                made[key] = self.output(key, _call(record, made))
                reached.add(key)
        return made


def _length(record: Record) -> int:
    """How many numbers go into a cell of a product; 1 where it is none."""
    matrices = [part for _name, part in record.trained if len(part.shape) == 2]
    return matrices[0].shape[-1] if matrices and record.inputs else 1


class Sources:
    """Where each record of a run comes from, by its key, in the order of the computation."""

    def __init__(self, run: Run) -> None:
        self.records = {key: record for step in run.steps for record in step.tape if (key := key_of(record.output))}
        self._order = {key: n for n, key in enumerate(self.records)}

    def place(self, key: Key) -> int:
        """Where a record stands in that order."""
        return self._order[key]

    def of(self, record: Record) -> Iterator[Key]:
        """The records that a record is made of."""
        return (key for tensor in record.inputs if (key := key_of(tensor)) and key in self.records)

    def segment(self, key: Key, given: Mapping[Key, Tensor], ends: Collection[Key] = ()) -> Segment:
        """What a record comes of, back to the records whose numbers are given, and no further than ``ends``."""
        found, left = set[Key](), [key]
        while left:
            key = left.pop()
            if key not in found:
                found.add(key)
                left += [there for there in self.of(self.records[key]) if there not in given and there not in ends]
        return Segment([self.records[key] for key in sorted(found, key=self.place)], given)

    def performed(self, moved: Callable[[Tensor], Tensor]) -> Iterator[tuple[Key, Tensor]]:
        """Every record performed again, where every output is ``moved``."""
        made: dict[Key, Tensor] = {}
        for key, record in self.records.items():
            made[key] = moved(_call(record, made).output())
            yield key, made[key]

    def replayed(self, given: Mapping[Key, Tensor]) -> Iterator[tuple[Key, Tensor]]:
        """Every record with what comes of the numbers that are given for those before it, and of ours of the others.

        What comes of none of them is ours as it is recorded.
        """
        made = dict(given)
        for key, record in self.records.items():
            is_ours = made.keys().isdisjoint(self.of(record))
            output = record.output if is_ours else _call(record, made).output()
            yield key, output
            if not is_ours:
                made.setdefault(key, output)


def _call(record: Record, made: Mapping[Key, Tensor]) -> Call:
    """The call that a record was made by, of other inputs as far as there are some."""
    inputs = (made.get(key, tensor) if (key := key_of(tensor)) else tensor for tensor in record.inputs)
    return Call.of(record)._replace(inputs=tuple(inputs))
