"""What every part of a model adds to a logit."""

from __future__ import annotations

from typing import Any

from tracer import views
from tracer.addresses import Index, Label
from tracer.attribution.contributions import contributions as attributed
from tracer.debugger.debugger import Debugger
from tracer.debugger.expressions.tokens import Placed
from tracer.tensor import Tensor

from ..grammar.parameters import All, At, Not, Token
from ..registry import command
from ..results.attributed import stated
from ..results.result import Results, answer


@command("contributions", group="reason")
def contributions(debugger: Debugger, token: Token, *, rival: Not = None, at: At = None, whole: All = False) -> Results:
    """Show what each part of the model adds to a logit.

    The logit of TOKEN, or with not how much larger it is than that of another, is a sum of what embeddings, heads,
    feed-forwards (of a mixture, its experts) and biases add on the paths that lead straight there, where every norm
    divides by what it did in this step (direct logit attribution). You see the sum of each module, the largest first,
    with its heads and biases; --all shows every part with its cells. What is left is rounding, and is told. Logits that
    are capped are taken before the cap.

    TOKEN is a piece of the vocabulary or an id. The step is the cursor's, or the first that yields anything; with at it
    is another position than the last. Of a step made with a cache there are its own rows.

    (tx) contributions "love"
    (tx) contributions "love" not "like"
    (tx) contributions "love" at 0 --all
    """
    run = debugger.run
    step = max(debugger.cursor.step, *run.begins.values())
    logits = run.step(step).find("logits").output
    ids = [_id(one, logits) for one in (token, rival) if one is not None]
    [place, _vocab] = logits.locate([at or Index(-1)])
    assert isinstance(place, int)
    found = attributed(run, *ids, step=step, position=place)

    def piece(one: int) -> str:
        return run.card.piece(one, "target")

    def data() -> Any:
        rest = {} if found.rival is None else {"not": piece(found.rival), "not_id": found.rival}
        sums = {"value": found.value, "sum": found.total, "remainder": found.remainder}
        return {
            "step": step,
            "position": found.place,
            "of": found.of.output.address,
            "token": piece(found.token),
            "id": found.token,
            **rest,
            **sums,
            "parts": [
                {"module": part.module, "name": part.name, "address": str(part.address), "value": part.value}
                for part in found.ordered
            ],
            **stated(attributed),
        }

    yield answer("contributions", data, lambda: views.contributions.contributions_view(found, piece, full=whole))


def _id(token: Label | int, logits: Tensor) -> int:
    """The id of a token; raises as `Placed` does."""
    return Placed(token)(logits.dims[-1], logits.shape[-1])
