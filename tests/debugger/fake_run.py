"""A run without a model: steps with addresses and nothing behind them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from tracer.addresses import At
from tracer.errors import AddressError
from tracer.operation import Operation
from tracer.parameters import Named
from tracer.run import Token
from tracer.tape import Tape
from tracer.tensor import FEATURE, Tensor

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


class FakeRun:
    """A translation of so many tokens; ``performed`` counts how often a step was computed."""

    def __init__(self, tokens: int = 3, first: int = 0) -> None:
        self.first = first
        self.computed = first - 1
        self.last = tokens
        self.tokens: list[Token] = []
        self.interrupted_at: int | None = None
        self._tapes: dict[int, Tape] = {}
        self.model = SimpleNamespace(name="fake", has_encoder=first == 0, target=None, named=Named({}, {}))

    @property
    def ended(self) -> bool:
        return self.computed == self.last

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
