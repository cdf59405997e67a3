"""A trace without a model: steps with addresses and nothing behind them."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from tracer.addresses import At
from tracer.card import Card
from tracer.errors import AddressError
from tracer.models.text import Side
from tracer.operation import Operation
from tracer.parameters import Named
from tracer.tape import Tape
from tracer.tensor import FEATURE, Tensor
from tracer.trace import Token

ENCODER = [
    "encoder.embed.tokens",
    "encoder.embed.output",
    "encoder.0.self_attn.q",
    "encoder.0.self_attn.weights",
    "encoder.0.ffn.hidden",
    "encoder.0.ffn.norm",
]
DECODER = [
    "decoder.embed.tokens",
    "decoder.0.self_attn.weights",
    "decoder.0.self_attn.norm",
    "decoder.0.cross_attn.weights",
    "decoder.0.cross_attn.norm",
    "logits",
    "choice.probs",
    "choice",
]


class Nothing(Operation):
    """Yields three zeros."""

    formula = latex = reference = "0"

    def forward(self, *inputs: Any, **parameters: Any) -> Tensor:
        return Tensor(np.zeros(3), (FEATURE,))


CARD = Card(
    "fake",
    lambda: "nothing",
    "float32",
    words={"source": None, "target": None},
    sizes={"source": 9, "target": 9},
)


class FakeRun:
    """A translation of so many tokens, which goes on to its end."""

    card, parameters = CARD, Named({}, {})
    source, text, ending = ("one", "two"), "words", "all is said"
    mask = positions = number = parent = None
    edits = downstream = ()
    teacher_forced, chooses, decided = False, True, MappingProxyType({})

    def __init__(self, tokens: int = 3, first: int = 0) -> None:
        self.first = first
        self.computed = first - 1
        self.last = tokens
        self.tokens: list[Token] = []
        self.interrupted_at: int | None = None
        self._tapes: dict[int, Tape] = {}

    @property
    def target(self) -> list[str]:
        return ["<s>", *(token.piece for token in self.tokens)]

    @property
    def pieces(self) -> dict[Side, Sequence[str]]:
        return {"source": self.source, "target": self.target} if self.first == 0 else {"target": self.target}

    @property
    def begins(self) -> dict[Side, int]:
        return {side: {"source": 0, "target": 1}[side] for side in self.pieces}

    @property
    def decoder_ids(self) -> list[int]:
        return [0, *(token.id for token in self.tokens)]

    @property
    def ended(self) -> bool:
        return self.computed == self.last

    @property
    def numbers(self) -> range:
        return range(self.first, self.computed + 1)

    @property
    def goes_on(self) -> bool:
        return not self.ended

    def at(self, place: At) -> Tape:
        return self.step(place.number)

    def step(self, number: int) -> Tape:
        if not self.first <= number <= self.last:
            raise AddressError(f"there is no step @{number}")
        while self.computed < number:
            self._perform(self.computed + 1)
        return self._tapes[number]

    def _perform(self, number: int) -> None:
        if number == self.interrupted_at:
            raise KeyboardInterrupt
        tape = Tape(number)
        for address in DECODER if number else ENCODER:
            tape(Nothing(), address)
        self._tapes[number] = tape
        self.computed = number
        if number:
            self.tokens.append(Token(number, number, f"word{number}", 1.0, ""))
