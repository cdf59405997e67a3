"""The way back from a number to what it was computed from."""

from __future__ import annotations

from typing import Any

from tracer import views
from tracer.debugger.debugger import Debugger
from tracer.gradients import Gradients, objective

from ..grammar.parameters import Expr
from ..registry import command
from ..results.computed import jsonable
from ..results.result import Results, answer


@command("backward", group="reason")
def backward(debugger: Debugger, expression: Expr) -> Results:
    """Record the gradients of a number, back to the parameters.

    E is a number over the cursor's step: a loss, a logit or the difference of two, any cell, or what is made of such.
    Behind the records of the step come those of its gradients, in reverse order, for everything that E depends on, the
    encoder's records and the parameters among them: grad. and an address, or a parameter's name in the file. Where
    something was used several times, each use has a record (via), and their sum another. step, next and rs go through
    them; why, formula, list, print and verify are the same for them. Of a step made with a cache they go through its
    own row alone.

    (tx) set target i love you
    (tx) goto @1
    (tx) backward sum(loss)
    (tx) step 2
    (tx) why grad.logits[1, "love"]
    (tx) print grad.decoder.0.cross_attn.weights[h0]
    (tx) backward logits[1, "love"] - logits[1, "like"]
    """
    found = objective(expression, debugger.here)
    debugger.record_gradients(found)
    gone = Gradients(found, debugger.run.step(debugger.cursor.step), debugger.run.parameters)
    yield answer("backward", lambda: _facts(gone), lambda: views.backward.gone(gone))


def _facts(gone: Gradients) -> dict[str, Any]:
    return {
        "of": gone.objective.text,
        "value": jsonable(gone.objective.value),
        "step": gone.tape.number,
        "first": gone.records[0],
        "last": gone.records[-1],
        "parameters": gone.trained,
        "through_cache": gone.through_cache,
    }
