"""What a given output was worth: every token of it beside what the model would have said."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer import views
from tracer.addresses import Address
from tracer.debugger.debugger import Debugger
from tracer.scored import Scored, scored
from tracer.trace import Trace

from .result import Result, Results, answer
from .values import ahead


def scored_tokens(debugger: Debugger) -> Results:
    """Every token of the given output, how likely it was and what was likelier; nothing where it was decoded."""
    run = debugger.run
    tokens = list(scored(run.step(1))) if run.teacher_forced else []
    if not tokens:
        return
    if remark := ahead(debugger, debugger.here.find(Address("loss", 1))):
        yield Result(lambda: (), lambda: f"({remark})")

    def piece(token: int) -> str:
        return run.card.piece(token, "target")

    yield answer("tokens", lambda: _data(run, tokens), lambda: views.scored.scored_view(tokens, piece))


def _data(run: Trace, tokens: list[Scored]) -> dict[str, Any]:
    def named(token: int) -> dict[str, Any]:
        return {"token": run.card.piece(token, "target"), "id": token}

    rows = [
        {
            "position": token.position + 1,
            **named(token.id),
            "prob": token.prob,
            "rank": token.rank,
            "other": {**named(token.other), "prob": token.other_prob},
            "loss": token.loss,
        }
        for token in tokens
    ]
    return {"scored": rows, "mean_loss": float(np.mean([token.loss for token in tokens]))}
