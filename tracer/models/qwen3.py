"""Qwen3 (Yang et al. 2025): Llama's architecture with an RMS norm of each head's queries and keys."""

from __future__ import annotations

from typing import ClassVar

from .llama import Config, Llama, configured
from .qwen2 import refuse_windows
from .stated import Stated


class Qwen3(Llama):
    """Queries and keys are normalised along d_k before they are turned (§2)."""

    model_type: ClassVar[str] = "qwen3"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        refuse_windows(stated)
        bias = stated.flag("attention_bias", False)
        return configured(stated, qkv_bias=bias, output_bias=bias, head_norms=True)
