"""What a learner has looked at since a step began."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import numpy as np

from tracer.addresses import Address
from tracer.errors import AddressError
from tracer.tape import Record

from ..grammar.parsing import Call
from ..registry import Command
from ..showing.results import Cells, Result
from ..sitting import Sitting


class Witness:
    """Sees what a sitting shows of its run, and which commands it carries out.

    ``text`` and ``model`` are what the sitting began with.
    """

    def __init__(self, sitting: Sitting) -> None:
        self.sitting = sitting
        self.text, self.model = sitting.opener.text, sitting.opener.model.name
        self._cells: list[Cells] = []
        self._calls: list[Call] = []
        self._run = sitting.run
        sitting.witness = self._see

    def _see(self, call: Call, results: Sequence[Result]) -> None:
        if self.sitting.run is not self._run:
            self._run = self.sitting.run
            self._cells.clear()
            self._calls.clear()
        self._calls.append(call)
        self._cells += [result.about for result in results if result.about]

    def has_heard(self, wanted: Command, arguments: Mapping[str, object]) -> bool:
        """Whether a command has shown its result, with these arguments among others."""
        return any(call.command is wanted and arguments.items() <= call.arguments.items() for call in self._calls)

    def is_shown(self, address: Address) -> bool:
        """Whether all the cells at an address were shown, at once or bit by bit."""
        cells = [seen for seen in self._cells if self._is_at(seen.record, address)]
        return _any(partial(_covers, cells, seen.record, address) for seen in cells)

    def is_shown_alone(self, address: Address) -> bool:
        """Whether just the cells at an address were shown."""
        cells = (seen for seen in self._cells if self._is_at(seen.record, address))
        return _any(partial(_is_just, seen, address) for seen in cells)

    def is_explained(self, address: Address) -> bool:
        """Whether a reason was given for one of the cells at an address."""
        given = (seen for seen in self._cells if seen.explained and self._is_at(seen.record, address))
        return _any(partial(_meets, seen, address) for seen in given)

    def is_at(self, address: Address) -> bool:
        """Whether the cursor stands on a record at an address."""
        record = self.sitting.here.record
        return record is not None and self._is_at(record, address)

    def has_reached(self, address: Address) -> bool:
        """Whether the cursor has been at an address or beyond it."""
        here, furthest = self.sitting.here, self.sitting.furthest
        numbers = range(self.sitting.run.first, furthest.step + 1) if address.step is None else (address.step,)
        return any(
            place <= furthest for number in numbers if number <= furthest.step for place in here.places(address, number)
        )

    def has_breakpoint(self, address: Address) -> bool:
        """Whether something that is enabled stops the cursor at an address."""
        run = self.sitting.run
        numbers = range(run.first, max(run.computed, 1) + 1) if address.step is None else (address.step,)
        places = (place for number in numbers for place in self.sitting.here.places(address, number))
        return any(place.index in self.sitting.stops.tested(run, place.step) for place in places)

    def _is_at(self, record: Record, address: Address) -> bool:
        """Whether an address, of one step or of any, is that of a record."""
        if address.step not in (None, record.step):
            return False
        if address.record is not None:
            return address.record == record.index
        if not address.path:
            return True
        try:
            found = self.sitting.run.step(record.step).find(address.path, self.sitting.here.scope)
        except AddressError:
            return False
        return found.index == record.index


def _any(questions: Iterable[Callable[[], bool]]) -> bool:
    """Whether the answer to one of some questions is yes; where it is not, raises why another had none."""
    trouble: AddressError | None = None
    for asked in questions:
        try:
            if asked():
                return True
        except AddressError as error:
            trouble = error
    if trouble:
        raise trouble
    return False


def _covers(cells: Iterable[Cells], record: Record, address: Address) -> bool:
    """Whether all the cells of a record that an address asks for are among those seen."""
    return bool(_marked(cells, record)[record.output.locate(address.selectors)].all())


def _is_just(seen: Cells, address: Address) -> bool:
    """Whether the cells that an address asks for are those seen, and no others."""
    wanted = Cells(seen.record, address.selectors)
    return bool((_marked([seen], seen.record) == _marked([wanted], seen.record)).all())


def _meets(seen: Cells, address: Address) -> bool:
    """Whether one of the cells that an address asks for is the one seen."""
    return bool(_marked([seen], seen.record)[seen.record.output.locate(address.selectors)].any())


def _marked(cells: Iterable[Cells], record: Record) -> np.ndarray:
    """[…] as the record: True where a cell of it was seen."""
    marked = np.zeros(record.output.shape, bool)
    for seen in cells:
        if seen.record.output.address == record.output.address:
            marked[record.output.locate(seen.selectors)] = True
    return marked
