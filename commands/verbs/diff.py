"""Two runs beside each other."""

from __future__ import annotations

from tracer.debugger.debugger import Debugger

from ..grammar.runs import Runs, Two
from ..registry import command
from ..results.differences import at, beside, whole, with_parent
from ..results.result import Results


@command("diff", group="change")
def diff(debugger: Debugger, runs: Runs | None = None) -> Results:
    """Show what differs between two runs.

    The tokens of both outputs stand beside each other, those of their longest common subsequence in one line, with
    KL(A‖B) in bits and the log probability of A's token in both runs. Then come the records of the cursor's step, or of
    that where the outputs part: the largest difference of each, and the cell where it is; those that are equal are
    folded. ADDRESS is a record, and you see its numbers in B minus those in A; several records (* and **) are a line
    each. Where one text is longer than the other, tokens meet by their labels. Runs are r0, r1, … in the order of the
    session; with B alone, A is the current one; with neither, A is the run that the current one is a branch of, and B
    the current one. until diff B goes on to the first record that differs.

    (tx) diff r0 r0
    """
    runs = runs or Two(*with_parent(debugger))
    found = beside(debugger, runs.a, runs.b)
    yield from whole(debugger, found) if runs.address is None else at(debugger, found, runs.address)
