"""Where the run and the cursor stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, cast

from tracer.debugger.session import Session
from tracer.i18n import _
from tracer.ops import Operation

from ..registry import command
from ..results import Results, View, answer
from ..showing import token_result, tokens_so_far

Subject = Literal["model", "run", "tokens", "record"]


@command("where", "w", "bt", group="look")
def where(session: Session) -> Results:
    """Show the nested scopes around the cursor.

    The innermost comes first, each with the records that lie in it.

    (tx) where
    """
    record = session.here.record
    frames = _frames(session) if record else []

    def view() -> View:
        if record is None:
            return _("the run has not started")
        here = f"#0  @{record.step} #{record.index}  {record.address}"
        scopes = [
            _("#{n}  {scope}   records #{first} to #{last}").format(n=n, **frame) for n, frame in enumerate(frames, 1)
        ]
        return "\n".join([here, *scopes])

    address = record.output.address if record else None
    yield answer("where", lambda: {"address": address, "scopes": frames}, view)


@command("tokens", group="look")
def tokens(session: Session) -> Results:
    """Show the tokens of source and target up to the cursor.

    (tx) tokens
    """
    yield tokens_so_far(session, "tokens")
    for token in session.tokens:
        yield token_result(token)


@command("info", "i", group="look")
def info(session: Session, subject: Subject) -> Results:
    """Show facts about the model, run, tokens or record.

    (tx) info model
    (tx) i run
    """
    if subject == "tokens":
        yield from tokens.function(session)
        return
    facts = _FACTS[subject](session)
    width = max(map(len, facts))

    def view() -> View:
        return "\n".join(f"{_(name):<{width}}  {value}" for name, value in facts.items() if value != "")

    yield answer("info", lambda: {subject: facts}, view)


def _frames(session: Session) -> list[dict[str, Any]]:
    """Every scope around the cursor, inwards out, with the first and last of its records in the step."""
    segments = session.here.scope.split(".") if session.here.scope else []
    records = session.run.step(session.cursor.step).records
    frames = []
    for depth in range(len(segments), -1, -1):
        scope = ".".join(segments[:depth])
        inside = [record.index for record in records if not scope or record.address.startswith(f"{scope}.")]
        frames.append({"scope": scope or session.run.model.name, "first": inside[0], "last": inside[-1]})
    return frames


def _model(session: Session) -> dict[str, Any]:
    model = session.run.model
    numbers = sum(parameter.array.size for parameter in model.parameters.values())
    return {"model": model.describe(), "parameters": numbers}


def _run(session: Session) -> dict[str, Any]:
    run = session.run
    strategy = _("given output") if run.teacher_forced else run.settings.strategy
    return {
        "strategy": strategy,
        "cache": _("on") if run.cached else _("off"),
        "steps": f"@{run.first} … @{run.computed}" if run.computed >= run.first else _("none yet"),
        "cursor": f"@{session.cursor.step} #{session.cursor.index}",
        "text": run.text,
    }


def _record(session: Session) -> dict[str, Any]:
    record = session.here.record
    if record is None:
        return {"record": _("the run has not started")}
    operation = cast("Operation", record.op)
    return {
        "address": record.output.address,
        "operation": operation.name,
        "formula": operation.formula,
        "reference": operation.reference,
        "axes": ", ".join(f"{name} {n}" for name, n in zip(record.output.axes, record.output.shape, strict=True)),
        "inputs": ", ".join(tensor.address for tensor in record.inputs),
    }


_FACTS: dict[str, Callable[[Session], dict[str, Any]]] = {"model": _model, "run": _run, "record": _record}
