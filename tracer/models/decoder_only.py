"""What the decoder-only families share: one stack that reads the prompt and what it has written, and no encoder."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from ..ops.linear import last, linear
from ..ops.softmax import softmax
from ..tape import Tape
from ..tensor import Tensor
from .architecture import Architecture
from .text import Text
from .texts import Kind


class DecoderOnly(Architecture):
    """A pre-norm stack under the causal mask; a family says what its embedding, its layer and its norm are."""

    passes: ClassVar[tuple[Kind, ...]] = ("decode",)

    def decode(
        self,
        tape: Tape,
        target: Text,
        memory: Tensor | None = None,
        source: Text | None = None,
        start: int = 0,
    ) -> Tensor:
        with tape.scope("decoder"):
            x = self.embed(tape, target.since(start))
            for i in range(self.config.layers):
                with tape.scope(str(i)):
                    x = tape.alias("output", self.layer(tape, i, x, target, start))
            x = tape.alias("output", self.final_norm(tape, x))
            if tape.past is not None and x.shape[0] > 1:
                x = tape(last, "last", x)
        logits = tape(linear, "logits", x, **self.parameters.logits)
        tape(softmax, "probs", logits)
        return logits

    @abstractmethod
    def embed(self, tape: Tape, text: Text) -> Tensor:
        """ids -> [position, feature]."""

    @abstractmethod
    def layer(self, tape: Tape, i: int, x: Tensor, text: Text, past: int) -> Tensor:
        """[position, feature] -> the same; x is of the last places of ``text``, and ``past`` came before."""

    @abstractmethod
    def final_norm(self, tape: Tape, x: Tensor) -> Tensor:
        """The norm after the stack: [position, feature] -> the same."""
