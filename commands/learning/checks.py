"""Checks: what a lesson may ask of the state of a session, and of what the learner has seen in it, one line each.

Each function behind `read_check` reads what stands after the word it is named by in `WORDS`, and returns the question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tracer.addresses import Address, parse
from tracer.debugger.expressions import compile_expression, truth
from tracer.errors import AddressError, TraceError
from tracer.tape import Record
from tracer.tensor import Located

from ..grammar.parsing import Call, parse_line
from ..registry import Command, lookup
from ..results.result import Cells, Result
from ..session import Session
from ..settings import setting_named


class Seen:
    """What a session has shown of its run since a step began, and which commands it has carried out.

    ``text`` and the ``name`` of the model are what the session began with.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.text, self.name = session.opener.text, session.run.card.name
        self._cells: list[Cells] = []
        self._calls: list[Call] = []
        self._run = session.run
        session.see = self._see

    def _see(self, call: Call, results: Sequence[Result]) -> None:
        if self.session.run is not self._run:
            self._run = self.session.run
            self._cells.clear()
            self._calls.clear()
        self._calls.append(call)
        self._cells += [result.about for result in results if result.about]

    def has_heard(self, wanted: Command, arguments: Mapping[str, object]) -> bool:
        """Whether a command has shown its result, with these arguments among others."""
        return any(call.command is wanted and arguments.items() <= call.arguments.items() for call in self._calls)

    def is_shown(self, address: Address) -> bool:
        """Whether all the cells at an address were shown, at once or bit by bit."""
        cells = [shown for shown in self._cells if self._is_at(shown.record, address)]
        return _any(partial(_covers, cells, shown.record, address) for shown in cells)

    def is_shown_alone(self, address: Address) -> bool:
        """Whether just the cells at an address were shown."""
        cells = (shown for shown in self._cells if self._is_at(shown.record, address))
        return _any(partial(_is_just, shown, address) for shown in cells)

    def is_explained(self, address: Address) -> bool:
        """Whether a reason was given for one of the cells at an address."""
        given = (shown for shown in self._cells if shown.explained and self._is_at(shown.record, address))
        return _any(partial(_meets, shown, address) for shown in given)

    def is_at(self, address: Address) -> bool:
        """Whether the cursor stands on a record at an address."""
        record = self.session.here.record
        return record is not None and self._is_at(record, address)

    def has_reached(self, address: Address) -> bool:
        """Whether the cursor has been at an address or beyond it."""
        here, furthest = self.session.here, self.session.furthest
        numbers = range(self.session.run.first, furthest.step + 1) if address.step is None else (address.step,)
        return any(
            place <= furthest for number in numbers if number <= furthest.step for place in here.places(address, number)
        )

    def has_breakpoint(self, address: Address) -> bool:
        """Whether something that is enabled stops the cursor at an address."""
        run = self.session.run
        numbers = range(run.first, max(run.computed, 1) + 1) if address.step is None else (address.step,)
        places = (place for number in numbers for place in self.session.here.places(address, number))
        return any(place.index in self.session.stops.tested(run, place.step) for place in places)

    def _is_at(self, record: Record, address: Address) -> bool:
        """Whether an address, of one step or of any, is that of a record."""
        if address.step not in (None, record.step):
            return False
        if address.record is not None:
            return address.record == record.index
        if not address.path:
            return True
        try:
            found = self.session.run.step(record.step).resolve(Address(address.path), self.session.here.scope)
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
    """Whether all the cells of a record that an address asks for are among those shown."""
    return bool(_marked(cells, record)[_asked(record, address)].all())


def _is_just(shown: Cells, address: Address) -> bool:
    """Whether the cells that an address asks for are those seen, and no others."""
    wanted = Cells(shown.record, _asked(shown.record, address))
    return bool((_marked([shown], shown.record) == _marked([wanted], shown.record)).all())


def _meets(shown: Cells, address: Address) -> bool:
    """Whether one of the cells that an address asks for is the one shown."""
    return bool(_marked([shown], shown.record)[_asked(shown.record, address)].any())


def _asked(record: Record, address: Address) -> Located:
    """The cells of a record that an address asks for, as an index; raises as `Tensor.locate` does."""
    return record.output.locate(address.selectors)


def _marked(cells: Iterable[Cells], record: Record) -> np.ndarray:
    """[…] as the record: True where a cell of it was shown."""
    marked = np.zeros(record.output.shape, bool)
    for shown in cells:
        if (shown.record.at, shown.record.index) == (record.at, record.index):
            marked[shown.where] = True
    return marked


Asked = Callable[[Seen], bool]


@dataclass(frozen=True)
class Check:
    """A line that holds in some states and not in others."""

    text: str
    line: int
    _asked: Asked

    @property
    def word(self) -> str:
        """The word that it begins with."""
        return self.text.partition(" ")[0]

    def holds(self, seen: Seen) -> bool:
        """Whether it holds now; not where it can't be worked out."""
        try:
            return self._asked(seen)
        except TraceError:
            return False

    def trouble(self, seen: Seen) -> str:
        """Why it can't be worked out now; nothing where it can."""
        try:
            self._asked(seen)
        except TraceError as error:
            return str(error)
        return ""


def read_check(text: str, line: int) -> Check:
    """A check from its line: a word of `WORDS` with what it takes, or an expression.

    Raises:
        TraceError: it is neither.
    """
    word, _blank, rest = text.partition(" ")
    is_word = word in WORDS and not rest.lstrip().startswith(("==", "!="))
    return Check(text, line, WORDS[word](rest.strip()) if is_word else _expression(text))


def _expression(text: str) -> Asked:
    expression = compile_expression(text)
    return lambda seen: truth(expression.evaluate(seen.session.here))


def _at(text: str) -> Asked:
    place, _word, condition = text.partition(" if ")
    address = parse(place)
    holds = _expression(condition) if condition else lambda _seen: True
    return lambda seen: seen.is_at(address) and holds(seen)


def _of_address(asked: Callable[[Seen, Address], bool]) -> Callable[[str], Asked]:
    def read(text: str) -> Asked:
        address = parse(text)
        return lambda seen: asked(seen, address)

    return read


def _setting(text: str) -> Asked:
    """Of a setting that stays from one run to the next, whether it was made in this step."""
    name, _blank, value = text.partition(" ")
    setting = setting_named(name)
    wanted = setting.read(value.strip())
    return lambda seen: (
        bool(setting.get(seen.session) == wanted) and (not setting.is_kept or seen.has_heard(lookup("set"), {}))
    )


def _text(text: str) -> Asked:
    if text:
        return lambda seen: seen.session.opener.text == text
    return lambda seen: seen.session.opener.text != seen.text


def _model(name: str) -> Asked:
    if name:
        return lambda seen: seen.session.run.card.name == name
    return lambda seen: seen.session.run.card.name != seen.name


def _result(text: str) -> Asked:
    name, _blank, rest = text.partition(" ")
    command = lookup(name)
    arguments = parse_line(text).arguments if rest else {}
    return lambda seen: seen.has_heard(command, arguments)


WORDS: dict[str, Callable[[str], Asked]] = {
    "at": _at,
    "reached": _of_address(Seen.has_reached),
    "shown": _of_address(Seen.is_shown),
    "alone": _of_address(Seen.is_shown_alone),
    "explained": _of_address(Seen.is_explained),
    "breakpoint": _of_address(Seen.has_breakpoint),
    "hit": _of_address(lambda seen, address: bool(seen.session.met) and seen.is_at(address)),
    "setting": _setting,
    "text": _text,
    "model": _model,
    "result": _result,
}
