"""Gemma 2 (Gemma Team 2024): norms around every sublayer, capped scores and logits, every other layer in a window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..dataclass import dataclass
from ..ops.activation import BY_NAME, softcap
from ..ops.attention import times_scores
from ..ops.linear import linear
from ..tape import Tape
from ..tensor import Tensor
from .gemma import Gemma, attending
from .llama import Config, Defaults, alike, layers_of
from .stated import Stated
from .windows import windows

DEFAULTS: Defaults = {
    "vocab_size": 256000,
    "hidden_size": 2304,
    "intermediate_size": 9216,
    "num_hidden_layers": 26,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": True,
}
CAPS: Mapping[str, float | None] = {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0}
"""What scores and logits are capped at, where nothing is stated."""


@dataclass(frozen=True, kw_only=True)
class Gemma2Config(Config):
    """Scores are multiplied by ``scale``; they and the logits are capped, or not where that is None."""

    scale: float
    score_cap: float | None
    logit_cap: float | None


class Gemma2(Gemma):
    """A sublayer's output is normalised too, before it is added (§2)."""

    model_type: ClassVar[str] = "gemma2"
    norms: ClassVar[Mapping[str, str]] = {
        "input_layernorm": "self_attn.norm",
        "post_attention_layernorm": "self_attn.norm_post",
        "pre_feedforward_layernorm": "ffn.norm",
        "post_feedforward_layernorm": "ffn.norm_post",
    }
    config: Gemma2Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        window = stated.size("sliding_window", 4096, null=None)
        found = windows(stated, window, (i % 2 == 0 for i in range(layers_of(stated, DEFAULTS))))
        return Gemma2Config(**alike(stated, DEFAULTS, windows=found, **capped(stated, CAPS), **attending(stated)))

    def compared(self, tape: Tape, q: Tensor, k: Tensor) -> Tensor:
        raw = tape(times_scores, "scores", q, k, scale=self.config.scale)
        return raw if (cap := self.config.score_cap) is None else tape(softcap, "capped", raw, cap=cap)

    def output(self, tape: Tape, x: Tensor) -> Tensor:
        if (cap := self.config.logit_cap) is None:
            return super().output(tape, x)
        return tape(softcap, "logits", tape(linear, "logits_raw", x, **self.parameters.logits), cap=cap)


def capped(stated: Stated, caps: Mapping[str, float | None]) -> dict[str, Any]:
    """What is stated of the activation, and of the sizes of scores and logits."""
    scores, logits = (stated.limit(key, usual) for key, usual in caps.items())
    return {
        "activation": stated.one_of("hidden_activation", BY_NAME, "gelu_pytorch_tanh"),
        "scale": stated.number("query_pre_attn_scalar", 256.0) ** -0.5,
        "score_cap": scores,
        "logit_cap": logits,
    }
