"""Two runs of a session as results: what differs between them, and where it does first."""

from __future__ import annotations

from collections.abc import Sequence

from tracer import views
from tracer.addresses import Address, matching, resolve
from tracer.debugger.cursor import Cursor
from tracer.debugger.debugger import Debugger
from tracer.debugger.locations import Here
from tracer.diffs import Diff
from tracer.errors import AddressError, InputError
from tracer.export import jsonl
from tracer.i18n import _
from tracer.record_difference import RecordDifference

from .branches import kept_parent
from .result import Result, Results

Place = tuple[int, int]


def beside(debugger: Debugger, a: int | None, b: int) -> Diff:
    """Two runs of a session by their numbers, None for the current one; raises `AddressError` where there is none."""
    numbers = (debugger.number if a is None else a, b)
    ours, theirs = (debugger.here.run_of(Address(run=n)) for n in numbers)
    return Diff(ours, theirs, (f"r{numbers[0]}", f"r{numbers[1]}"))


def with_parent(debugger: Debugger) -> tuple[int, int]:
    """The run that the current one is a branch of, and the current one: what was before and what is after.

    Raises:
        InputError: it is a branch of none in the session.
    """
    parent = kept_parent(debugger, debugger.run)
    if parent is None or parent.number is None:
        told = _("r{n} is a branch of no run here; name the run to hold it against: diff B, as in diff r0")
        raise InputError(told.format(n=debugger.number))
    return parent.number, debugger.number


def whole(debugger: Debugger, found: Diff) -> Results:
    """The tokens of both, and the records of the cursor's step, or of that where they part."""
    place = _place(debugger, found)
    yield _result(found, place, list(found.records_of(*place)))


def at(debugger: Debugger, found: Diff, address: Address) -> Results:
    """The records at an address, if there are several; else the numbers of the one: what is added to come to B's."""
    place = _place_of(debugger, found, address)
    paths = _paths(debugger, found, address, place)
    if address.is_glob:
        records = [record for record in found.records_of(*place) if record.path in paths]
        yield Result(lambda: [jsonl.diff(found, records)], lambda: views.diff.records_view(found, place, records))
        return
    change = found.change(paths[0], *place).select(address.selectors)
    selectors = f"[{', '.join(map(str, address.selectors))}]" if address.selectors else ""
    b, a = (f"{name}@{n}:{paths[0]}{selectors}" for name, n in zip(found.names[::-1], place[::-1], strict=True))
    title = f"{b} - {a}"
    yield Result(lambda: [jsonl.tensor(change, place[0], title)], lambda: views.diff.change_view(change, title))


def first(debugger: Debugger, found: Diff) -> Cursor:
    """The next place of the cursor's run whose record differs.

    Raises:
        InputError: the run is neither of the two.
        AddressError: nothing differs from there on.
    """
    side = _side(debugger, found)
    if side is None:
        told = _("the cursor moves in r{n}, and that is neither of the two")
        raise InputError(told.format(n=debugger.number))
    for a, b in found.places:
        if a is None or b is None or (a, b)[side] < debugger.cursor.step:
            continue
        for record in found.records_of(a, b):
            seen = (record.a, record.b)[side]
            place = seen and Cursor(seen.at.number, seen.index)
            if place and place > debugger.cursor and not record.is_equal:
                return place
    a_name, b_name = found.names
    raise AddressError(_("nothing differs between {a} and {b} after the cursor").format(a=a_name, b=b_name))


def _result(found: Diff, place: Place, records: Sequence[RecordDifference]) -> Result:
    return Result(
        lambda: [jsonl.diff(found, records)],
        lambda: views.below.below(views.diff.tokens_view(found), views.diff.records_view(found, place, records)),
    )


def _side(debugger: Debugger, found: Diff) -> int | None:
    """Which of the two is the cursor's run."""
    return next((side for side, run in enumerate((found.a, found.b)) if run is debugger.run), None)


def _place(debugger: Debugger, found: Diff) -> Place:
    """The steps beside each other of which the cursor stands in one, or in which the runs part."""
    side, cursor = _side(debugger, found), debugger.cursor
    here = found.beside(cursor.step, side=side) if side is not None and cursor.index else None
    return here or found.place


def _place_of(debugger: Debugger, found: Diff, address: Address) -> Place:
    """The same for the step of an address, which is one of A's."""
    a, b = _place(debugger, found)
    number = Here(found.a, Cursor(a, 0)).step_of(address)
    if number == a:
        return a, b
    place = found.beside(number)
    if place is None:
        name, other = found.names
        told = _("no step of {other} stands beside @{n} of {name}")
        raise AddressError(told.format(other=other, n=number, name=name))
    return place


def _paths(debugger: Debugger, found: Diff, address: Address, place: Place) -> Sequence[str]:
    """What an address stands for in one of the two runs or in both; raises as `resolve` does for nothing."""
    ours, theirs = found.a.step(place[0]), found.b.step(place[1])
    if address.record is not None:
        return [ours.numbered(address.record).address]
    known, scope = list(dict.fromkeys([*ours.addresses, *theirs.addresses])), debugger.here.scope
    if not address.is_glob:
        return [resolve(address.path, known, scope)]
    paths = matching(address.path, known, scope)
    if not paths:
        raise AddressError(_("nothing in step @{n} matches {path}").format(n=place[0], path=address.path))
    return paths
