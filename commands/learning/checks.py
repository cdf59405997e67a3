"""Checks: what a lesson may ask of the state of a session, and of what the learner has seen in it, one line each.

Each function behind `read_check` reads what stands after the word it is named by in `WORDS`, and returns the question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import numpy as np

from tracer.addresses import Address, parse
from tracer.dataclass import dataclass
from tracer.debugger.expressions import Expression, compile_expression, truth
from tracer.errors import AddressError, TraceError
from tracer.tape import Record
from tracer.tensor import Located
from tracer.trace import Trace

from ..grammar.edited import headed
from ..grammar.parsing import Call, parse_line
from ..grammar.runs import run_number
from ..registry import Command, lookup
from ..results.result import Cells, Result
from ..session import Session
from ..settings import setting_named
from .effects import is_changed, is_edited, says_something_else

OUTPUT = "text"
"""What a run says as a whole."""


class Seen:
    """What a session has shown of its run since a step began, and which commands it has carried out.

    ``text`` and the ``name`` of the model are what the session began with.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.text, self.name = session.opener.text, session.run.card.name
        self._runs = list(session.runs.values())
        self._cells: list[tuple[list[Trace], Cells]] = []
        self._calls: list[tuple[Trace, Call]] = []
        session.see = self._see

    def _see(self, call: Call, results: Sequence[Result]) -> None:
        self._calls.append((_root(self.session.run), call))
        self._cells += [(self._runs_with(result.about.record), result.about) for result in results if result.about]

    def _runs_with(self, record: Record) -> list[Trace]:
        """The runs that have a record; branches share those before an edit."""
        return [run for run in self.session.runs.values() if _has(run, record)] or [self.session.run]

    def has_heard(self, wanted: Command, arguments: Mapping[str, object]) -> bool:
        """Whether a command has shown its result in this run or its branches, with these arguments among others."""
        root = _root(self.session.run)
        calls = (call.arguments for of, call in self._calls if of is root and call.command is wanted)
        return any(
            all(name in given and same(value, given[name]) for name, value in arguments.items()) for given in calls
        )

    @property
    def has_branched(self) -> bool:
        """Whether the current run is a branch that was made since the step began."""
        run = self.session.run
        return run.parent is not None and not any(run is known for known in self._runs)

    def is_shown(self, address: Address) -> bool:
        """Whether all the cells at an address were shown, at once or bit by bit."""
        cells = self._shown_at(address)
        return _any(partial(_covers, cells, shown.record, address) for shown in cells)

    def is_shown_alone(self, address: Address) -> bool:
        """Whether just the cells at an address were shown."""
        return _any(partial(_is_just, shown, address) for shown in self._shown_at(address))

    def is_explained(self, address: Address) -> bool:
        """Whether a reason was given for one of the cells at an address."""
        given = (shown for shown in self._shown_at(address) if shown.explained)
        return _any(partial(_meets, shown, address) for shown in given)

    def _shown_at(self, address: Address) -> list[Cells]:
        """What was shown at an address, of the run that it names or of the current one."""
        run = self.session.here.run_of(address)
        return [shown for runs, shown in self._cells if run in runs and self._is_at(shown.record, address)]

    def is_at(self, address: Address) -> bool:
        """Whether the cursor stands on a record at an address."""
        record, run = self.session.here.record, self.session.here.run_of(address)
        return record is not None and run is self.session.run and self._is_at(record, address)

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
        run = self.session.here.run_of(address)
        try:
            found = run.step(record.step).resolve(Address(address.path), self.session.here.scope)
        except AddressError:
            return False
        return found.index == record.index


def _root(run: Trace) -> Trace:
    """The run that another is a branch of, or a branch of a branch; itself where it is none."""
    while run.parent is not None:
        run = run.parent
    return run


def _has(run: Trace, record: Record) -> bool:
    """Whether a record is one of those that a run has so far."""
    try:
        return record.step in run.numbers and run.at(record.at).numbered(record.index) is record
    except AddressError:
        return False


def same(wanted: object, given: object) -> bool:
    """Whether two arguments of a command say the same, whatever blanks they were typed with."""
    match wanted, given:
        case (Expression(text=text), Expression(text=other)) | (str(text), str(other)):
            return "".join(text.split()) == "".join(other.split())
        case (tuple() | list(), tuple() | list()):
            return len(wanted) == len(given) and all(map(same, wanted, given))
        case _:
            return wanted == given


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


def _branch(text: str) -> Asked:
    if not text:
        return lambda seen: seen.has_branched
    number = run_number(text)
    return lambda seen: seen.has_branched and seen.session.run.parent is seen.session.runs.find(number)


def _current(text: str) -> Asked:
    number = run_number(text)
    return lambda seen: seen.session.number == number


def _edited(text: str) -> Asked:
    address = parse(headed(text))
    return lambda seen: is_edited(seen.session, address)


def _changed(text: str) -> Asked:
    """Of a number, or of the output as a whole, whether an edit has made another of it."""
    if text == OUTPUT:
        return lambda seen: says_something_else(seen.session)
    address = parse(headed(text))
    return lambda seen: is_changed(seen.session, address)


def _unchanged(text: str) -> Asked:
    changed = _changed(text)
    return lambda seen: not changed(seen)


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
    "branch": _branch,
    "current": _current,
    "edited": _edited,
    "changed": _changed,
    "unchanged": _unchanged,
}
