"""Results that several commands share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tracer import views
from tracer.debugger.debugger import Debugger, Stop
from tracer.export import jsonl
from tracer.i18n import _
from tracer.models.text import Side
from tracer.pieces import Ids
from tracer.tape import Record
from tracer.trace import Token, Trace

from .result import Result, Results, answer


def performed(_debugger: Debugger, stop: Stop) -> Result:
    """The record that a motion came to, in a line."""
    assert stop.record is not None
    return record_result(stop.record)


def record_result(record: Record, remark: str = "") -> Result:
    """A record, in a line; a remark stands in place of its note."""
    return Result(lambda: [jsonl.op(record)], lambda: views.records.record_line(record, remark=remark))


def record_results(records: Sequence[Record], remarks: Sequence[str]) -> Result:
    """Several records, a line each in one table; remarks stand in place of their notes."""
    return Result(lambda: map(jsonl.op, records), lambda: views.records.record_lines(records, remarks))


def reached(debugger: Debugger, stop: Stop) -> Result:
    """The token of the step that a motion came to; its last record where it yields none."""
    chosen = next((token for token in reversed(debugger.run.tokens) if token.step <= stop.cursor.step), None)
    is_of_step = chosen is not None and chosen.step == stop.cursor.step
    return token_result(chosen) if chosen and is_of_step else performed(debugger, stop)


def token_result(token: Token) -> Result:
    """A chosen token, in a line."""
    return Result(lambda: [jsonl.token(token)], lambda: views.distribution.token_line(token))


def halted(debugger: Debugger, stop: Stop) -> Result:
    """Why a motion went no further; words for it only at the ends of the run."""
    address = stop.record.output.address if stop.record else None
    return Result(
        lambda: [jsonl.stop(stop.reason, stop.cursor.step, address, stop.number)], lambda: _words(debugger.run, stop)
    )


def _words(run: Trace, stop: Stop) -> str | None:
    if stop.reason == "start":
        return _("the run has not started")
    return _("the end of the run: {why}").format(why=run.ending) if stop.reason == "end" else None


def listed(command: str, found: Mapping[str, str], none: str) -> Result:
    """Names with a text each; ``none`` is said where there are none."""
    return answer(command, lambda: dict(found), lambda: views.glossary.glossary(found) if found else none)


def left_behind(debugger: Debugger, *, was_given: bool) -> Results:
    """That a fresh run decodes, where the output of the run before was given."""
    if was_given and not debugger.run.teacher_forced:
        told = _("the output that was given is left behind: this run decodes; set target TEXT gives one")
        yield Result(lambda: (), lambda: told)


def tokens_so_far(debugger: Debugger, command: str) -> Result:
    """The tokens of the source, and those of the target that the cursor has seen."""
    run = debugger.run
    given = len(run.target) - len(run.tokens)
    seen: dict[Side, Sequence[str]] = {"source": run.source, "target": run.target[: given + len(debugger.tokens)]}
    roles = run.source_ids.roles if isinstance(run.source_ids, Ids) else ()
    return Result(
        lambda: [jsonl.result(command, {**seen, "roles": list(roles)} if roles else seen)],
        lambda: views.tokens.token_strips({side: seen[side] for side in run.pieces}, roles),
    )
