"""Choosing a token: a chain of recorded operations over the logits of the last position."""

from __future__ import annotations

import numpy as np

from ..ops.choice import argmax, candidates, draw, kept, log_probs, temper, top_k, top_p
from ..ops.softmax import softmax
from ..tape import Tape
from ..tensor import Array, Tensor
from .rules import Rules, Verdict
from .settings import Settings


def choose(
    tape: Tape, logits: Tensor, settings: Settings, verdict: Verdict, searched: int | None = None
) -> tuple[Tensor, Tensor]:
    """[position, vocab] -> the distribution chosen from, [vocab], and the id chosen, a scalar.

    ``searched`` is the id that a beam search has kept for this step.
    """
    with tape.scope("choice"):
        z = tape(candidates, "logits", logits, forbidden=verdict.forbidden, forced=verdict.forced)
        if settings.temperature is not None:
            z = tape(temper, "scaled", z, temperature=settings.temperature)
        if settings.top_k is not None:
            z = tape(top_k, "top_k", z, k=settings.top_k)
        if settings.top_p is not None:
            z = tape(top_p, "top_p", z, p=settings.top_p)
        probs = tape(softmax, "probs", z)
    if searched is not None:
        return probs, tape(kept, "choice", probs, token=searched)
    if settings.strategy == "sample":
        return probs, tape(draw, "choice", probs, seed=settings.seed, number=tape.number)
    return probs, tape(argmax, "choice", probs)


def search_log_probs(tape: Tape, logits: Tensor, rules: Rules, verdict: Verdict) -> Array:
    """[position, vocab] -> log p [vocab] as beam search adds it up: a forbidden id has −∞, a forced one 0.

    What the rules forbid is left to lose its share of probability, unless the model says ``renormalise``.
    """
    if verdict.forced is not None:
        certain = np.full(logits.shape[-1], -np.inf, logits.array.dtype)
        certain[verdict.forced] = 0
        return certain
    row = tape(candidates, "choice.row", logits, forbidden={}, forced=None)
    likely = tape(log_probs, "choice.log_probs", row).array.copy()
    likely[list(verdict.forbidden)] = -np.inf
    return tape(log_probs, "choice.renormalised", Tensor(likely, row.dims)).array if rules.renormalise else likely
