"""Expressions that are shown again at every stop."""

from __future__ import annotations

from tracer.debugger.debugger import Debugger
from tracer.debugger.displays import Display, Format
from tracer.i18n import _

from ..grammar.parameters import Count, Expr, Places, Range, Scientific, Short, Whole
from ..registry import command
from ..results.displays import displayed, shown_again
from ..results.result import Results, answer


@command("display", group="look")
def display(
    debugger: Debugger,
    expression: Expr | None = None,
    *,
    whole: Whole = False,
    short: Short = False,
    highlight: Range = None,
    decimals: Places = None,
    scientific: Scientific = False,
) -> Results:
    """Show an expression now and at every stop from now on.

    The options are those of print. Where it has no value, it says so in a line. Without an expression, all are shown;
    undisplay takes one away.

    (tx) display max(dec.0.cross.weights)
    (tx) display/4 dec.0.cross.weights[h0, 0]
    (tx) display
    """
    if expression is None:
        yield from displayed(debugger)
        return
    kept = Display(expression, Format(whole, short, decimals, scientific, highlight))
    number = debugger.displays.add(kept)
    yield from shown_again(debugger, number, kept)


@command("undisplay", group="look")
def undisplay(debugger: Debugger, number: Count | None = None) -> Results:
    """Show display N no more, or none of them.

    (tx) display max(dec.0.cross.weights)
    (tx) undisplay 1
    (tx) undisplay
    """
    gone = list(debugger.displays) if number is None else [number]
    for each in gone:
        debugger.displays.remove(each)
    yield answer("undisplay", lambda: {"removed": gone}, lambda: None if gone else _("nothing was displayed"))
