"""Functions of a token of the vocabulary: what the model says of it, of [vocab] and its place in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....divergence import log_probabilities
from ....tensor import Array
from .kinds import OfToken, function


def _at(row: Array, place: int) -> Array:
    """[vocab]: 1 at a place, 0 elsewhere."""
    found: Array = np.eye(1, len(row), place)[0]
    return found


@function("prob", OfToken, path="probs", slope=_at)
def prob(probs: Array, token: int) -> Any:
    """The probability of a token: softmax(logits).

    It is what the step where the cursor stands says of the token that comes next, before temperature, top-k and top-p.
    With POSITION, a number or a token of what was read, it is of the token after that. TOKEN is in quotes, or an id.
    @2: before it is another step, @*: every one.

    (tx) print prob("love")
    (tx) print @2:prob("love")
    (tx) print @*:prob("love")
    """
    return probs[token]


@function("rank", OfToken, path="probs")
def rank(probs: Array, token: int) -> Any:
    """The place of a token among the likeliest, from 1.

    Of equals the first ranks higher. What it takes is as for prob.

    (tx) print rank("love")
    """
    return 1 + int(np.count_nonzero(probs > probs[token]) + np.count_nonzero(probs[:token] == probs[token]))


@function("logprob", OfToken, path="logits", slope=lambda row, token: _at(row, token) - np.exp(log_probabilities(row)))
def logprob(logits: Array, token: int) -> Any:
    """The log probability of a token: zᵢ − ln Σ exp(zⱼ).

    It is worked out from the logits, with the natural logarithm. What it takes is as for prob.

    (tx) print logprob("love")
    (tx) print logprob("love", -1)
    """
    return log_probabilities(logits)[token]


@function("logit", OfToken, path="logits", slope=_at)
def logit(logits: Array, token: int) -> Any:
    """The logit of a token: zᵢ, before softmax.

    What it takes is as for prob.

    (tx) print logit("love")
    """
    return logits[token]


@function(
    "logit_diff",
    OfToken,
    path="logits",
    tokens=2,
    slope=lambda row, token, other: _at(row, token) - _at(row, other),
)
def logit_diff(logits: Array, token: int, other: int) -> Any:
    """The difference of two logits: zᵢ − zⱼ = ln pᵢ − ln pⱼ.

    It says how much likelier the first token is than the second. What it takes is as for prob, with two tokens.

    (tx) print logit_diff("love", "like")
    """
    return logits[token] - logits[other]
