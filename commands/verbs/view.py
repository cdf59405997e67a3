"""A screen of its own for a tensor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tracer.debugger.displays import Format
from tracer.debugger.session import Session
from tracer.operation import Trait
from tracer.tensor import Array

from ..grammar.parameters import Expr, Places
from ..registry import command
from ..results.recorded import Recorded
from ..results.result import Result, Results
from ..results.values import Part, unlabelled, value_result

if TYPE_CHECKING:
    from ..viewer.subject import Subject


@command("view", "v", group="look")
def view(session: Session, expression: Expr, *, decimals: Places = None) -> Results:
    """Look around in a tensor, full screen.

    Arrows or hjkl move, / searches a label, @3,7 goes to a cell, [ and ] switch heads, z shows heat alone, Enter says
    where the cell comes from; ? lists all keys, q leaves. In a script, and where the terminal has no screen, all of it
    is printed.

    (tx) view dec.0.cross.weights
    """
    address, form = expression.sole_address, Format(whole=True, decimals=decimals)
    if address is not None:
        yield _recorded(Part(session, session.here.find(address), address.selectors, form))
        return
    value = expression.evaluate(session.here)
    shown = value_result(expression.text, value, form)
    yield _computed(shown, expression.text, value, decimals) if isinstance(value, np.ndarray) else shown


def _recorded(part: Part) -> Result:
    record, cut = part.record, part.cut

    def subject() -> Subject:
        from ..viewer.subject import Subject

        origin = Recorded(part.session.run, record, part.selectors)
        likely = record.has(Trait.DISTRIBUTION)
        return Subject(cut, part.title, origin, probabilities=likely, decimals=part.form.decimals)

    return replace(part.result(), subject=subject if cut.array.ndim and cut.array.size else None)


def _computed(shown: Result, text: str, value: Array, decimals: int | None) -> Result:
    def subject() -> Subject:
        from ..viewer.subject import Computed, Subject

        return Subject(unlabelled(value), text, Computed(text), decimals=decimals)

    return replace(shown, subject=subject if value.size else None)
