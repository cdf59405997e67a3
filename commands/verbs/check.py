"""Another implementation: whether it computes the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracer import render
from tracer.debugger.session import Session
from tracer.errors import ExpectationError
from tracer.i18n import ngettext, spoken

from ..grammar.parameters import File
from ..registry import command
from ..results.result import Results, answer

if TYPE_CHECKING:
    from tracer.compare import Comparison
    from tracer.reference.checks import Check


@command("check", group="reason")
def check(session: Session, file: File | None = None) -> Results:
    """Compare the model with another implementation of it.

    FILE holds what that one computed from some ids: hidden states, attention weights, logits and more. The same is
    computed here from the same ids, whatever the run is. You see the largest difference at every address, and the cell
    where the two first go apart. FILE is looked for as given, then beside the model; without it, the
    reference.safetensors beside the model is read. A script ends with status 3 where a difference is more than the
    noise of the arithmetic.

    (tx) check
    (tx) check reference.safetensors
    """
    from tracer.compare import compare
    from tracer.reference.file import Reference

    model = session.run.model
    reference = Reference(model.path, file)
    comparison = compare(model, reference)

    yield answer(
        "check", lambda: _data(reference.path.name, comparison), lambda: render.comparison.comparison_view(comparison)
    )
    if beyond := comparison.beyond:
        text = ngettext(
            "{n} address is beyond the noise: {first}",
            "{n} addresses are beyond the noise, first: {first}",
            len(beyond),
        )
        raise ExpectationError(text.format(n=len(beyond), first=beyond[0].address))


def _data(name: str, comparison: Comparison) -> dict[str, Any]:
    """Every check, and what was left out."""
    return {
        "reference": name,
        "checks": [_told(check) for check in comparison.checks],
        "left_out": comparison.left_out,
        "notes": [spoken(note) for note in comparison.notes],
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
