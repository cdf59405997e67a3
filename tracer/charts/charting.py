"""From a run to its chart: the pass that is asked for, beside it the encoder's or the decoder's, and the memory."""

from __future__ import annotations

from collections.abc import Iterator

from ..addresses import At
from ..errors import AddressError
from ..ops.attention import Cached
from ..tape import Record, Tape
from ..trace import Trace
from .part import Chart, Plan
from .planning import opened, overview


def model_chart(run: Trace, tape: Tape, here: str | None) -> Chart:
    """A whole pass, ``here`` an address in it; beside it that which its memory comes from, or which reads it."""
    beside = _tape(run, 1 if tape.number == 0 else 0)
    if beside is None:
        return Chart([overview(tape, here)])
    source, reader = (tape, beside) if tape.number == 0 else (beside, tape)
    plans = [overview(one, here if one is tape else None) for one in (source, reader)]
    return Chart(plans, list(_across(run, *plans)))


def scope_chart(tape: Tape, scope: str, here: str | None) -> Chart:
    """One module of a pass."""
    return Chart([opened(tape, scope, here)])


def _tape(run: Trace, number: int) -> Tape | None:
    """A step that there is, or that comes next."""
    if number < run.first or (number > run.computed and not run.goes_on):
        return None
    try:
        return run.step(number)
    except AddressError:
        return None


def _across(run: Trace, source: Plan, reader: Plan) -> Iterator[tuple[int, list[int]]]:
    """What of one pass another reads, and where."""
    found: dict[int, list[int]] = {}
    for place, part in enumerate(reader.parts):
        paths = {path for record in part.records for path in _read(run, record, source.at)}
        for origin in {source.place_of(path) for path in paths}:
            if origin is not None:
                found.setdefault(origin, []).append(place)
    yield from found.items()


def _read(run: Trace, record: Record, at: At) -> Iterator[str]:
    """The paths that a record reads of another pass, itself or by what was kept of that."""
    for tensor in record.inputs:
        if tensor.at == at:
            yield tensor.path
        elif isinstance(record.op, Cached) and tensor.at is not None:
            kept = run.at(tensor.at).there(tensor.path)
            yield from _read(run, kept, at) if kept else ()
