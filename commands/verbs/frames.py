"""The scopes around the cursor as frames, and the one that is looked from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from tracer.debugger.frames import Frame, frames
from tracer.debugger.session import Session
from tracer.errors import InputError
from tracer.i18n import _, extent, ngettext
from tracer.tape import Record

from ..grammar.parameters import Count, Kind
from ..registry import command
from ..results.result import Result, Results, answer


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InputError(_("{text!r} is no frame; where lists them from 0").format(text=text))
    return int(text)


Number = Annotated[int, Kind("N", _number)]


@command("where", "w", "bt", group="look")
def where(session: Session) -> Results:
    """Show the nested scopes around the cursor, as frames.

    Frame 0 is the innermost, and the arrow stands at the frame that is selected: bare names are looked up from there,
    and list and finish are about it.

    (tx) where
    """
    record = session.here.record
    around = _around(session)

    address = record.output.address if record else None
    yield answer(
        "where",
        lambda: {"address": address, "scopes": [_facts(session, frame) for frame in around]},
        lambda: _listed(session, around, record) if record else _("the run has not started"),
    )


@command("up", "u", group="look")
def up(session: Session, n: Count = 1) -> Results:
    """Select the frame around the selected one, or N further out.

    (tx) goto dec.0.cross.weights
    (tx) up
    """
    last = len(_around(session)) - 1
    if session.frame >= last:
        raise InputError(_("the outermost frame is selected; you can't go up"))
    yield _select(session, min(session.frame + n, last))


@command("down", "d", group="look")
def down(session: Session, n: Count = 1) -> Results:
    """Select the frame within the selected one, or N further in.

    (tx) goto dec.0.cross.weights
    (tx) up 2
    (tx) down
    """
    if not session.frame:
        raise InputError(_("the innermost frame is selected; you can't go down"))
    yield _select(session, max(session.frame - n, 0))


@command("frame", "f", group="look")
def frame(session: Session, n: Number | None = None) -> Results:
    """Select a frame by its number, or show the selected one.

    Any motion selects frame 0 again.

    (tx) frame 0
    """
    yield _select(session, session.frame if n is None else n)


def _select(session: Session, number: int) -> Result:
    around = _around(session)
    if number and number >= len(around):
        known = extent("#0", f"#{len(around) - 1}") if around else "#0"
        raise InputError(_("there is no frame {n}; where lists {known}").format(n=number, known=known))
    session.frame = number
    session.listed = None
    record = session.here.record
    if record is None:
        return answer("frame", lambda: None, lambda: _("the run has not started"))
    selected = around[number]
    return answer("frame", lambda: _facts(session, selected), lambda: _listed(session, [selected], record))


def _around(session: Session) -> list[Frame]:
    record = session.here.record
    return frames(session.run.step(session.cursor.step), record) if record else []


def _facts(session: Session, frame: Frame) -> dict[str, Any]:
    return {
        "number": frame.number,
        "scope": _name(session, frame),
        "first": frame.first,
        "last": frame.last,
        "selected": frame.number == session.frame,
    }


def _name(session: Session, frame: Frame) -> str:
    return frame.scope or session.run.card.name


def _listed(session: Session, around: Sequence[Frame], record: Record) -> str:
    width = max(len(_name(session, frame)) for frame in around)
    return "\n".join(_line(session, frame, width, record) for frame in around)


def _line(session: Session, frame: Frame, width: int, record: Record) -> str:
    arrow = "-->" if frame.number == session.frame else "   "
    count = frame.last - frame.first + 1
    records = ngettext("record {extent}", "records {extent}", count)
    records = records.format(extent=extent(f"#{frame.first}", f"#{frame.last}"))
    place = _("at @{step} #{index} {name}").format(step=record.step, index=record.index, name=record.name)
    here = f"   {place}" if frame.number == 0 else ""
    return f"{arrow} #{frame.number}  {_name(session, frame):<{width}}   {records}{here}"
