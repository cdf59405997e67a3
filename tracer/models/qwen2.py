"""Qwen2 (Yang et al. 2024): Llama's architecture with a bias on q, k and v."""

from __future__ import annotations

from typing import ClassVar

from .llama import Config, Llama, configured
from .stated import Stated


class Qwen2(Llama):
    """Biases on the projections to queries, keys and values only (§2.2)."""

    model_type: ClassVar[str] = "qwen2"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        stated.refuse("use_sliding_window", False)
        return configured(stated, qkv_bias=True)
