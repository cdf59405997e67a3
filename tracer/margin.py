"""Why this token and not another: their logits, term by term."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .arithmetic import Node, Sum, Terms, over
from .derive import Derivation, derive, hidden_by
from .errors import AddressError
from .namedtuple import NamedTuple
from .tape import Tape


class Margin(NamedTuple):
    """The token chosen in a step and another, by the derivations of their logits.

    ``odds`` is the logarithm of how many times the other's probability the winner's was in what was chosen from, which
    temperature, top-k and top-p have a part in; infinite where the other had none, and then ``ruling`` says why.
    """

    winner: Derivation
    rival: Derivation
    odds: float
    ruling: str = ""

    @property
    def size(self) -> float:
        """By how much the winner's logit is larger; below 0 where the token chosen was not the likeliest."""
        return self.winner.value - self.rival.value

    def difference(self, ours: str = "W", theirs: str = "W′") -> Sum:
        """Σ x · (W − W′): what each feature adds to the margin; the symbols are those of the two tokens' rows."""
        (symbol, x), (_name, row) = _products(self.winner.expression).rows.items()
        rows = {symbol: x, ours: row, theirs: list(_products(self.rival.expression).rows.values())[1]}
        return over(lambda x, w, v: x * (w - v), **rows)

    @property
    def unknown(self) -> str:
        """Why that can't be said, where the parameters were not kept; nothing where it can."""
        try:
            self.difference().evaluate()
        except AddressError as error:
            return str(error)
        return ""

    @property
    def rest(self) -> float:
        """What biases add to the margin, and rounding."""
        return self.size - self.difference().evaluate()


def margin(tape: Tape, rival: int | None = None) -> Margin | None:
    """The choice of a step as a contest with another id: the one with the largest logit that the rules allow, or any.

    None where rules left no other, where nan is one of the two, or nothing is chosen.
    """
    if "choice" not in tape.addresses:
        return None
    winner, logits = int(tape["choice"].array), tape.find("logits")
    if rival is None and (rival := _runner_up(tape, winner)) is None:
        return None
    last = logits.output.shape[0] - 1
    sides = derive(logits, (last, winner)), derive(logits, (last, rival))
    if not all(np.isfinite(side.value) for side in sides):
        return None
    z = tape.find("choice.probs").inputs[0]
    ours, theirs = z.leaf(winner), z.leaf(rival)
    return Margin(*sides, ours.value - theirs.value, hidden_by(theirs, tape) if np.isneginf(theirs.value) else "")


def _runner_up(tape: Tape, winner: int) -> int | None:
    """The id with the largest logit among the others that the rules allow; None where there is none, or nan won."""
    allowed = tape["choice.logits"].array
    others = np.nan_to_num(allowed, nan=-np.inf)
    others[winner] = -np.inf
    rival = int(others.argmax())
    return rival if np.isfinite(allowed[[winner, rival]]).all() else None


def _products(node: Node) -> Terms:
    """The terms of the first sum of products in an expression."""
    return next(_sums(node))


def _sums(node: Node) -> Iterator[Terms]:
    if isinstance(node, Sum) and isinstance(node.terms, Terms):
        yield node.terms
        return
    for child in node.children():
        yield from _sums(child)
