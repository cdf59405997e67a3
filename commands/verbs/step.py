"""Moving the cursor, forward and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tracer.addresses import Address
from tracer.debugger.session import Session, Stop

from ..grammar.parameters import Count, Text
from ..grammar.runs import LocationOrDiff, Two
from ..registry import command
from ..results.differences import beside, first
from ..results.displays import displayed
from ..results.result import Result, Results
from ..results.shared import halted, left_behind, performed, reached, tokens_so_far
from ..results.stopped import arrived

Seen = Callable[[Session, Stop], Result]


@command("run", "r", group="forward", basic=True)
def run(session: Session, text: Text | None = None) -> Results:
    r"""Begin a fresh run of TEXT, or of the same text again.

    The cursor stands before the first record; nothing is executed yet. TEXT is decoded, also where an output was given
    (--target, set target) for the text before; without TEXT, that stays. Between double quotes TEXT keeps the blanks at
    its ends; \n is a line break there, \t a tab, \" a quote and \\ a backslash.

    (tx) run 我爱你
    (tx) run "我爱你 "
    """
    was_given = session.run.teacher_forced
    stop = session.restart(text)
    yield tokens_so_far(session, "run")
    yield from left_behind(session, was_given=was_given)
    yield halted(session, stop)


@command("step", "s", "st", group="forward", repeats=True, basic=True)
def step(session: Session, n: Count = 1) -> Results:
    """Perform one operation, or N, stepping into everything.

    The cursor then stands on the last one performed. Past the end of a step, the next step begins.

    (tx) step 3
    """
    yield from _repeated(session, session.step, n, performed)


@command("next", "n", group="forward", repeats=True)
def next_(session: Session, n: Count = 1) -> Results:
    """Perform one operation or a whole scope, N times.

    Where the next operation opens a scope (an attention, a layer, the encoder), all of it is performed.

    (tx) next 2
    """
    yield from _repeated(session, session.next, n, performed)


@command("finish", "fin", group="forward", repeats=True)
def finish(session: Session) -> Results:
    """Go on to the end of the scope around the cursor.

    (tx) finish
    """
    yield from _repeated(session, session.finish, 1, performed)


@command("until", "unt", group="forward", repeats=True)
def until(session: Session, location: LocationOrDiff) -> Results:
    """Go on to the next record at LOC, or to one that differs.

    LOC is looked for in this step and in the one after it. diff A B goes on to the next record that differs between two
    runs, of which one is the cursor's, to the end of the run if need be; diff B holds the current run against B.

    (tx) until dec.0.cross.weights
    """
    yield from _repeated(session, lambda: _until(session, location), 1, performed)


@command("token", "t", group="forward", repeats=True, basic=True)
def token(session: Session, n: Count = 1) -> Results:
    """Go on to the next output token, or by N tokens.

    The cursor then stands on the last record of the step that yielded it.

    (tx) token 2
    """
    yield from _repeated(session, session.token, n, reached)


@command("continue", "c", group="forward", repeats=True, basic=True)
def continue_(session: Session, n: Count = 1) -> Results:
    """Go on to the next breakpoint, or to the end of the run.

    Watchpoints and catchpoints stop it too. With N it goes on to the N-th of them on the way.

    (tx) continue
    """
    yield from through(session.proceed(n), session, reached)


@command("rs", group="backward", repeats=True, basic=True)
def reverse_step(session: Session, n: Count = 1) -> Results:
    """Take back one operation, or N.

    (tx) rs
    """
    yield from _repeated(session, session.step_back, n, performed)


@command("rn", group="backward", repeats=True)
def reverse_next(session: Session, n: Count = 1) -> Results:
    """Take back one operation or a whole scope, N times.

    (tx) rn
    """
    yield from _repeated(session, session.next_back, n, performed)


@command("rfin", group="backward", repeats=True)
def reverse_finish(session: Session) -> Results:
    """Go back to before the scope around the cursor.

    (tx) rfin
    """
    yield from _repeated(session, session.finish_back, 1, performed)


@command("rt", group="backward", repeats=True)
def reverse_token(session: Session, n: Count = 1) -> Results:
    """Go back to the output token before, or by N tokens.

    (tx) rt
    """
    yield from _repeated(session, session.token_back, n, reached)


@command("rc", group="backward", repeats=True)
def reverse_continue(session: Session, n: Count = 1) -> Results:
    """Go back to the breakpoint before, or to the start.

    With N it goes back to the N-th on the way.

    (tx) rc
    """
    yield from through(_backwards(session, n), session, performed)


def _repeated(session: Session, motion: Callable[[], Stop], n: int, seen: Seen) -> Results:
    yield from through(_times(motion, n), session, seen)


def _until(session: Session, location: Address | Two) -> Stop:
    if isinstance(location, Address):
        return session.until(location)
    return session.advance(first(session, beside(session, location.a, location.b)))


def _times(motion: Callable[[], Stop], n: int) -> Iterator[Stop]:
    """N motions, or fewer where one is cut short by a breakpoint or an end of the run."""
    for _time in range(n):
        stop = motion()
        yield stop
        if stop.reason not in ("step", "token"):
            return


def _backwards(session: Session, n: int) -> Iterator[Stop]:
    for _time in range(n):
        stop = session.proceed_back()
        yield stop
        if stop.reason == "start":
            return


def through(stops: Iterable[Stop], session: Session, seen: Seen) -> Results:
    """Each stop as it is reached, at last why it went no further, and what is displayed there."""
    session.leave()
    for stop in stops:
        if stop.met:
            yield from arrived(session, stop)
        elif stop.reason not in ("start", "end"):
            yield seen(session, stop)
    yield halted(session, stop)
    yield from displayed(session)
