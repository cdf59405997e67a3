"""Qwen2 (Yang et al. 2024): Llama's architecture with a bias on q, k and v."""

from __future__ import annotations

from typing import ClassVar

from ..i18n import _
from .llama import Config, Llama, configured
from .stated import Stated


class Qwen2(Llama):
    """Biases on the projections to queries, keys and values only (§2.2)."""

    model_type: ClassVar[str] = "qwen2"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        refuse_windows(stated)
        return configured(stated, qkv_bias=True)


def refuse_windows(stated: Stated) -> None:
    """Insist that every layer sees all keys; Qwen's files can state a window for some of the layers, and none does."""
    stated.refuse("use_sliding_window", False)
    stated.count("max_window_layers", 28)
    kinds = stated.get("layer_types", [])
    stated.insist(all(kind == "full_attention" for kind in kinds), "layer_types", _("full_attention in every layer"))
