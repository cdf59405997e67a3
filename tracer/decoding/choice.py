"""Choosing a token: a chain of recorded operations over the logits of the last position."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..addresses import At
from ..ops.choice import (
    allowed,
    argmax,
    beam_score,
    candidates,
    draw,
    kept,
    log_softmax,
    repetition,
    summed_log_prob,
    temper,
    top_k,
    top_p,
)
from ..ops.softmax import softmax
from ..tape import Tape
from ..tensor import Tensor
from .beam import Hypothesis
from .rules import Penalty, Rules, Verdict
from .settings import Settings


def choose(
    tape: Tape, logits: Tensor, settings: Settings, verdict: Verdict, penalties: Iterable[Penalty] = ()
) -> tuple[Tensor, Tensor]:
    """[position, vocab] -> the distribution chosen from, [vocab], and the id chosen, a scalar.

    All of the probability is no nucleus: a ``top_p`` of 1 leaves no record.
    """
    with tape.scope("choice"):
        z = tape(candidates, "logits", _penalised(tape, logits, penalties), **verdict._asdict())
        if settings.temperature is not None:
            z = tape(temper, "scaled", z, temperature=settings.temperature)
        if settings.top_k is not None:
            z = tape(top_k, "top_k", z, k=settings.top_k)
        if settings.top_p is not None and settings.top_p < 1:
            z = tape(top_p, "top_p", z, p=settings.top_p)
        probs = tape(softmax, "probs", z)
    if settings.strategy == "sample":
        return probs, tape(draw, "choice", probs, seed=settings.seed, number=tape.number)
    return probs, tape(argmax, "choice", probs)


def keep(
    tape: Tape,
    logits: Tensor,
    rules: Rules,
    verdict: Verdict,
    penalties: Iterable[Penalty],
    h: Hypothesis,
    length_penalty: float,
) -> tuple[Tensor, Tensor]:
    """[position, vocab] -> the distribution over the next token, [vocab], and the last id of ``h``, a scalar.

    What the search weighed is recorded: log p [vocab], the sum of it over the tokens of ``h``, and the score of ``h``.
    """
    token = h.ids[-1]
    with tape.scope("choice"):
        probs = tape(softmax, "probs", tape(candidates, "logits", logits, **verdict._asdict()))
        likely = search_log_probs(tape, logits, rules, verdict, penalties)
        log_prob = tape(summed_log_prob, "log_prob", likely, *_summed_before(tape, h), token=token)
        score = tape(beam_score, "score", log_prob, tokens=len(h.ids), penalty=length_penalty)
    return probs, tape(kept, "choice", probs, score, token=token)


def search_log_probs(
    tape: Tape, logits: Tensor, rules: Rules, verdict: Verdict, penalties: Iterable[Penalty] = ()
) -> Tensor:
    """[position, vocab] -> log p [vocab] as beam search adds it up: a forbidden id has −∞, a forced one 0.

    Penalties are of log p, as in transformers. What the rules forbid is left to lose its share of probability, unless
    the model says ``renormalise``.
    """
    likely = _penalised(tape, tape(log_softmax, "log_softmax", logits), penalties)
    if not rules.renormalise:
        return tape(allowed, "log_probs", likely, **verdict._asdict())
    return tape(log_softmax, "log_probs", tape(allowed, "allowed", likely, **verdict._asdict()))


def _penalised(tape: Tape, z: Tensor, penalties: Iterable[Penalty]) -> Tensor:
    """[vocab] or [position, vocab] -> the same, or [vocab] with a record for each penalty."""
    for name, penalty, ids, reason in penalties:
        z = tape(repetition, name, z, ids=ids, penalty=penalty, reason=reason)
    return z


def _summed_before(tape: Tape, h: Hypothesis) -> tuple[Tensor, ...]:
    """The sum up to the token before, a cell of the pass that yielded that; nothing before the first token."""
    parent = h.parent
    if parent is None or not parent.ids:
        return ()
    at = At(tape.number - 1) if tape.beam is None else parent.at
    return (Tensor(np.asarray(parent.log_prob), (), "choice.log_prob", at),)
