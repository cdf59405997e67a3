"""Qwen2 (Yang et al. 2024): Llama's architecture with a bias on q, k and v."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from .llama import Config, Llama, configured
from .stated import Stated
from .windows import Windows, used_window, windows

DEFAULTS: Mapping[str, int] = {
    "vocab_size": 151936,
    "intermediate_size": 22016,
    "num_key_value_heads": 32,
    "max_position_embeddings": 1 << 15,
}


class Qwen2(Llama):
    """Biases on the projections to queries, keys and values only (§2.2)."""

    model_type: ClassVar[str] = "qwen2"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        return configured(stated, DEFAULTS, windows=upper_windows(stated), qkv_bias=True)


def upper_windows(stated: Stated) -> Windows:
    """A window in the layers from ``max_window_layers`` on, if it is in use."""
    window, since = used_window(stated), stated.count("max_window_layers", 28)
    layers = range(stated.layers("num_hidden_layers", 32))
    return windows(stated, window, (window is not None and i >= since for i in layers))
