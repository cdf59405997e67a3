"""Beam search, every hypothesis kept.

A hypothesis' score is Σ log p / n^penalty, with n the number of its tokens, the end token included. The search stops as
transformers' does: once there are as many finished as beams, and no open hypothesis could beat the worst of them. What
an open one could reach is taken to be its score at its present length; with ``early_stopping="never"``, and a penalty
above 0, which favours long ones, that at the greatest length; with ``early_stopping=True``, nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container, Sequence
from dataclasses import field
from typing import Literal

import numpy as np

from ..addresses import At
from ..dataclass import dataclass
from ..i18n import _
from ..ops.choice import score_of
from ..tensor import Array
from ..work import work
from .settings import EarlyStopping

Fate = Literal["open", "finished", "pruned"]


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """Some chosen tokens, ``ids``, with their summed log probability; ``beam`` is its rank among those of its step.

    ``@n.b`` is hypothesis ``b`` with n tokens. A pruned one says in ``reason`` why the search did not go on with it.
    """

    ids: tuple[int, ...]
    log_prob: float
    score: float
    beam: int
    parent: Hypothesis | None = None
    fate: Fate = "open"
    reason: Literal["", "below the beams", "ended below the beams"] = ""

    @property
    def name(self) -> str:
        """``@n.b``."""
        return str(self.at)

    @property
    def at(self) -> At:
        """The pass that yields its last token."""
        return At(len(self.ids), self.beam)

    @property
    def parent_name(self) -> str | None:
        """The name of its parent; None of a first token."""
        return self.parent.name if self.parent and self.parent.ids else None

    @property
    def lineage(self) -> list[Hypothesis]:
        """From the first token's hypothesis to this one."""
        line = [self]
        while (parent := line[-1].parent) and parent.ids:
            line.append(parent)
        return line[::-1]


@dataclass
class Search:
    """The outcome: for every step, what was considered, best first; and the finished hypotheses, best first."""

    steps: list[list[Hypothesis]] = field(default_factory=list)
    finished: list[Hypothesis] = field(default_factory=list)


def search(
    log_probs: Callable[[Hypothesis], Array],
    *,
    beams: int,
    penalty: float,
    limit: int,
    eos_ids: Container[int],
    end_tokens: int = 1,
    early_stopping: EarlyStopping = False,
) -> Search:
    """Look for the best continuation of at most ``limit`` tokens.

    ``log_probs`` gives log p [vocab] of the token after a hypothesis; it is asked once for each open hypothesis.
    """
    outcome = Search()
    going = [Hypothesis((), 0.0, 0.0, 0)]
    for n in work(range(1, limit + 1), _("beam search")):
        considered = _extend(going, log_probs, max(2, 1 + end_tokens) * beams, penalty)
        step = [_judge(h, rank, beams, h.ids[-1] in eos_ids or n == limit) for rank, h in enumerate(considered)]
        opened = [h for h in step if h.fate == "open"]
        going = opened[:beams]
        step = [h if h not in opened[beams:] else _pruned(h, "below the beams") for h in step]
        outcome.steps.append(step)
        finished = outcome.finished + [h for h in step if h.fate == "finished"]
        outcome.finished = sorted(finished, key=lambda h: -h.score)[:beams]
        hoped = _hoped(going[0], penalty, limit, early_stopping) if going else -np.inf
        if not going or (len(outcome.finished) == beams and hoped <= outcome.finished[-1].score):
            break
    return outcome


def _hoped(h: Hypothesis, penalty: float, limit: int, early_stopping: EarlyStopping) -> float:
    """The score that an open hypothesis is taken to reach at best."""
    if early_stopping is True:
        return -np.inf
    return score_of(h.log_prob, limit, penalty) if early_stopping == "never" and penalty > 0 else h.score


def _extend(
    going: Sequence[Hypothesis], log_probs: Callable[[Hypothesis], Array], count: int, penalty: float
) -> list[Hypothesis]:
    """The ``count`` best continuations by one token of all open hypotheses, best first; one where none is possible."""
    rows = [(parent, parent.log_prob + log_probs(parent).astype(np.float64)) for parent in going]
    best = heapq.nlargest(
        count,
        ((float(row[token]), -i, -int(token)) for i, (_parent, row) in enumerate(rows) for token in _top(row, count)),
    )
    n = len(going[0].ids) + 1
    found = [
        Hypothesis((*going[-i].ids, -token), total, score_of(total, n, penalty), rank, going[-i])
        for rank, (total, i, token) in enumerate(best)
        if total > -np.inf
    ]
    return found or [_lost(*rows[0], penalty)]


def _lost(parent: Hypothesis, row: Array, penalty: float) -> Hypothesis:
    """A continuation where all are nan or ruled out, as greedy decoding goes on there."""
    token = int(row.argmax())
    ids, total = (*parent.ids, token), float(row[token])
    return Hypothesis(ids, total, score_of(total, len(ids), penalty), 0, parent)


def _top(row: Array, count: int) -> Array:
    count = min(count, len(row))
    return np.argpartition(-row, count - 1)[:count]


def _judge(h: Hypothesis, rank: int, beams: int, ends: bool) -> Hypothesis:
    """An ending hypothesis counts as finished only among the ``beams`` best of its step."""
    if not ends:
        return h
    if rank < beams:
        return Hypothesis(h.ids, h.log_prob, h.score, h.beam, h.parent, "finished")
    return _pruned(h, "ended below the beams")


def _pruned(h: Hypothesis, reason: Literal["below the beams", "ended below the beams"]) -> Hypothesis:
    return Hypothesis(h.ids, h.log_prob, h.score, h.beam, h.parent, "pruned", reason)
