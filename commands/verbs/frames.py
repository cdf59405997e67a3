"""The scopes around the cursor as frames, and the one that is looked from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from tracer.debugger.debugger import Debugger
from tracer.debugger.frames import Frame, frames
from tracer.digits import whole_number
from tracer.errors import InputError
from tracer.i18n import _, extent, ngettext
from tracer.tape import Record

from ..grammar.parameters import Count, Kind
from ..registry import command
from ..results.result import Result, Results, answer


def _number(text: str) -> int:
    number = whole_number(text)
    if number is None:
        raise InputError(_("{text!r} is no frame; where lists them from 0").format(text=text))
    return number


Number = Annotated[int, Kind("N", _number)]


@command("where", "w", "bt", group="look")
def where(debugger: Debugger) -> Results:
    """Show the nested scopes around the cursor, as frames.

    Frame 0 is the innermost, and the arrow stands at the frame that is selected: bare names are looked up from there,
    and list and finish are about it.

    (tx) where
    """
    record = debugger.here.record
    around = _around(debugger)

    address = record.output.address if record else None
    yield answer(
        "where",
        lambda: {"address": address, "scopes": [_facts(debugger, frame) for frame in around]},
        lambda: _listed(debugger, around, record) if record else _("the run has not started"),
    )


@command("up", "u", group="look")
def up(debugger: Debugger, n: Count = 1) -> Results:
    """Select the frame around the selected one, or N further out.

    (tx) goto dec.0.cross.weights
    (tx) up
    """
    last = len(_around(debugger)) - 1
    if debugger.frame >= last:
        raise InputError(_("the outermost frame is selected; you can't go up"))
    yield _select(debugger, min(debugger.frame + n, last))


@command("down", "d", group="look")
def down(debugger: Debugger, n: Count = 1) -> Results:
    """Select the frame within the selected one, or N further in.

    (tx) goto dec.0.cross.weights
    (tx) up 2
    (tx) down
    """
    if not debugger.frame:
        raise InputError(_("the innermost frame is selected; you can't go down"))
    yield _select(debugger, max(debugger.frame - n, 0))


@command("frame", "f", group="look")
def frame(debugger: Debugger, n: Number | None = None) -> Results:
    """Select a frame by its number, or show the selected one.

    Any motion selects frame 0 again.

    (tx) frame 0
    """
    yield _select(debugger, debugger.frame if n is None else n)


def _select(debugger: Debugger, number: int) -> Result:
    around = _around(debugger)
    if number and number >= len(around):
        known = extent("#0", f"#{len(around) - 1}") if around else "#0"
        raise InputError(_("there is no frame {n}; where lists {known}").format(n=number, known=known))
    debugger.frame = number
    debugger.listed = None
    record = debugger.here.record
    if record is None:
        return answer("frame", lambda: None, lambda: _("the run has not started"))
    selected = around[number]
    return answer("frame", lambda: _facts(debugger, selected), lambda: _listed(debugger, [selected], record))


def _around(debugger: Debugger) -> list[Frame]:
    record = debugger.here.record
    return frames(debugger.run.step(debugger.cursor.step), record) if record else []


def _facts(debugger: Debugger, frame: Frame) -> dict[str, Any]:
    return {
        "number": frame.number,
        "scope": _name(debugger, frame),
        "first": frame.first,
        "last": frame.last,
        "selected": frame.number == debugger.frame,
    }


def _name(debugger: Debugger, frame: Frame) -> str:
    return frame.scope or debugger.run.card.name


def _listed(debugger: Debugger, around: Sequence[Frame], record: Record) -> str:
    width = max(len(_name(debugger, frame)) for frame in around)
    return "\n".join(_line(debugger, frame, width, record) for frame in around)


def _line(debugger: Debugger, frame: Frame, width: int, record: Record) -> str:
    arrow = "-->" if frame.number == debugger.frame else "   "
    count = frame.last - frame.first + 1
    records = ngettext("record {extent}", "records {extent}", count)
    records = records.format(extent=extent(f"#{frame.first}", f"#{frame.last}"))
    place = _("at @{step} #{index} {name}").format(step=record.step, index=record.index, name=record.name)
    here = f"   {place}" if frame.number == 0 else ""
    return f"{arrow} #{frame.number}  {_name(debugger, frame):<{width}}   {records}{here}"
