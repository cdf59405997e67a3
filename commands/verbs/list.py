"""The operations around a place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracer import views
from tracer.addresses import Address, At
from tracer.debugger.frames import Entry, entries
from tracer.debugger.session import Listed, Session
from tracer.errors import AddressError
from tracer.export import jsonl
from tracer.i18n import _, extent, ngettext
from tracer.tape import Tape

from ..grammar.parameters import WholeRecord
from ..registry import command
from ..results.result import Result, Results, answer

AROUND = 4


@command("list", "l", group="look", repeats=True, basic=True)
def list_(session: Session, address: WholeRecord | None = None) -> Results:
    """Show the operations around the cursor or an ADDRESS.

    The arrow stands at the last one performed; those below it are to come. Entered again, it goes on to those after.
    In a frame further out, it shows what that scope does, each scope within it as one. In a branch E marks what was
    edited, and D what comes of it.

    (tx) list
    (tx) list dec.0.cross.weights
    """
    before = session.listed
    if before and address in (None, before.address):
        yield _after(session, before)
    elif address is None and session.frame:
        yield _folded(session)
    else:
        record = session.here.find(address) if address else None
        step, index = (record.step, record.index) if record else (session.cursor.step, session.cursor.index)
        yield _window(session, step, index - AROUND, address)


def _after(session: Session, before: Listed) -> Result:
    last = len(session.run.step(before.step))
    if before.last >= last:
        raise AddressError(
            _("step @{step} ends with #{last}; list ADDRESS shows others").format(step=before.step, last=last)
        )
    return _window(session, before.step, before.last + 1, before.address)


def _window(session: Session, step: int, start: int, address: Address | None) -> Result:
    """The records of a step from ``start`` on, counted from 1."""
    first = max(start, 1)
    records = session.run.step(step).records[first - 1 : first + 2 * AROUND]
    session.listed = Listed(step, records[-1].index, address)
    current = session.cursor.index if session.cursor.step == step else None

    marked = session.run.downstream(At(step)) if session.run.edits else None

    def objects() -> Iterator[jsonl.Object]:
        for record in records:
            yield jsonl.op(record) | ({} if marked is None else {"downstream": record.address in marked})

    return Result(objects, lambda: views.records.listing(records, current, marked or ()))


def _folded(session: Session) -> Result:
    """The selected frame's scope, with what it is made of."""
    tape = session.run.step(session.cursor.step)
    parts, index = entries(tape, session.here.scope), session.cursor.index
    return answer("list", lambda: [part._asdict() for part in parts], lambda: _lines(tape, parts, index))


def _lines(tape: Tape, parts: Sequence[Entry], current: int) -> str:
    places = [extent(f"#{part.first}", f"#{part.last}") for part in parts]
    width, room = max(map(len, places)), max(len(part.address) for part in parts)
    lines = zip(parts, places, strict=True)
    return "\n".join(
        f"{' -->' if part.first <= current <= part.last else '    '} {place:<{width}}  {part.address:<{room}}  "
        f"{_content(tape, part)}"
        for part, place in lines
    )


def _content(tape: Tape, part: Entry) -> str:
    record = tape.records[part.first - 1]
    if record.address == part.address:
        return record.note
    n = part.last - part.first + 1
    return ngettext("{n} operation", "{n} operations", n).format(n=n)
