"""Granite (IBM 2024): Llama's architecture with a multiplier at every place where sizes matter (Yang et al. 2021)."""

from __future__ import annotations

from typing import ClassVar

from ..dataclass import dataclass
from ..ops.attention import times_scores
from ..ops.embedding import embed
from ..ops.linear import linear, scale
from ..tape import Tape
from ..tensor import Tensor
from .layout import Parameters
from .llama import DEFAULTS, Config, Llama, alike, biases, layers_of
from .stated import Stated
from .text import Text
from .windows import no_windows


@dataclass(frozen=True, kw_only=True)
class GraniteConfig(Config):
    """What embeddings, scores and sublayers are multiplied by, and logits divided by, under the names of the file."""

    embedding_multiplier: float
    attention_multiplier: float
    residual_multiplier: float
    logits_scaling: float


class Granite(Llama):
    """Embeddings, scores, what is added to the residual, and logits are scaled."""

    model_type: ClassVar[str] = "granite"
    config: GraniteConfig

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        multipliers = ("embedding_multiplier", "attention_multiplier", "residual_multiplier", "logits_scaling")
        settings = {
            **{key: stated.number(key, 1.0) for key in multipliers},
            "windows": no_windows(stated, layers=layers_of(stated, DEFAULTS)),
            **biases(stated),
            "ffn_bias": stated.flag("mlp_bias", False),
        }
        return GraniteConfig(**alike(stated, DEFAULTS, **settings))

    def embed(self, tape: Tape, text: Text) -> Tensor:
        weight = self.parameters.decoder.embed.weight
        with tape.scope("embed"):
            tokens = tape(embed, "tokens", ids=text.ids, labels=text.labels, weight=weight)
            return self._times(tape, "output", tokens, "embedding_multiplier")

    def compared(self, tape: Tape, q: Tensor, k: Tensor) -> Tensor:
        return tape(times_scores, "scores", q, k, scale=self.config.attention_multiplier)

    def leaving(self, tape: Tape, p: Parameters, y: Tensor) -> Tensor:
        return self._times(tape, "scaled", y, "residual_multiplier")

    def output(self, tape: Tape, x: Tensor) -> Tensor:
        raw = tape(linear, "logits_raw", x, **self.parameters.logits)
        return tape(scale, "logits", raw, by=1 / self.config.logits_scaling, symbol="1/logits_scaling")

    def _times(self, tape: Tape, name: str, x: Tensor, multiplier: str) -> Tensor:
        return tape(scale, name, x, by=getattr(self.config, multiplier), symbol=multiplier)
