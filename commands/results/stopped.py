"""Breakpoints and their like as results, for whoever comes by one: where a motion met some, and which there are."""

from __future__ import annotations

from typing import Any

from tracer import views
from tracer.debugger.debugger import Debugger, Stop
from tracer.debugger.stops import Arisen, Changed, Failed, Finding, Holds, Met, Point, Stops
from tracer.export import jsonl
from tracer.i18n import _

from .computed import jsonable
from .result import Result, Results, answer
from .shared import token_result

BEFORE, AFTER = 2, 1
"""So many records are shown before and after the one that was met."""


def arrived(debugger: Debugger, stop: Stop) -> Results:
    """What was met and what it found, with the records around it; after the token, where the record ends a step."""
    assert stop.record is not None
    step, index = stop.record.step, stop.record.index
    tape = debugger.run.step(step)
    records = tape.records

    if index == tape.turn:
        yield from map(token_result, (token for token in debugger.run.tokens if token.step == step))
    yield Result(
        lambda: [jsonl.op(records[index - 1]), *map(_met, stop.met)],
        lambda: views.stops.arrived(stop.met, records[max(0, index - 1 - BEFORE) : index + AFTER], index),
    )


def overview(stops: Stops) -> Result:
    """All that are set, with their hits."""
    points = list(stops)

    return answer(
        "info",
        lambda: {"breakpoints": list(map(facts, points))},
        lambda: views.stops.overview(points) if points else _("no breakpoint is set; e.g. break dec.0.cross.weights"),
    )


def facts(point: Point) -> dict[str, Any]:
    """A breakpoint, watchpoint or catchpoint for programs."""
    return {
        "number": point.number,
        "type": point.trigger.kind,
        "where": str(point.trigger),
        "condition": str(point.condition) if point.condition else None,
        "temporary": point.temporary,
        "enabled": point.enabled,
        "hits": point.hits,
        "ignore": point.to_ignore,
        "commands": point.commands,
    }


def _met(met: Met) -> jsonl.Object:
    found: dict[str, Any] = {}
    for finding in met.findings:
        found |= _found(finding)
    return jsonl.result("stop", {"number": met.point.number, "hits": met.hits, **found})


def _found(finding: Finding) -> dict[str, Any]:
    match finding:
        case Holds(text, sides):
            return {"condition": text, "values": {side: jsonable(value) for side, value in sides if value is not None}}
        case Changed(_step, old, new):
            return {"old": jsonable(old), "new": jsonable(new)}
        case Arisen(what, count, size, parameter):
            cell = parameter and {"address": parameter.address, "index": parameter.index, "value": parameter.value}
            return {"what": what, "count": count, "size": size, "parameter": cell}
        case Failed():
            return finding._asdict()
        case _:
            return vars(finding)
