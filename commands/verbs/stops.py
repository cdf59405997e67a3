"""Breakpoints, watchpoints and catchpoints."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Annotated, Literal, get_args

from tracer import views
from tracer.debugger.debugger import Debugger
from tracer.debugger.expressions import Expression, compile_expression
from tracer.debugger.locations import Here
from tracer.debugger.stops import (
    LATEST,
    CatchArising,
    CatchCondition,
    CatchRowSum,
    Condition,
    Point,
    Stops,
    Trigger,
    Trouble,
    Watch,
    check_known,
    place,
    whole_expression,
)
from tracer.digits import whole_number
from tracer.errors import InputError
from tracer.i18n import _, ngettext

from ..grammar.address_suggestions import expressions, stops
from ..grammar.blocks import END, commands_in
from ..grammar.kinds import number
from ..grammar.parameters import Block, Expr, File, Kind
from ..grammar.parsing import parse_line
from ..grammar.suggestions import Suggestion, Suggestions, Typing, words
from ..output.files import whole_file
from ..registry import command
from ..results.result import Result, Results, answer
from ..results.stopped import facts
from ..session import Session

SETTING = ("break", "tbreak", "watch", "catch", "condition", "ignore", "commands", "disable")
"""The commands that a stop, and what belongs to it, is set by."""
LONGEST = 60
"""characters of another line that is quoted"""
BPNUM = "$bpnum"
"""In place of a number, as in gdb: the breakpoint that was set last."""


def _point_number(text: str) -> int:
    if text == BPNUM:
        return LATEST
    number = whole_number(text)
    if not number:
        raise InputError(_("{text!r} is no number of a breakpoint; info breakpoints lists them").format(text=text))
    return number


def _point_numbers(text: str) -> list[int]:
    return list(map(_point_number, text.split()))


def _if(text: str) -> Expression:
    match = re.fullmatch(r"if(?![\w.])(.*)", text, re.DOTALL)
    if match is None:
        raise InputError(_("expected if and a condition after the location, not {text!r}").format(text=text))
    return compile_expression(match[1].strip())


Catching = Callable[[Here], Trigger]


def _catching(text: str) -> Catching:
    """What makes a trigger once it is known from where."""
    found: dict[str, Trigger] = {**{name: CatchArising(name) for name in get_args(Trouble)}, "rowsum": CatchRowSum()}
    if text in found:
        return lambda _here: found[text]
    expression = compile_expression(text)

    def caught(here: Here) -> Trigger:
        for address in expression.addresses:
            check_known(address, here)
        return CatchCondition(Condition(expression))

    return caught


def _places(_debugger: Debugger) -> dict[str, str]:
    return {"op:": _("every record of an operation"), 'token:"': _("wherever a token is chosen"), "@": _("a step")}


def _troubles(_debugger: Debugger) -> dict[str, str]:
    return {"nan": _("not a number"), "inf": _("an infinity"), "rowsum": _("a softmax whose rows don't sum to 1")}


def _or(known: Callable[[Debugger], Mapping[str, str]], others: Suggestions) -> Suggestions:
    """Some beginnings of an argument, and then what else it may be."""
    return lambda typing: chain(words(known)(typing), others(typing))


def _known(debugger: Debugger) -> dict[str, str]:
    return {str(point.number): str(point) for point in debugger.stops}


Place = Annotated[str, Kind("LOC", str, _or(_places, stops))]


def _conditions(typing: Typing) -> Iterable[Suggestion]:
    """The word if, and then an expression."""
    if "if".startswith(typing.text):
        return [Suggestion("if ", len(typing.text), _("stop only where an expression is true"))]
    begun = re.match(r"if(?![\w.])\s*", typing.text)
    return expressions(replace(typing, text=typing.text[begun.end() :])) if begun else ()


If = Annotated[Expression, Kind("if E", _if, _conditions)]
Caught = Annotated[Catching, Kind("nan|inf|rowsum|E", _catching, _or(_troubles, expressions))]
Number = Annotated[int, Kind("N", _point_number, words(_known))]
Crossings = Annotated[int, number("COUNT", 0, 10**9)]
Several = Annotated[list[int], Kind("N…", _point_numbers, words(_known))]


@command("break", "b", group="stops", basic=True)
def break_(debugger: Debugger, location: Place, condition: If | None = None) -> Results:
    """Stop wherever a motion comes to LOC.

    LOC is an address, which may have * and **, a step (its first record), op:NAME for every record of an operation, or
    token:"PIECE" for the end of a step that yields that token. With E, it stops only where E is true; in E, bare names
    are looked up from the record being tested, and what they stand for has been performed by then.

    (tx) break dec.*.cross.weights if max(weights[h0]) > .5
    (tx) b op:layer_norm
    (tx) b token:"love" if prob("love") < .9
    """
    yield _set(debugger, "break", place(location, debugger.here), condition)


@command("tbreak", "tb", group="stops")
def tbreak(debugger: Debugger, location: Place, condition: If | None = None) -> Results:
    """Stop at LOC once.

    It is a break that is deleted where it stops.

    (tx) tbreak @2
    """
    yield _set(debugger, "tbreak", place(location, debugger.here), condition, temporary=True)


@command("watch", "wa", group="stops")
def watch(debugger: Debugger, expression: Expr) -> Results:
    """Stop where a token changes the value of E.

    E is worked out at the end of every step and compared with the step before; both values are shown.

    (tx) watch argmax(dec.0.cross.weights[h0, -1])
    """
    yield _set(debugger, "watch", Watch(whole_expression(expression, debugger.here)))


@command("catch", group="stops")
def catch(debugger: Debugger, caught: Caught) -> Results:
    """Stop at what should not happen.

    nan and inf are caught where they arise: in a record none of whose inputs has one (the −∞ of a mask is meant); where
    a parameter has, its cell in the file is named.
    rowsum is a row of a softmax that does not sum to 1. E is tested at every record that completes what it reads.

    (tx) catch nan
    (tx) catch max(scores) > 100
    """
    yield _set(debugger, "catch", caught(debugger.here))


@command("condition", group="stops")
def condition(debugger: Debugger, n: Number, expression: Expr | None = None) -> Results:
    """Stop at breakpoint N only where E is true.

    Without E, it stops always again.

    (tx) break dec.0.cross.weights
    (tx) condition 1 max(weights) > .9
    """
    point = debugger.stops[n]
    point.condition = None if expression is None else Condition(expression)
    yield _standing("condition", point)


@command("ignore", group="stops")
def ignore(debugger: Debugger, n: Number, count: Crossings) -> Results:
    """Pass breakpoint N by the next COUNT times.

    They count as hits.

    (tx) break op:softmax
    (tx) ignore 1 3
    """
    point = debugger.stops[n]
    point.to_ignore = count
    yield _standing("ignore", point)


@command("enable", group="stops")
def enable(debugger: Debugger, numbers: Several | None = None) -> Results:
    """Let breakpoints N… stop again, or all of them.

    (tx) break logits
    (tx) enable 1
    """
    yield from _switched(debugger, "enable", numbers, on=True)


@command("disable", group="stops")
def disable(debugger: Debugger, numbers: Several | None = None) -> Results:
    """Keep breakpoints N… but don't stop there, or at any.

    (tx) break logits
    (tx) disable 1
    """
    yield from _switched(debugger, "disable", numbers, on=False)


@command("delete", group="stops")
def delete(debugger: Debugger, numbers: Several | None = None) -> Results:
    """Forget breakpoints N…, or all of them.

    (tx) break logits
    (tx) delete 1
    """
    points = debugger.stops.pick(numbers or ())
    for point in points:
        debugger.stops.delete(point)
    deleted = [point.number for point in points]
    told = _("deleted: {numbers}").format(numbers=", ".join(map(str, deleted)) or _("none"))
    yield answer("delete", lambda: deleted, lambda: told)


@command("commands", group="stops", outward=True)
def commands(session: Session, n: Number = LATEST, *, lines: Annotated[list[str], Block("… end")]) -> Results:
    """Run the lines up to end whenever breakpoint N stops.

    Without N, it is the breakpoint set last. A line that moves the cursor is the last one to be run: it ends at a stop
    of its own. An empty block takes the commands away.

    (tx) break dec.0.cross.weights
    (tx) commands 1
    > print max(weights)
    > continue
    > end
    """
    point = session.stops[n]
    found = tuple(commands_in(lines))
    for line in found:
        parse_line(session.expanded(line))
    point.commands = found
    yield _standing("commands", point)


@command("save", group="files", outward=True)
def save(debugger: Debugger, _what: Literal["breakpoints"], file: File) -> Results:
    """Write the breakpoints to a script that source reads.

    (tx) break dec.0.cross.weights if max(weights) > .9
    (tx) save breakpoints stops.tx
    """
    lines = script(debugger.stops)
    with whole_file(file) as stream:
        stream.writelines(f"{line}\n" for line in lines)
    count = len(list(debugger.stops))
    told = ngettext("{n} breakpoint written to {file}", "{n} breakpoints written to {file}", count)
    yield answer("save", lambda: {"file": str(file), "breakpoints": count}, lambda: told.format(n=count, file=file))


def script(stops: Stops) -> list[str]:
    """The commands that set the same stops again."""
    return [line for point in stops for line in _setting(point)]


def set_again(session: Session, line: str) -> None:
    """Run one of these commands; raises `InputError` for any other."""
    call = parse_line(line)
    if call.command.name not in SETTING or call.file or call.program:
        raise InputError(_("{line!r} sets no breakpoint").format(line=line[:LONGEST]))
    deque(call.run(session), 0)


def _setting(point: Point) -> Iterator[str]:
    verbs = {"breakpoint": "tbreak" if point.temporary else "break", "watchpoint": "watch", "catch": "catch"}
    yield f"{verbs[point.trigger.kind]} {point.trigger}"
    if point.condition is not None:
        yield f"condition {BPNUM} {point.condition}"
    if point.to_ignore:
        yield f"ignore {BPNUM} {point.to_ignore}"
    if point.commands:
        yield "\n".join([f"commands {BPNUM}", *point.commands, END])
    if not point.enabled:
        yield f"disable {BPNUM}"


def _set(
    debugger: Debugger, name: str, trigger: Trigger, condition: Expression | None = None, *, temporary: bool = False
) -> Result:
    wanted = None if condition is None else Condition(condition)
    return _standing(name, debugger.stops.add(trigger, wanted, temporary=temporary))


def _switched(debugger: Debugger, name: str, numbers: list[int] | None, *, on: bool) -> Results:
    for point in debugger.stops.pick(numbers or ()):
        point.enabled = on
        yield _standing(name, point)


def _standing(name: str, point: Point) -> Result:
    """A breakpoint as it stands now."""
    return answer(name, lambda: facts(point), lambda: views.stops.described(point))
