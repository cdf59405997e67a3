"""A screen of its own for a tensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tracer.debugger.debugger import Debugger
from tracer.debugger.displays import Format

from ..grammar.parameters import Expr, Places
from ..registry import command
from ..results.computed import value_result, whole_of
from ..results.recorded import Recorded, Within
from ..results.result import Results
from ..results.values import Cut, Part, Shown, Trained, sought

if TYPE_CHECKING:
    from ..viewer.subject import Subject


@command("view", "v", group="look")
def view(debugger: Debugger, expression: Expr, *, decimals: Places = None) -> Results:
    """Look around in a tensor, full screen.

    Arrows or hjkl move, / searches a label, @3,7 goes to a cell, [ and ] switch heads, z shows heat alone, Enter says
    where the cell comes from; ? lists all keys, q leaves. In a script, and where the terminal has no screen, all of it
    is printed, unless it has more than 131072 cells.

    (tx) view dec.0.cross.weights
    """
    shown = sought(debugger, expression, Format(whole=True, decimals=decimals))
    result = shown.result() if isinstance(shown, Cut) else value_result(expression.text, shown.value, shown.form)
    yield replace(result, subject=_subject(debugger, shown, expression.text))


def _subject(debugger: Debugger, shown: Shown, text: str) -> Callable[[], Subject] | None:
    """What to look around in, where there is something."""
    tensor = whole_of(shown.value)
    if tensor is None or not (tensor.array.ndim and tensor.array.size):
        return None

    def subject() -> Subject:
        from ..viewer.subject import Computed, Subject

        decimals = shown.form.decimals
        match shown:
            case Part(_debugger, record):
                origin, likely = Recorded(shown.run, record, shown.where), shown.is_distribution
                return Subject(tensor, shown.title, origin, probabilities=likely, decimals=decimals)
            case Trained(_debugger, name, parameter):
                trained = Within(debugger.run, name, parameter, shown.where, debugger.cursor.step)
                return Subject(tensor, shown.title, trained, decimals=decimals)
        return Subject(tensor, text, Computed(text), decimals=decimals)

    return subject
