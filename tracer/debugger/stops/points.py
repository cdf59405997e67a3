"""The stops of a session under one sequence of numbers, and the first of them on a way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, Protocol

from ...addresses import Address
from ...dataclass import dataclass
from ...errors import AddressError, InputError, TraceError
from ...i18n import _
from ...namedtuple import NamedTuple
from ...trace import Trace
from ..cursor import Cursor
from ..history import History
from .conditions import Condition
from .findings import Failed, Finding
from .sealed import Layouts, Sealed, Tested

Kind = Literal["breakpoint", "watchpoint", "catch"]

LATEST = 0
"""In place of a number: the stop that was set last."""


class Trigger(Protocol):
    """What makes a motion stop; its text is what the user would write."""

    @property
    def kind(self) -> Kind: ...

    def indices(self, step: Sealed) -> Sequence[int]:
        """The records of a step, from 1, at which it is to be tested."""
        ...

    def found(self, here: Tested) -> Sequence[Finding] | None:
        """What was found at a record, None if there is no reason to stop; raises `TraceError` if it can't be told."""
        ...


@dataclass(eq=False)
class Point:
    """A breakpoint, watchpoint or catchpoint; as text, what was asked for.

    ``hits`` counts how often it was met, also where that was ignored; the next ``to_ignore`` times will be.
    """

    number: int
    trigger: Trigger
    condition: Condition | None = None
    temporary: bool = False
    enabled: bool = True
    hits: int = 0
    to_ignore: int = 0
    commands: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.trigger) if self.condition is None else f"{self.trigger} if {self.condition}"

    def meet(self, here: Tested) -> Met | None:
        """Test it at a record, and count a hit; whether and why to stop there. What can't be tested is met."""
        try:
            findings = self._found(here)
        except TraceError as error:
            findings = (Failed(str(error)),)
        if findings is None:
            return None
        self.hits += 1
        if self.to_ignore:
            self.to_ignore -= 1
            return None
        return Met(self, self.hits, tuple(findings))

    def _found(self, here: Tested) -> Sequence[Finding] | None:
        findings = self.trigger.found(here)
        if findings is None or self.condition is None:
            return findings
        if ahead := here.ahead(self.condition.expression.addresses):
            self._insist_on_coming(ahead, here)
            return None
        holds = self.condition.found(here)
        return None if holds is None else (*findings, holds)

    def _insist_on_coming(self, ahead: Address, here: Tested) -> None:
        """That what is still to come at a record has been performed at another one where this is tested in the step.

        Raises:
            AddressError: it has not, and the condition could never hold.
        """
        others = (here.sealed.at(index) for index in self.trigger.indices(here.sealed))
        if all(other.ahead([ahead]) for other in others):
            told = _("{name} is still to come wherever this is tested; its whole path is read ahead: {path}")
            raise AddressError(told.format(name=ahead, path=here.whole_path(ahead)))


class Met(NamedTuple):
    """A stop that was met, for the how manieth time, and what it found."""

    point: Point
    hits: int
    findings: tuple[Finding, ...]


class Arrival(NamedTuple):
    """The first record on a way at which to stop, and all that is met there, by number."""

    cursor: Cursor
    met: tuple[Met, ...]


class Stops:
    """The stops of a session, in the order of their numbers; their conditions may name what is in its ``history``."""

    def __init__(self, history: History | None = None, runs: Mapping[int, Trace] = MappingProxyType({})) -> None:
        self._points: dict[int, Point] = {}
        self._made = 0
        self._layouts = Layouts(History() if history is None else history, runs)

    def __iter__(self) -> Iterator[Point]:
        return iter(tuple(self._points.values()))

    def add(self, trigger: Trigger, condition: Condition | None = None, *, temporary: bool = False) -> Point:
        """Set a stop under the next number."""
        self._made += 1
        self._points[self._made] = Point(self._made, trigger, condition, temporary)
        return self._points[self._made]

    def __getitem__(self, number: int) -> Point:
        """The stop of a number, or the `LATEST`.

        Raises:
            InputError: there is none; the message lists those there are.
        """
        wanted = number or max(self._points, default=LATEST)
        if wanted in self._points:
            return self._points[wanted]
        if not self._points:
            raise InputError(_("no breakpoint is set; e.g. break dec.0.cross.weights"))
        known = ", ".join(map(str, self._points))
        raise InputError(_("there is no breakpoint {n}; there are {known}").format(n=number, known=known))

    def places(self, run: Trace, number: int) -> set[str]:
        """The addresses in a step at which there are breakpoints in force."""
        step = self._layouts.sealed(run, number)
        points = (point for point in self if point.enabled and point.trigger.kind == "breakpoint")
        return {step.tape.records[index - 1].address for point in points for index in point.trigger.indices(step)}

    def pick(self, numbers: Iterable[int]) -> list[Point]:
        """The stops of some numbers, all for none; raises as indexing does."""
        return [self[number] for number in numbers] or list(self)

    def delete(self, point: Point) -> None:
        """Forget a stop; its number is not given again."""
        self._points.pop(point.number, None)

    def first(self, run: Trace, start: Cursor, goal: Cursor) -> Arrival | None:
        """The first record from ``start`` (exclusive) to ``goal`` at which to stop; backwards if the goal lies behind.

        Steps are performed as they are entered. Temporary stops that are met are deleted.
        """
        if not any(point.enabled for point in self):
            return None
        way = 1 if goal > start else -1
        steps = (self._layouts.sealed(run, number) for number in range(start.step, goal.step + way, way))
        arrivals = (self._first_in(step, _way(step, start, goal)) for step in steps)
        return next(filter(None, arrivals), None)

    def tested(self, run: Trace, number: int) -> Mapping[int, Sequence[Point]]:
        """The enabled stops that a step is tested for, by the index of the record; raises as `Trace.step` does."""
        step = self._layouts.sealed(run, number)
        return self._tested(step, range(1, step.last + 1))

    def _first_in(self, step: Sealed, way: range) -> Arrival | None:
        """The first of a step's records on the way at which to stop."""
        tested = self._tested(step, way)
        for index in sorted(tested, reverse=way.step < 0):
            here = step.at(index)
            met = tuple(filter(None, (point.meet(here) for point in tested[index])))
            if met:
                self._forget_temporary(met)
                return Arrival(here.cursor, met)
        return None

    def _tested(self, step: Sealed, way: range) -> dict[int, list[Point]]:
        """The enabled stops to be tested on the way, by record."""
        tested = defaultdict(list)
        for point in self:
            for index in point.trigger.indices(step) if point.enabled else ():
                if index in way:
                    tested[index].append(point)
        return tested

    def _forget_temporary(self, met: Iterable[Met]) -> None:
        for point in (one.point for one in met if one.point.temporary):
            self.delete(point)


def _way(step: Sealed, start: Cursor, goal: Cursor) -> range:
    """The records of a step from ``start`` (exclusive) to ``goal``, in the order of going."""
    enters, leaves = start.step == step.number, goal.step == step.number
    if start < goal:
        return range(start.index + 1 if enters else 1, goal.index + 1 if leaves else step.last + 1)
    return range(start.index - 1 if enters else step.last, max(goal.index, 1) - 1 if leaves else 0, -1)
