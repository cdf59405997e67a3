"""OLMo 2 (OLMo Team 2024): Llama's architecture with norms after the sublayers, and of queries and keys as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..ops.norm import joint_rms_norm
from ..tape import Tape
from ..tensor import FEATURE, Tensor
from .layout import Layout, Parameters
from .llama import Config, Defaults, Llama, biases, configured, layers_of
from .stated import Stated
from .windows import no_windows

DEFAULTS: Defaults = {
    "vocab_size": 50304,
    "intermediate_size": 11008,
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-5,
}


class Olmo2(Llama):
    """What a sublayer yields is normalised before it is added, and what goes in is not (§3.2)."""

    model_type: ClassVar[str] = "olmo2"
    norms: ClassVar[Mapping[str, str]] = {
        "post_attention_layernorm": "self_attn.norm_post",
        "post_feedforward_layernorm": "ffn.norm_post",
    }

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        windows = no_windows(stated, layers=layers_of(stated, DEFAULTS))
        return configured(stated, DEFAULTS, windows=windows, **biases(stated))

    @classmethod
    def add_attention(cls, layout: Layout, name: str, path: str, c: Config) -> None:
        super().add_attention(layout, name, path, c)
        for part, heads in (("q_norm", c.heads), ("k_norm", c.kv_heads)):
            layout.norm(f"{name}.{part}", f"{path}.{part}", (FEATURE, heads * c.d_k), bias=False)

    def heads(self, tape: Tape, p: Parameters, x: Tensor, new: str) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = super().heads(tape, p, x, new)
        eps = self.config.norm_eps
        q = tape(joint_rms_norm, "q_norm", q, **p.q_norm, eps=eps)
        return q, tape(joint_rms_norm, "k_norm", k, **p.k_norm, eps=eps), v
