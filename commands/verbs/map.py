"""The model as a diagram, with the place that one stands at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Annotated, Any

from tracer import views
from tracer.addresses import Address, At, resolve
from tracer.charts.charting import model_chart, scope_chart
from tracer.charts.part import Chart, Plan
from tracer.debugger.debugger import Debugger
from tracer.errors import AddressError
from tracer.tape import Tape
from tracer.trace import Token, Trace
from tracer.views.chart import Standing

from ..grammar.address_suggestions import addresses
from ..grammar.parameters import Kind, whole_record
from ..registry import command
from ..results.result import Results, answer

Scope = Annotated[Address, Kind("SCOPE", whole_record, addresses)]


@command("map", group="look", basic=True)
def map_(debugger: Debugger, scope: Scope | None = None) -> Results:
    """Show the model as a diagram, and where you are in it.

    It is drawn from what was recorded: modules, operations, shapes, and what flows from one to the other. Of layers
    that are alike one stands for all, and the one that you are in is open; ▶ marks where you stand, ◆ a breakpoint. A
    SCOPE is a module to be opened down to its operations: dec.0.cross, or the address of one of them; @2 is a whole
    step.

    (tx) map
    (tx) map dec.0.cross
    """
    wanted = scope or Address()
    run = debugger.here.run_of(wanted)
    tape, path = _place(debugger, wanted)
    standing = _standing(debugger, run, tape)
    record = standing.record
    here = standing.address if record is not None and record.at == tape.at else None
    chart = scope_chart(tape, path, here) if path else model_chart(run, tape, here)
    opens = "" if path else _module(chart, here)

    yield answer("map", lambda: _data(chart, standing), lambda: views.chart.chart_view(chart, standing, opens=opens))


def _place(debugger: Debugger, wanted: Address) -> tuple[Tape, str]:
    """The pass in which a module lies, and its path there; no path for all of the pass."""
    if not wanted.path and wanted.record is None:
        return debugger.here.run_of(wanted).at(At(debugger.here.step_of(wanted), wanted.beam)), ""
    try:
        return _found(debugger, wanted)
    except AddressError:
        if wanted.step is not None or debugger.cursor.step != 0:
            raise
        return _found(debugger, replace(wanted, step=1))


def _found(debugger: Debugger, wanted: Address) -> tuple[Tape, str]:
    tape = debugger.here.run_of(wanted).at(At(debugger.here.step_of(wanted), wanted.beam))
    if wanted.record is not None:
        return tape, tape.numbered(wanted.record).scope
    try:
        return tape, resolve(wanted.path, _modules(tape), debugger.here.scope)
    except AddressError:
        whole = replace(wanted, run=None, step=None, beam=None)
        return tape, tape.resolve(whole, debugger.here.scope).scope


def _modules(tape: Tape) -> list[str]:
    """Every module of a pass, those around others too."""
    scopes = {record.scope for record in tape.forward}
    around = {".".join(scope.split(".")[:n]) for scope in scopes for n in range(1, scope.count(".") + 2)}
    return sorted(around - {""})


def _standing(debugger: Debugger, run: Trace, tape: Tape) -> Standing:
    """Where one stands, as a chart of a run has it."""
    stops = _stops(debugger, run, tape)
    if run is debugger.run:
        return Standing(debugger.here.record, stops, _chosen(debugger.tokens))
    number = next(n for n, one in debugger.here.runs.items() if one is debugger.run)
    return Standing(None, stops, _chosen(run.tokens), number)


def _chosen(tokens: Iterable[Token]) -> dict[int, str]:
    return {token.step: token.piece for token in tokens}


def _stops(debugger: Debugger, run: Trace, tape: Tape) -> dict[At, set[str]]:
    """The addresses of the steps of a run that a chart shows at which breakpoints are."""
    numbers = {run.first, tape.at.number, 1} & {*run.numbers}
    return {run.step(number).at: debugger.stops.places(run, number) for number in numbers}


def _module(chart: Chart, here: str | None) -> str:
    """A module that is shown as one: that in which one stands, or the last with an attention."""
    modules = [part.scopes[0] for plan in chart.plans for part in plan.parts if part.kind == "module"]
    around = [scope for scope in modules if here and here.startswith(f"{scope}.")]
    return next(iter(around or [scope for scope in reversed(modules) if scope.endswith("_attn")]), "")


def _data(chart: Chart, standing: Standing) -> dict[str, Any]:
    record = standing.record
    return {
        "cursor": record.output.address if record else None,
        "passes": [_plan(plan, standing) for plan in chart.plans],
        "across": [{"from": source, "to": targets} for source, targets in chart.across],
    }


def _plan(plan: Plan, standing: Standing) -> dict[str, Any]:
    return {
        "step": plan.at.number,
        "parts": list(_parts(plan, standing)),
        "sections": [section._asdict() for section in plan.sections],
    }


def _parts(plan: Plan, standing: Standing) -> Iterator[dict[str, Any]]:
    for part in plan.parts:
        yield {
            "kind": part.kind,
            "name": part.name,
            "layers": part.layers,
            "shape": part.shape,
            "inputs": part.inputs,
            "scopes": part.scopes,
            "addresses": [record.address for record in part.records],
            "here": any(map(standing.is_at, part.records)),
        }
