"""What another program computed, as a run: the records of ours that it has numbers for, with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import NoReturn

from .addresses import At
from .arithmetic import Node
from .dataclass import dataclass
from .errors import AddressError, InputError
from .i18n import _, spoken
from .kept import Absent, KeptTape, second_names
from .operation import Trait
from .saved.trace import KeptTrace
from .tape import Record, Tape
from .tensor import Array, Tensor
from .trace import Trace

SAME = (
    *("source", "source_ids", "source_text", "target", "decoder_ids", "pieces", "begins", "tokens", "text"),
    *("mask", "positions", "segments", "teacher_forced", "chooses"),
)
"""What a run of another program has from the one whose records it has: the text that was read."""
Numbers = Mapping[At, Mapping[str, Array]]
"""Arrays by the paths of records, for each pass."""


@dataclass(repr=False, eq=False, kw_only=True)
class ForeignTrace(KeptTrace):
    """A run of which another program wrote down some numbers. ``ours`` is the run whose records they are of."""

    ours: Trace

    def step(self, number: int) -> Tape:
        """The tape of a step; raises `AddressError` where there is none of it."""
        if number not in self.tapes:
            raise AddressError(
                _("{name} has nothing of step @{n}, and computes nothing").format(name=self.card.name, n=number)
            )
        return self.tapes[number]


class ForeignRecord(Record):
    """A record with the numbers of another program, which says nothing of how it came to them."""

    __slots__ = ("_refused",)

    def __init__(self, index: int, ours: Record, inputs: tuple[Tensor, ...], output: Tensor, refused: Refused) -> None:
        super().__init__(index, ours.op, inputs, ours.parameters, output)
        self._refused = refused

    @property
    def lost(self) -> tuple[str, ...]:
        return ("arithmetic",)

    @property
    def explains(self) -> bool:
        return False

    @property
    def note(self) -> str:
        return spoken(self.written.formula) if self.has(Trait.MASK) else super().note

    def derive(self, index: tuple[int, ...]) -> Node:
        """There is none; raises `AddressError`."""
        self._refuse()

    def again(self) -> Array:
        """As `derive`."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise self._refused(self.output.address)


Refused = Callable[[str], AddressError]
"""What is said of an address of which something is asked that is not there."""


def foreign(ours: Trace, numbers: Numbers, name: str) -> ForeignTrace:
    """The run of another program, called ``name``, as far as there are numbers of it.

    ``ours`` is a run of the same text, whose records these are; each array has the axes of its record. A pass of which
    there is nothing is left out.

    Raises:
        InputError: there are no numbers at all, or an array has another shape than its record.
    """
    found = {at: _Taken(ours, at, arrays, name) for at, arrays in numbers.items() if arrays and at.beam is None}
    if not found:
        raise InputError(_("{name}: nothing in it is at an address of this run").format(name=name))
    known: dict[tuple[At | None, str], Tensor] = {}
    tapes = {at.number: taken.tape(known) for at, taken in sorted(found.items())}
    same = {field: getattr(ours, field) for field in SAME}
    card, ending = replace(ours.card, name=name, path=None), _("{name} ends here").format(name=name)
    return ForeignTrace(ours=ours, card=card, tapes=tapes, decided={}, ended=True, ending=ending, **same)


@dataclass(frozen=True)
class _Taken:
    """What there is of one pass of ours."""

    ours: Trace
    at: At
    arrays: Mapping[str, Array]
    name: str

    def tape(self, known: dict[tuple[At | None, str], Tensor]) -> KeptTape:
        """The records that there are numbers for; ``known`` are the tensors of earlier passes, and grows."""
        ours = self.ours.at(self.at)
        records: list[Record] = []
        for record in ours:
            if record.address in self.arrays:
                records.append(self._record(record, len(records) + 1, known))
                known[self.at, record.address] = records[-1].output
        absent = {path: self._absent(ours.find(path).output) for path in self._missing(ours)}
        return KeptTape(self.at, records, absent, second_names(ours, self.arrays))

    def _missing(self, ours: Tape) -> Iterator[str]:
        return (record.address for record in ours if record.address not in self.arrays)

    def _record(self, record: Record, index: int, known: Mapping[tuple[At | None, str], Tensor]) -> ForeignRecord:
        array = self.arrays[record.address]
        if array.shape != record.output.shape:
            told = _("{name}: {address} has the shape {theirs}, and ours is {header}")
            address, header = record.output.address, record.output.header
            raise InputError(told.format(name=self.name, address=address, theirs=list(array.shape), header=header))
        inputs = tuple(known.get((tensor.at, tensor.path)) or self._absent(tensor) for tensor in record.inputs)
        return ForeignRecord(index, record, inputs, record.output.replaced(_frozen(array)), self._unexplained)

    def _absent(self, tensor: Tensor) -> Absent:
        assert tensor.at is not None
        return Absent(tensor.shape, tensor.dims, tensor.path, tensor.at, self._unknown)

    def _unknown(self, address: str) -> AddressError:
        return AddressError(_("{name} has no numbers of {address}").format(name=self.name, address=address))

    def _unexplained(self, address: str) -> AddressError:
        run = "" if self.ours.number is None else f"r{self.ours.number}"
        told = _("{name} has numbers and no arithmetic; why {address} shows ours")
        return AddressError(told.format(name=self.name, address=f"{run}{address}"))


def _frozen(array: Array) -> Array:
    """The same numbers, which nobody writes to."""
    view = array.view()
    view.flags.writeable = False
    return view
