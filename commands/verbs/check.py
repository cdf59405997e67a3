"""Another implementation: whether it computes the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from tracer import views
from tracer.addresses import Address
from tracer.errors import ExpectationError
from tracer.i18n import ngettext, spoken
from tracer.run import live

from ..grammar.parameters import File, Option
from ..registry import command
from ..results.result import Result, Results, answer
from ..results.shared import halted, performed, tokens_so_far
from ..session import Session
from .step import through

if TYPE_CHECKING:
    from tracer.compare import Comparison
    from tracer.model import Model
    from tracer.reference.checks import Check
    from tracer.reference.file import Reference

Go = Annotated[bool, Option("--go")]


@command("check", group="reason")
def check(session: Session, file: File | None = None, *, go: Go = False) -> Results:
    """Compare the model with another implementation of it.

    FILE holds what that one computed from some ids: hidden states, attention weights, logits and more. The same is
    computed here from the same ids, whatever the run is. You see the largest difference at every address, and the cell
    where the two first go apart; --go begins a run of those ids and goes there, so that why and print reach it. FILE is
    looked for as given, then beside the model; without it, the reference.safetensors beside the model is read. A script
    ends with status 3 where a difference is more than the noise of the arithmetic, and goes on after --go.

    (tx) check
    (tx) check reference.safetensors
    (tx) check port.safetensors --go
    """
    from tracer.compare import compare
    from tracer.reference.file import Reference

    model = live(session.run, "check").model
    reference = Reference(model.path, file)
    comparison = compare(model, reference)
    if go:
        yield from _gone(session, model, reference, comparison)
        return
    follow = " ".join(["check", *([str(file)] if file else []), "--go"])
    yield answer(
        "check",
        lambda: _data(reference.path.name, comparison, follow),
        lambda: views.comparison.comparison_view(comparison, follow),
    )
    if beyond := comparison.beyond:
        text = ngettext(
            "{n} address is beyond the noise: {first}",
            "{n} addresses are beyond the noise, first: {first}",
            len(beyond),
        )
        raise ExpectationError(text.format(n=len(beyond), first=beyond[0].address))


def _gone(session: Session, model: Model, reference: Reference, comparison: Comparison) -> Results:
    """Begin a run of what went into the first difference, or of what goes first where there is none, and go there."""
    from tracer.compare import begun

    beyond = comparison.beyond[:1]
    first = (beyond or comparison.checks)[0]
    stop = session.reopen(session.opener.replaying(*begun(model, reference, first)))
    yield tokens_so_far(session, "run")
    if first.is_record and beyond:
        yield from through(iter([session.goto(Address.of(first.path, first.at))]), session, performed)
    else:
        yield halted(session, stop)
    yield Result(lambda: (), lambda: views.comparison.first_view(beyond))


def _data(name: str, comparison: Comparison, follow: str) -> dict[str, Any]:
    """Every check, what was left out, and what goes to the first difference."""
    return {
        "reference": name,
        "checks": [_told(check) for check in comparison.checks],
        "left_out": comparison.left_out,
        "notes": [spoken(note) for note in comparison.notes],
        "follow": follow if comparison.beyond else None,
    }


def _told(check: Check) -> dict[str, Any]:
    cell = check.cell
    return {
        "name": check.name,
        "address": check.address,
        "largest": check.largest,
        "allowed": check.allowed,
        "holds": check.holds,
        "at": cell and {"index": cell.place, "here": cell.here, "there": cell.there},
        **({} if check.row is None else {"row": check.row}),
        **({"stored": check.stored} if check.stored else {}),
        **({"why": spoken(check.why)} if check.why else {}),
    }
