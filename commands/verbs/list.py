"""The operations around a place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracer import views
from tracer.addresses import Address, At
from tracer.debugger.debugger import Debugger, Listed
from tracer.debugger.frames import Entry, entries
from tracer.errors import AddressError
from tracer.export import jsonl
from tracer.i18n import _, extent, ngettext
from tracer.tape import Tape

from ..grammar.parameters import WholeRecord
from ..registry import command
from ..results.result import Result, Results, answer

AROUND = 4


@command("list", "l", group="look", repeats=True, basic=True)
def list_(debugger: Debugger, address: WholeRecord | None = None) -> Results:
    """Show the operations around the cursor or an ADDRESS.

    The arrow stands at the last one performed; those below it are to come. Entered again, it goes on to those after.
    In a frame further out, it shows what that scope does, each scope within it as one. In a branch E marks what was
    edited, and D what comes of it.

    (tx) list
    (tx) list dec.0.cross.weights
    """
    before = debugger.listed
    if before and address in (None, before.address):
        yield _after(debugger, before)
    elif address is None and debugger.frame:
        yield _folded(debugger)
    else:
        record = debugger.here.find(address) if address else None
        step, index = (record.step, record.index) if record else (debugger.cursor.step, debugger.cursor.index)
        yield _window(debugger, step, index - AROUND, address)


def _after(debugger: Debugger, before: Listed) -> Result:
    last = len(debugger.run.step(before.step))
    if before.last >= last:
        raise AddressError(
            _("step @{step} ends with #{last}; list ADDRESS shows others").format(step=before.step, last=last)
        )
    return _window(debugger, before.step, before.last + 1, before.address)


def _window(debugger: Debugger, step: int, start: int, address: Address | None) -> Result:
    """The records of a step from ``start`` on, counted from 1."""
    first = max(start, 1)
    records = debugger.run.step(step).records[first - 1 : first + 2 * AROUND]
    debugger.listed = Listed(step, records[-1].index, address)
    current = debugger.cursor.index if debugger.cursor.step == step else None

    marked = debugger.run.downstream(At(step)) if debugger.run.edits else None

    def objects() -> Iterator[jsonl.Object]:
        for record in records:
            yield jsonl.op(record) | ({} if marked is None else {"downstream": record.address in marked})

    return Result(objects, lambda: views.records.listing(records, current, marked or ()))


def _folded(debugger: Debugger) -> Result:
    """The selected frame's scope, with what it is made of."""
    tape = debugger.run.step(debugger.cursor.step)
    parts, index = entries(tape, debugger.here.scope), debugger.cursor.index
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
