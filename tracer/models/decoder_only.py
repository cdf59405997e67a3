"""What the decoder-only families share: one stack that reads the prompt and what it has written, and no encoder."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from ..i18n import _
from ..operation import Operation
from ..ops.embedding import embed
from ..ops.linear import last
from ..tape import Tape
from ..tensor import Tensor
from .architecture import Architecture
from .sizes import sized
from .text import Text
from .texts import Kind


class DecoderOnly(Architecture):
    """A stack under the causal mask; a family says what its layer and the norm at its end are, and its lookup."""

    passes: ClassVar[tuple[Kind, ...]] = ("decode",)
    lookup: ClassVar[Operation] = embed
    """What makes vectors of ids."""

    def describe(self) -> str:
        c = self.config
        told = _("decoder-only, {layers} × {heads}, d_model {d_model}")
        return sized(told, [c.layers], c.heads, d_model=c.d_model)

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
            x = tape.alias("output", self.finish(tape, "decoder", x))
            if tape.past is not None and x.shape[0] > 1:
                x = tape(last, "last", x)
        return self.predict(tape, x)

    def embed(self, tape: Tape, text: Text) -> Tensor:
        """ids -> [position, feature]."""
        weight = self.parameters.decoder.embed.weight
        with tape.scope("embed"):
            tokens = tape(self.lookup, "tokens", ids=text.ids, labels=text.labels, weight=weight)
            return tape.alias("output", tokens)

    def finish(self, tape: Tape, stack: str, x: Tensor) -> Tensor:
        return self.final_norm(tape, x)

    @abstractmethod
    def layer(self, tape: Tape, i: int, x: Tensor, text: Text, past: int) -> Tensor:
        """[position, feature] -> the same; x is of the last places of ``text``, and ``past`` came before."""

    @abstractmethod
    def final_norm(self, tape: Tape, x: Tensor) -> Tensor:
        """What comes after the stack, mostly a norm: [position, feature] -> the same, or as wide as the embedding."""
