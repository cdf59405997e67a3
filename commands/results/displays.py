"""What is shown again wherever the cursor stops."""

from __future__ import annotations

from tracer import views
from tracer.debugger.debugger import Debugger
from tracer.debugger.displays import Display
from tracer.errors import TraceError

from .result import Result, Results, answer
from .values import printed


def displayed(debugger: Debugger) -> Results:
    """Every expression that is displayed, at the cursor."""
    for number, display in debugger.displays.items():
        yield from shown_again(debugger, number, display)


def shown_again(debugger: Debugger, number: int, display: Display) -> Results:
    """One expression that is displayed; a line where it has no value here."""
    try:
        shown = list(printed(debugger, display.expression, display.form, f"{number}: "))
    except TraceError as error:
        shown = [_unknown(number, display.expression.text, str(error))]
    yield from shown


def _unknown(number: int, text: str, why: str) -> Result:
    return answer(
        "display",
        lambda: {"number": number, "expression": text, "error": why},
        lambda: views.below.sentence(f"{number}: {text}   ({why})"),
    )
