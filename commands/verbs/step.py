"""Moving the cursor, forward and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tracer.addresses import Address
from tracer.debugger.debugger import Debugger, Stop

from ..grammar.parameters import Count, Text
from ..grammar.runs import LocationOrDiff, Two
from ..registry import command
from ..results.differences import beside, first
from ..results.displays import displayed
from ..results.result import Result, Results
from ..results.shared import halted, left_behind, performed, reached, tokens_so_far
from ..results.stopped import arrived

Seen = Callable[[Debugger, Stop], Result]


@command("run", "r", group="forward", basic=True)
def run(debugger: Debugger, text: Text | None = None) -> Results:
    r"""Begin a fresh run of TEXT, or of the same text again.

    The cursor stands before the first record; nothing is executed yet. TEXT is decoded, also where an output was given
    (--target, set target) for the text before; without TEXT, that stays. Between double quotes TEXT keeps the blanks at
    its ends; \n is a line break there, \t a tab, \" a quote and \\ a backslash.

    (tx) run 我爱你
    (tx) run "我爱你 "
    """
    was_given = debugger.run.teacher_forced
    stop = debugger.restart(text)
    yield tokens_so_far(debugger, "run")
    yield from left_behind(debugger, was_given=was_given)
    yield halted(debugger, stop)


@command("step", "s", "st", group="forward", repeats=True, basic=True)
def step(debugger: Debugger, n: Count = 1) -> Results:
    """Perform one operation, or N, stepping into everything.

    The cursor then stands on the last one performed. Past the end of a step, the next step begins.

    (tx) step 3
    """
    yield from _repeated(debugger, debugger.step, n, performed)


@command("next", "n", group="forward", repeats=True)
def next_(debugger: Debugger, n: Count = 1) -> Results:
    """Perform one operation or a whole scope, N times.

    Where the next operation opens a scope (an attention, a layer, the encoder), all of it is performed.

    (tx) next 2
    """
    yield from _repeated(debugger, debugger.next, n, performed)


@command("finish", "fin", group="forward", repeats=True)
def finish(debugger: Debugger) -> Results:
    """Go on to the end of the scope around the cursor.

    (tx) finish
    """
    yield from _repeated(debugger, debugger.finish, 1, performed)


@command("until", "unt", group="forward", repeats=True)
def until(debugger: Debugger, location: LocationOrDiff) -> Results:
    """Go on to the next record at LOC, or to one that differs.

    LOC is looked for in this step and in the one after it. diff A B goes on to the next record that differs between two
    runs, of which one is the cursor's, to the end of the run if need be; diff B holds the current run against B.

    (tx) until dec.0.cross.weights
    """
    yield from _repeated(debugger, lambda: _until(debugger, location), 1, performed)


@command("token", "t", group="forward", repeats=True, basic=True)
def token(debugger: Debugger, n: Count = 1) -> Results:
    """Go on to the next output token, or by N tokens.

    The cursor then stands on the last record of the step that yielded it.

    (tx) token 2
    """
    yield from _repeated(debugger, debugger.token, n, reached)


@command("continue", "c", "cont", group="forward", repeats=True, basic=True)
def continue_(debugger: Debugger, n: Count = 1) -> Results:
    """Go on to the next breakpoint, or to the end of the run.

    Watchpoints and catchpoints stop it too. With N it goes on to the N-th of them on the way.

    (tx) continue
    """
    yield from through(debugger.proceed(n), debugger, reached)


@command("rs", group="backward", repeats=True, basic=True)
def reverse_step(debugger: Debugger, n: Count = 1) -> Results:
    """Take back one operation, or N.

    (tx) rs
    """
    yield from _repeated(debugger, debugger.step_back, n, performed)


@command("rn", group="backward", repeats=True)
def reverse_next(debugger: Debugger, n: Count = 1) -> Results:
    """Take back one operation or a whole scope, N times.

    (tx) rn
    """
    yield from _repeated(debugger, debugger.next_back, n, performed)


@command("rfin", group="backward", repeats=True)
def reverse_finish(debugger: Debugger) -> Results:
    """Go back to before the scope around the cursor.

    (tx) rfin
    """
    yield from _repeated(debugger, debugger.finish_back, 1, performed)


@command("rt", group="backward", repeats=True)
def reverse_token(debugger: Debugger, n: Count = 1) -> Results:
    """Go back to the output token before, or by N tokens.

    (tx) rt
    """
    yield from _repeated(debugger, debugger.token_back, n, reached)


@command("rc", group="backward", repeats=True)
def reverse_continue(debugger: Debugger, n: Count = 1) -> Results:
    """Go back to the breakpoint before, or to the start.

    With N it goes back to the N-th on the way.

    (tx) rc
    """
    yield from through(_backwards(debugger, n), debugger, performed)


def _repeated(debugger: Debugger, motion: Callable[[], Stop], n: int, seen: Seen) -> Results:
    yield from through(_times(motion, n), debugger, seen)


def _until(debugger: Debugger, location: Address | Two) -> Stop:
    if isinstance(location, Address):
        return debugger.until(location)
    return debugger.advance(first(debugger, beside(debugger, location.a, location.b)))


def _times(motion: Callable[[], Stop], n: int) -> Iterator[Stop]:
    """N motions, or fewer where one is cut short by a breakpoint or an end of the run."""
    for _time in range(n):
        stop = motion()
        yield stop
        if stop.reason not in ("step", "token"):
            return


def _backwards(debugger: Debugger, n: int) -> Iterator[Stop]:
    for _time in range(n):
        stop = debugger.proceed_back()
        yield stop
        if stop.reason == "start":
            return


def through(stops: Iterable[Stop], debugger: Debugger, seen: Seen) -> Results:
    """Each stop as it is reached, at last why it went no further, and what is displayed there."""
    debugger.leave()
    for stop in stops:
        if stop.met:
            yield from arrived(debugger, stop)
        elif stop.reason not in ("start", "end"):
            yield seen(debugger, stop)
    yield halted(debugger, stop)
    yield from displayed(debugger)
