"""Another implementation: whether it computes the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from tracer import views
from tracer.addresses import parse
from tracer.export import jsonl
from tracer.i18n import spoken
from tracer.run import live

from ..grammar.parameters import File, Option
from ..registry import command
from ..results.result import Result, Results, answer
from ..results.shared import halted, performed, tokens_so_far
from ..session import Session
from .step import through

if TYPE_CHECKING:
    from tracer.comparing.comparison import Comparison

Go = Annotated[bool, Option("--go")]


@command("check", group="reason")
def check(session: Session, file: File | None = None, *, go: Go = False) -> Results:
    """Compare the model with another implementation of it.

    FILE holds what that one computed from some ids: hidden states, attention weights, logits and more. The same is
    computed here from the same ids, whatever the run is. You see the largest difference at every address, and the cell
    where the two first go apart; --go begins a run of those ids and goes there, so that why and print reach it. FILE is
    looked for as given, then beside the model; without it, the reference.safetensors beside the model is read. A script
    ends with status 3 where a difference is more than the noise of the arithmetic, and goes on after --go. compare does
    the same with what other programs write.

    (tx) check
    (tx) check reference.safetensors
    (tx) check port.safetensors --go
    """
    from tracer.comparing.comparison import compare
    from tracer.dumps.opening import open_dump

    from ..results.compared import beside, insist, typed

    model = live(session.run, "check").model
    comparison = compare(model, open_dump(beside(model.path, file)), strict=True)
    if go:
        yield from gone(session, comparison)
        return
    follow = typed("check", file)
    yield answer(
        "check",
        lambda: _data(comparison, follow),
        lambda: views.comparison.comparison_view(comparison, follow),
    )
    insist(comparison)


def gone(session: Session, comparison: Comparison) -> Results:
    """Begin a run of what went into the first difference, or of what goes first where there is none, and go there."""
    from tracer.comparing.comparison import begun

    verdict = comparison.verdict
    first = verdict.check if verdict else comparison.checks[0]
    stop = session.reopen(session.opener.replaying(*begun(comparison, first)))
    yield tokens_so_far(session, "run")
    if first.is_record and verdict:
        yield from through(iter([session.goto(parse(verdict.address))]), session, performed)
    else:
        yield halted(session, stop)
    yield Result(lambda: (), lambda: views.comparison.first_view([first] if verdict else []))


def _data(comparison: Comparison, follow: str) -> dict[str, Any]:
    """Every check, what was left out, and what goes to the first difference."""
    return {
        "reference": comparison.dump.path.name,
        "checks": [jsonl.check(check) for check in comparison.checks],
        "left_out": [entry.name for entry in comparison.unmatched],
        "notes": [spoken(note) for note in comparison.notes],
        "follow": (follow or None) if comparison.beyond else None,
    }
