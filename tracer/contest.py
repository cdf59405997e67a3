"""Why this token and not the next best: their logits, term by term."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .arithmetic import Node, Sum, Terms, over
from .derive import Derivation, derive
from .tape import Tape


@dataclass(frozen=True)
class Contest:
    """The token chosen in a step and the one with the largest logit among the others, by the derivations of theirs.

    ``odds`` is the logarithm of how many times the other's probability the winner's was in what was chosen from, which
    temperature, top-k and top-p have a part in; infinite where the other had none.
    """

    winner: Derivation
    rival: Derivation
    odds: float

    @property
    def margin(self) -> float:
        """By how much the winner's logit is larger; below 0 where the token chosen was not the likeliest."""
        return self.winner.value - self.rival.value

    def difference(self, ours: str = "W", theirs: str = "W′") -> Sum:
        """Σ x · (W − W′): what each feature adds to the margin; the symbols are those of the two tokens' rows."""
        (symbol, x), (_name, row) = _products(self.winner.expression).rows.items()
        rows = {symbol: x, ours: row, theirs: list(_products(self.rival.expression).rows.values())[1]}
        return over(lambda x, w, v: x * (w - v), **rows)

    @property
    def rest(self) -> float:
        """What biases add to the margin, and rounding."""
        return self.margin - self.difference().evaluate()


def contest(tape: Tape) -> Contest | None:
    """The choice of a step as a contest; None where rules left one token only, where nan won, or nothing is chosen."""
    if "choice" not in tape.addresses:
        return None
    winner = int(tape["choice"].array)
    allowed = tape["choice.logits"].array.astype(np.float64)
    others = np.nan_to_num(allowed, nan=-np.inf)
    others[winner] = -np.inf
    rival = int(others.argmax())
    if not np.isfinite(allowed[[winner, rival]]).all():
        return None
    logits = tape.find("logits")
    last = logits.output.shape[0] - 1
    z = tape.find("choice.probs").inputs[0].array
    return Contest(derive(logits, (last, winner)), derive(logits, (last, rival)), float(z[winner]) - float(z[rival]))


def _products(node: Node) -> Terms:
    """The terms of the first sum of products in an expression."""
    return next(_sums(node))


def _sums(node: Node) -> Iterator[Terms]:
    if isinstance(node, Sum) and isinstance(node.terms, Terms):
        yield node.terms
        return
    for child in node.children():
        yield from _sums(child)
