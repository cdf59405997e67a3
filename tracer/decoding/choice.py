"""Choosing a token: a chain of recorded operations over the logits of the last position."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..addresses import At
from ..operation import Operation
from ..ops.choice import (
    allowed,
    argmax,
    beam_score,
    candidates,
    draw,
    kept,
    log_softmax,
    summed_log_prob,
    temper,
)
from ..ops.softmax import softmax
from ..ops.truncation import epsilon_cutoff, eta_cutoff, min_p, top_h, top_k, top_p, typical_p
from ..tape import Dropped, Tape
from ..tensor import Tensor
from .beam import Hypothesis
from .generation_config import DEFAULTS
from .rules import Adjustment, Rules, Verdict
from .settings import Settings

CUTS: tuple[tuple[str, Operation, str], ...] = (
    ("top_h", top_h, "h"),
    ("top_k", top_k, "k"),
    ("top_p", top_p, "p"),
    ("min_p", min_p, "p"),
    ("typical_p", typical_p, "p"),
    ("epsilon_cutoff", epsilon_cutoff, "epsilon"),
    ("eta_cutoff", eta_cutoff, "epsilon"),
)
"""What a sample is drawn from is cut to, in the order of transformers: the setting, and the parameter that it is."""


def choose(
    tape: Tape, logits: Tensor, settings: Settings, verdict: Verdict, adjustments: Iterable[Adjustment] = ()
) -> tuple[Tensor, Tensor]:
    """[position, vocab] -> the distribution chosen from, [vocab], and the id chosen, a scalar.

    What cuts nothing, as a ``top_p`` of 1, leaves no record.
    """
    with tape.scope("choice"):
        z = tape(candidates, "logits", _adjusted(tape, logits, adjustments), **verdict._asdict())
        if settings.temperature is not None:
            z = tape(temper, "scaled", z, temperature=settings.temperature)
        for name, op, parameter in CUTS:
            if (value := getattr(settings, name)) not in (None, *DEFAULTS[name].neutral):
                z = tape(op, name, z, **{parameter: value})
        probs = _probs(tape, logits, z)
    if settings.strategy == "sample":
        return probs, tape(draw, "choice", probs, seed=settings.seed, number=tape.number)
    return probs, tape(argmax, "choice", probs)


def keep(
    tape: Tape,
    logits: Tensor,
    rules: Rules,
    verdict: Verdict,
    adjustments: Iterable[Adjustment],
    h: Hypothesis,
    length_penalty: float,
) -> tuple[Tensor, Tensor]:
    """[position, vocab] -> the distribution over the next token, [vocab], and the last id of ``h``, a scalar.

    What the search weighed is recorded: log p [vocab], the sum of it over the tokens of ``h``, and the score of ``h``.
    """
    token = h.ids[-1]
    with tape.scope("choice"):
        probs = _probs(tape, logits, tape(candidates, "logits", logits, **verdict._asdict()))
        likely = search_log_probs(tape, logits, rules, verdict, adjustments)
        log_prob = tape(summed_log_prob, "log_prob", likely, *_summed_before(tape, h), token=token)
        score = tape(beam_score, "score", log_prob, tokens=len(h.ids), penalty=length_penalty)
    return probs, tape(kept, "choice", probs, score, token=token)


def search_log_probs(
    tape: Tape, logits: Tensor, rules: Rules, verdict: Verdict, adjustments: Iterable[Adjustment] = ()
) -> Tensor:
    """[position, vocab] -> log p [vocab] as beam search adds it up: a forbidden id has −∞, a forced one 0.

    Adjustments are of log p, as in transformers. What the rules forbid is left to lose its share of probability, unless
    the model says ``renormalise``.
    """
    likely = _adjusted(tape, tape(log_softmax, "log_softmax", logits), adjustments)
    if not rules.renormalise:
        return tape(allowed, "log_probs", likely, **verdict._asdict())
    return tape(log_softmax, "log_probs", tape(allowed, "allowed", likely, **verdict._asdict()))


def _probs(tape: Tape, logits: Tensor, z: Tensor) -> Tensor:
    """softmax(z) [vocab]; where z is the last row of the logits as it is, that of the probabilities on the tape."""
    record = tape.there("probs")
    is_kept = record is not None and record.inputs[0] is logits and not isinstance(record.output, Dropped)
    if record is None or not is_kept or not np.may_share_memory(z.array, logits.array[-1]):
        return tape(softmax, "probs", z)
    return tape.view(softmax, "probs", Tensor(record.output.array[-1], z.dims), z)


def _adjusted(tape: Tape, z: Tensor, adjustments: Iterable[Adjustment]) -> Tensor:
    """[vocab] or [position, vocab] -> the same, or [vocab] with a record for each adjustment."""
    for name, op, parameters in adjustments:
        z = tape(op, name, z, **parameters)
    return z


def _summed_before(tape: Tape, h: Hypothesis) -> tuple[Tensor, ...]:
    """The sum up to the token before, a cell of the pass that yielded that; nothing before the first token."""
    parent = h.parent
    if parent is None or not parent.ids:
        return ()
    at = At(tape.number - 1) if tape.beam is None else parent.at
    return (Tensor(np.asarray(parent.log_prob), (), "choice.log_prob", at),)
