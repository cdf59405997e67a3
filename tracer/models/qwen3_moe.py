"""Qwen3-MoE (Yang et al. 2025, §2): Qwen3's architecture with a mixture of experts, none of them shared."""

from __future__ import annotations

from typing import ClassVar

from .head_norms import HeadNorms
from .llama import Config, Defaults, alike, biases, layers_of
from .mixture import Mixture, MixtureConfig
from .qwen2_moe import mixed
from .stated import Stated
from .windows import everywhere, used_window

DEFAULTS: Defaults = {
    "vocab_size": 151936,
    "hidden_size": 2048,
    "intermediate_size": 6144,
    "num_hidden_layers": 24,
    "num_attention_heads": 32,
    "num_key_value_heads": 4,
    "max_position_embeddings": 1 << 15,
}


class Qwen3Moe(HeadNorms, Mixture):
    """Eight of 128 experts for each token (table 2)."""

    model_type: ClassVar[str] = "qwen3_moe"
    config: MixtureConfig

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        stated.also(num_local_experts="num_experts")
        layers = layers_of(stated, DEFAULTS)
        settings = {
            "windows": everywhere(stated, used_window(stated), layers=layers),
            **biases(stated),
            **mixed(stated, layers, key="num_local_experts", experts=128, chosen=8, width=768),
        }
        return MixtureConfig(**alike(stated, DEFAULTS, **settings))
