"""Qwen3 (Yang et al. 2025): Llama's architecture with an RMS norm of each head's queries and keys."""

from __future__ import annotations

from typing import ClassVar

from .head_norms import HeadNorms
from .llama import Config, biases, configured
from .qwen2 import DEFAULTS, upper_windows
from .stated import Stated


class Qwen3(HeadNorms):
    """Queries and keys are normalised along d_k before they are turned (§2)."""

    model_type: ClassVar[str] = "qwen3"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        defaults = {**DEFAULTS, "head_dim": 128}
        return configured(stated, defaults, windows=upper_windows(stated), **biases(stated))
