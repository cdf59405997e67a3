"""A given output, token by token: how likely each was where it stands, and what was likelier."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .namedtuple import NamedTuple
from .operation import Trait
from .tape import Tape
from .tensor import Array


class Scored(NamedTuple):
    """A token of a given output: its id, the position it was predicted from, and its probability and rank there.

    ``other`` is the likeliest id beside it; the rank counts from 1, of equals the first before the others.
    """

    position: int
    id: int
    prob: float
    rank: int
    other: int
    other_prob: float
    loss: float


def given(tape: Tape) -> Iterator[tuple[int, int]]:
    """The position and the id of every token of a given output that the decoder saw something before, in order."""
    for record in tape:
        if record.has(Trait.LOSS):
            yield from enumerate(record.parameters["gold"], record.parameters["start"])


def scored(tape: Tape) -> Iterator[Scored]:
    """Every token of a given output that the decoder saw something before, in order; none where it was decoded."""
    for record in tape:
        if record.has(Trait.LOSS):
            probs, start = tape["probs"].array, record.parameters["start"]
            losses = zip(record.parameters["gold"], record.output.array.tolist(), strict=True)
            for position, (token, loss) in enumerate(losses, start):
                yield Scored(position, token, *_standing(probs[position], token), loss)


def _standing(probs: Array, token: int) -> tuple[float, int, int, float]:
    """Of an id in a distribution [vocab] its probability and rank; the likeliest other, and its probability."""
    others = probs.copy()
    others[token] = -np.inf
    other = int(others.argmax())
    before = int((probs > probs[token]).sum() + (probs[:token] == probs[token]).sum())
    return float(probs[token]), before + 1, other, float(probs[other])
