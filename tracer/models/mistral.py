"""Mistral (Jiang et al. 2023): Llama's architecture with a sliding window over the keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from .llama import Config, Llama, configured
from .stated import Stated
from .windows import windows

DEFAULTS: Mapping[str, int] = {
    "vocab_size": 32000,
    "intermediate_size": 14336,
    "num_key_value_heads": 8,
    "max_position_embeddings": 1 << 17,
}


class Mistral(Llama):
    """A query sees at most ``sliding_window`` keys, itself included (§2); all where the file states null."""

    model_type: ClassVar[str] = "mistral"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        window, layers = stated.size("sliding_window", 4096, null=None), stated.layers("num_hidden_layers", 32)
        stated.expect("use_sliding_window", window is not None)
        return configured(stated, DEFAULTS, windows=windows(stated, window, [window is not None] * layers))
