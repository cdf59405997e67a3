"""A trace, a cursor on it, and the motions that move the cursor."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Literal

from ..addresses import Address
from ..arithmetic import Leaf
from ..backward import Objective
from ..errors import AddressError, InputError
from ..i18n import _
from ..namedtuple import NamedTuple
from ..run import live
from ..tape import Record
from ..trace import Token, Trace
from .bookmarks import Bookmarks
from .cursor import Cursor, into, one, out, over
from .displays import Displays
from .history import History
from .locations import Here, performed
from .runs import Runs, Stand
from .stops import Kind, Met, Stops
from .trail import Trail

Reason = Literal["step", "token", "start", "end"] | Kind
Begin = Callable[[str | None], Trace]
"""Makes a fresh run over a text; None is the text of the run before, or the first one."""


class Stop(NamedTuple):
    """Where a motion ended and why; ``record`` is None before the first one, ``met`` the breakpoints and their like."""

    reason: Reason
    cursor: Cursor
    record: Record | None
    met: tuple[Met, ...] = ()

    @property
    def number(self) -> int | None:
        """The number of the first breakpoint that was met, if one was."""
        return self.met[0].point.number if self.met else None


class Listed(NamedTuple):
    """Records that were listed: of which step, up to which, and around which address if one was given."""

    step: int
    last: int
    address: Address | None


class Debugger:
    """A run and a cursor on it. Every motion returns the `Stop` it came to.

    A motion goes no further than the first of ``stops`` on its way; `goto`, `back` and `forward` pass them by. One that
    is interrupted or fails leaves the cursor where it was.
    ``frame`` counts the scopes between the record under the cursor and the one that is looked from; any motion looks
    from the innermost again. ``runs`` are the fresh ones and the branches, by number; ``run`` is the current one.
    ``met`` are those stops that ended the last motion; ``history`` are the values printed, ``asked`` the cells that the
    last explanation led to.
    """

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self.runs = Runs()
        self.history = History()
        self.stops = Stops(self.history, self.runs)
        self.bookmarks = Bookmarks()
        self.displays = Displays()
        self.asked: Sequence[Leaf] = ()
        self._due: list[str] | None = None
        self.restart()

    def restart(self, text: str | None = None) -> Stop:
        """A fresh run, of the same text where none is given, with the cursor before its first record."""
        with self._whole():
            run = self._begin(text)
            if self.runs and not self.run.numbers:
                self.runs.put(self.number, run)
            else:
                self._put_aside()
                self.runs.add(run)
            return self._stand_before(run)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """A change of runs that is made whole or, where it fails or is interrupted, not at all."""
        before, runs = dict(vars(self)), self.runs.kept()
        try:
            yield
        except BaseException:
            vars(self).update(before)
            self.runs.restore(runs)
            raise

    def begin_anew(self) -> Stop:
        """A fresh run of the same text, in place of all that there are: it is r0."""
        stop = self.restart()
        self.runs.forget(self.run)
        return stop

    def take_in(self, run: Trace) -> Stop:
        """Take in a run and go over to it, with the cursor before its first record."""
        with self._whole():
            self._put_aside()
            self.runs.add(run)
            return self._stand_before(run)

    def lay_beside(self, run: Trace, number: int | None = None) -> int:
        """Take in a run, with the cursor before its first record, and stay in the current one.

        It gets the ``number`` of another that it takes the place of, or one of its own, which is returned.
        """
        if number is None or number == self.number:
            number = self.runs.add(run)
        else:
            self.runs.put(number, run)
        start = Cursor(run.first, 0)
        self.runs.stands[number] = Stand(start, start, Trail(start))
        return number

    def _stand_before(self, run: Trace) -> Stop:
        """Stand before the first record of a run."""
        start = Cursor(run.first, 0)
        self._stand(run, Stand(start, start, Trail(start)))
        return self._stop("start")

    @property
    def number(self) -> int:
        """The n of ``rn``, the current run."""
        assert self.run.number is not None
        return self.run.number

    def enter(self, run: Trace) -> Stop:
        """Take in a branch and go over to it, to the same place in it; to its end where it has no such place.

        What is computed for it is computed before anything changes.
        """
        place = self.cursor
        if place.index and not performed(run, place.step):
            place = Cursor(run.computed, run.step(run.computed).turn)
        place = Cursor(place.step, min(place.index, len(run.step(place.step)))) if place.index else place
        with self._whole():
            self._put_aside()
            self.runs.add(run)
            self._stand(run, Stand(place, max(place, self.furthest), Trail(place)))
            return self._stop("step")

    def switch(self, number: int) -> Stop:
        """Go over to another run, to where the cursor stood in it.

        Raises:
            InputError: there is no such run.
        """
        run = self.runs.find(number)
        with self._whole():
            self._put_aside()
            self._stand(run, self.runs.stands[number])
            return self._stop("step")

    def drop(self, number: int) -> None:
        """Let a run go that is not the current one; raises `InputError` where there is no such run."""
        if number == self.number:
            raise InputError(_("r{n} is the current run; switch to another first").format(n=number))
        self.runs.drop(number)

    def undo(self) -> Stop:
        """Let the current run go, and go back to the one that it is a branch of.

        Raises:
            InputError: it is no branch, or the other run was dropped.
        """
        number, parent = self.number, self.run.parent
        if parent is None:
            raise InputError(_("nothing was changed in r{n}: there is nothing to take back").format(n=number))
        if parent.number is None:
            stop = self.take_in(parent)
            self.runs.drop(number)
            return stop
        if self.runs.get(parent.number) is not parent:
            raise InputError(
                _("the run that r{n} is a branch of was dropped; switch RUN goes to another").format(n=number)
            )
        stop = self.switch(parent.number)
        self.runs.drop(number)
        return stop

    def stand(self, number: int) -> Stand:
        """Where the cursor stands in a run of the session; raises `InputError` where there is none."""
        self.runs.find(number)
        return Stand(self.cursor, self.furthest, self.trail) if number == self.number else self.runs.stands[number]

    def _put_aside(self) -> None:
        """Note where the cursor stands in the current run."""
        if self.runs:
            self.runs.stands[self.number] = Stand(self.cursor, self.furthest, self.trail)

    def _stand(self, run: Trace, stand: Stand) -> None:
        """Stand in a run."""
        self.run = run
        self.cursor, self.furthest, self.trail = stand
        self.frame = 0
        self.listed: Listed | None = None
        self.met: tuple[Met, ...] = ()

    @property
    def start(self) -> Cursor:
        """The place before the first record."""
        return Cursor(self.run.first, 0)

    @property
    def here(self) -> Here:
        """The place from which addresses are read."""
        return Here(self.run, self.cursor, frame=self.frame, history=self.history, runs=self.runs)

    @property
    def tokens(self) -> list[Token]:
        """The tokens chosen up to the cursor."""
        seen = self.cursor.step - (not self._at_end_of_step())
        return [token for token in self.run.tokens if token.step <= seen]

    def is_ahead(self, record: Record) -> bool:
        """Whether the cursor has not been at a record of the current run yet."""
        return self.furthest < Cursor(record.step, record.index)

    def take_due(self) -> list[str] | None:
        """The commands of the stops at which the last motion ended; None if none was made since this was asked."""
        due, self._due = self._due, None
        return due

    def step(self) -> Stop:
        """Perform one operation."""
        return self._ahead(one)

    def next(self) -> Stop:
        """Perform one operation, or the whole of the scope that begins with it."""
        return self._ahead(over)

    def finish(self) -> Stop:
        """Go on to the end of the selected scope around the cursor."""
        return self._ahead(partial(out, frame=self.frame))

    def token(self) -> Stop:
        """Go on to the last record of the step that yields the next token."""
        number = self.cursor.step + (self._at_end_of_step() or not self.cursor.step)
        return self._go(self._last(number), "token") if performed(self.run, number) else self._finished()

    def proceed(self, n: int = 1) -> Iterator[Stop]:
        """Go on to the n-th of ``stops`` on the way, or to the end of the run; yields each token and stop passed."""
        while n and (stop := self.token()).reason != "end":
            n -= bool(stop.met)
            yield stop
        if n:
            yield stop

    def advance(self, place: Cursor) -> Stop:
        """Go on to a place ahead."""
        return self._go(place, "step")

    def until(self, address: Address) -> Stop:
        """Go on to the next record at an address, in this step or the one after it.

        Raises:
            AddressError: it names nothing there, or lies behind the cursor.
        """
        numbers = (self.cursor.step, self.cursor.step + 1) if address.step is None else (address.step,)
        for number in numbers:
            for place in self.here.places(address, number):
                if place > self.cursor:
                    return self.advance(place)
        self.here.matches(address)
        raise AddressError(_("{address} does not come again; goto leads back to it").format(address=address))

    def record_gradients(self, objective: Objective) -> Stop:
        """Record the gradients of an expression over the cursor's step, and stand before the first of them.

        Raises:
            InputError: the run is only what was kept of one.
        """
        number = self.cursor.step
        live(self.run, "backward").record_gradients(number, objective)
        stop = self._move(self._last(number), "step")
        self.furthest = min(self.furthest, self.cursor) if self.furthest.step == number else self.furthest
        return stop

    def step_back(self) -> Stop:
        """Take one operation back."""
        return self._back(one)

    def next_back(self) -> Stop:
        """Take one operation back, or the whole of the scope that ends with it."""
        return self._back(over)

    def finish_back(self) -> Stop:
        """Go back to before the selected scope around the cursor."""
        return self._back(partial(into, frame=self.frame))

    def token_back(self) -> Stop:
        """Go back to where the token before this one was chosen, or to the start."""
        if self.cursor.step < 2:
            return self.proceed_back()
        return self._go(self._last(self.cursor.step - 1), "token")

    def proceed_back(self) -> Stop:
        """Go back to the one of ``stops`` before, or to the start of the run."""
        return self._go(self.start, "start")

    def goto(self, address: Address) -> Stop:
        """Go to a record, ahead or behind; to the last one of a step where no path is given.

        Raises:
            AddressError: there is no such place.
        """
        if address.beam is not None:
            raise AddressError(
                _("the cursor moves along the winner's steps; print shows {address}").format(address=address)
            )
        if self.here.run_of(address) is not self.run:
            raise AddressError(
                _("the cursor moves in r{here}, the current run; switch {n} goes over to r{n}").format(
                    here=self.number, n=address.run
                )
            )
        if address.step is not None and not address.path and address.record is None:
            self.here.run_of(address)
            return self._move(self._last(address.step), "step")
        record = self.here.find(address)
        return self._move(Cursor(record.step, record.index), "step")

    def goto_start(self) -> Stop:
        """Go to the place before the first record."""
        return self._move(self.start, "start")

    def goto_end(self) -> Stop:
        """Go to the last record of the run, which is decoded to its end for it."""
        performed(self.run, math.inf)
        return self._move(self._last(self.run.computed), "end")

    def revisit(self, place: Cursor) -> Stop:
        """Go to a place where the cursor stood before, perhaps in another run.

        Raises:
            AddressError: this run has no such place.
        """
        if place.index:
            self.run.step(place.step).numbered(place.index)
        return self._move(place, "step") if place.index else self.goto_start()

    def leave(self) -> None:
        """Note the place where the cursor stands as one to come back to."""
        self.trail.visit(self.cursor)

    def back(self) -> Stop:
        """Go to the place where the cursor stopped before; raises `AddressError` where there is none."""
        self.leave()
        return self.revisit(self.trail.back())

    def forward(self) -> Stop:
        """Go to the place that `back` came from; raises `AddressError` where there is none."""
        self.leave()
        return self.revisit(self.trail.forward())

    def _ahead(self, reach: Callable[[Sequence[str], int], int]) -> Stop:
        number, at = self.cursor.step, self.cursor.index
        if at and self.cursor == self._end(number):
            number, at = number + 1, 0
        if not performed(self.run, number):
            return self._finished()
        return self._go(Cursor(number, reach(self._addresses(number), at)), "step")

    def _back(self, reach: Callable[[Sequence[str], int], int]) -> Stop:
        number, index = self.cursor.step, self.cursor.index
        if not index:
            return self._stop("start")
        addresses = self._addresses(number)[::-1]
        index = len(addresses) - reach(addresses, len(addresses) - index)
        if index:
            return self._go(Cursor(number, index), "step")
        return self._go(self._end(number - 1), "step") if number > self.run.first else self.proceed_back()

    def _finished(self) -> Stop:
        """The end; raises `AddressError` where what was kept breaks off before it."""
        if not self.run.ended:
            self.run.step(self.run.computed + 1)
        return self._go(self._end(self.run.computed), "end")

    def _go(self, goal: Cursor, reason: Reason) -> Stop:
        """Move to a place, or to the first stop on the way."""
        arrival = self.stops.first(self.run, self.cursor, goal)
        if arrival is None:
            return self._move(goal, reason)
        return self._move(arrival.cursor, arrival.met[0].point.trigger.kind, arrival.met)

    def _move(self, cursor: Cursor, reason: Reason, met: tuple[Met, ...] = ()) -> Stop:
        self.cursor = cursor
        self.frame = 0
        self.listed = None
        self.met = met
        self.furthest = max(self.furthest, cursor)
        return self._stop(reason, met)

    def _stop(self, reason: Reason, met: tuple[Met, ...] = ()) -> Stop:
        self._due = [line for one in met for line in one.point.commands]
        return Stop(reason, self.cursor, self.here.record, met)

    def _at_end_of_step(self) -> bool:
        return self.cursor >= self._last(self.cursor.step) if self.cursor.index else False

    def _last(self, number: int) -> Cursor:
        """The last record of a pass, behind which there may be gradients."""
        return Cursor(number, self.run.step(number).turn)

    def _end(self, number: int) -> Cursor:
        return Cursor(number, len(self.run.step(number)))

    def _addresses(self, number: int) -> list[str]:
        return [record.address for record in self.run.step(number)]
