"""Gemma (Gemma Team 2024): Llama's architecture with √d_model, 1 + gain, gated tanh GELU and heads of any width."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..operation import Operation
from ..ops.activation import BY_NAME
from ..ops.embedding import scaled_embed
from ..ops.norm import offset_rms_norm
from .llama import Config, Defaults, Llama, biases, configured, layers_of
from .stated import Stated
from .windows import no_windows

DEFAULTS: Defaults = {
    "vocab_size": 256000,
    "hidden_size": 3072,
    "intermediate_size": 24576,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 16,
    "head_dim": 256,
    "max_position_embeddings": 8192,
    "hidden_act": "gelu_pytorch_tanh",
    "tie_word_embeddings": True,
}
TANH: Mapping[str, str] = {"gelu": "gelu_pytorch_tanh"}
"""What the first files call it, and meant."""


class Gemma(Llama):
    """Embeddings times √d_model, and norms that multiply by 1 + gain (§2)."""

    model_type: ClassVar[str] = "gemma"
    normalise: ClassVar[Operation] = offset_rms_norm
    lookup: ClassVar[Operation] = scaled_embed

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        layers, stated_as = layers_of(stated, DEFAULTS), stated.one_of("hidden_act", BY_NAME, DEFAULTS["hidden_act"])
        windows = no_windows(stated, layers=layers)
        return configured(
            stated, DEFAULTS, windows=windows, activation=TANH.get(stated_as, stated_as), **attending(stated)
        )


def attending(stated: Stated) -> dict[str, bool]:
    """What is stated of attention, which are its biases; that it looks ahead is refused."""
    stated.refuse("use_bidirectional_attention", False)
    return biases(stated)
