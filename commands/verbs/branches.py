"""The runs of a session: which there are, and going from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from tracer.debugger.debugger import Debugger
from tracer.i18n import _

from ..grammar.parameters import Kind
from ..grammar.runs import run_number
from ..grammar.suggestions import words
from ..registry import command
from ..results.branches import branch_object, one_line, tree
from ..results.result import Result, Results
from ..results.shared import record_result


def _runs(debugger: Debugger) -> Mapping[str, str]:
    return {f"r{number}": one_line(run) for number, run in debugger.runs.items()}


Numbered = Annotated[int, Kind("RUN", run_number, words(_runs))]


@command("branches", group="change")
def branches(debugger: Debugger) -> Results:
    """Show the runs of the session as a tree.

    A branch stands below the run that it is of. A run is r0, r1 and so on, and an address may begin with it:
    r1@3:probs. The star marks the current one. Each comes with what was edited, its text, the sum of log p of its
    tokens, and the first step whose token is another one.

    (tx) set tensor @1:dec.0.cross.heads[h0] = 0
    (tx) branches
    """
    yield tree(debugger)


@command("switch", group="change")
def switch(debugger: Debugger, run: Numbered) -> Results:
    """Go over to another run, to where you stood in it.

    Breakpoints, displays and bookmarks hold in every run.

    (tx) set tensor @1:dec.0.cross.heads[h0] = 0
    (tx) switch r0
    """
    debugger.switch(run)
    yield from _standing(debugger)


@command("drop", group="change")
def drop(debugger: Debugger, run: Numbered) -> Results:
    """Forget a run that is not the current one.

    Its number is not given again.

    (tx) set tensor @1:dec.0.cross.heads[h0] = 0
    (tx) switch r0
    (tx) drop r1
    """
    debugger.drop(run)
    yield tree(debugger)


@command("undo", group="change")
def undo(debugger: Debugger) -> Results:
    """Take back the last change.

    The current branch is forgotten, and the run that it is of is the current one again, with the cursor where it stood
    when the branch was made.

    (tx) set tensor @1:dec.0.cross.heads[h0] = 0
    (tx) undo
    """
    debugger.undo()
    yield from _standing(debugger)


def _standing(debugger: Debugger) -> Results:
    """The current run, and the record under the cursor."""
    run, record = debugger.run, debugger.here.record
    yield Result(
        lambda: [branch_object(debugger, run)], lambda: _("r{n}: {what}").format(n=run.number, what=one_line(run))
    )
    if record is not None:
        yield record_result(record)
