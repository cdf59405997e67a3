"""Mixtral (Jiang et al. 2024): Mistral's architecture with a mixture of experts in every layer."""

from __future__ import annotations

from typing import ClassVar

from ..tensor import Axis
from .layout import Layout
from .llama import Config, Defaults, alike, layers_of
from .mixture import Mixture, MixtureConfig, experts_of
from .stated import Stated
from .windows import everywhere

DEFAULTS: Defaults = {
    "vocab_size": 32000,
    "intermediate_size": 14336,
    "num_key_value_heads": 8,
    "max_position_embeddings": 1 << 17,
    "rms_norm_eps": 1e-5,
    "rope_theta": 1e6,
}


class Mixtral(Mixture):
    """Two of eight experts for each token, whose shares add up to 1 (§2.1)."""

    model_type: ClassVar[str] = "mixtral"
    parts: ClassVar[dict[str, str]] = {"gate": "w1", "up": "w3", "output": "w2"}

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        stated.also(num_local_experts="num_experts")
        window, layers = stated.size("sliding_window", None), layers_of(stated, DEFAULTS)
        settings = {
            "windows": everywhere(stated, window, layers=layers),
            **experts_of(stated, "num_local_experts", layers, experts=8, chosen=2),
            "expert_ffn": stated.size("intermediate_size", DEFAULTS["intermediate_size"]),
            "normalised": True,
            "sparse": (True,) * layers,
        }
        return MixtureConfig(**alike(stated, DEFAULTS, **settings))

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        layout = super().layout(config, source, target)
        layout.spelt[r"\.block_sparse_moe\."] = ".mlp."
        return layout
