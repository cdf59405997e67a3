"""Mistral (Jiang et al. 2023): Llama's architecture with a sliding window over the keys."""

from __future__ import annotations

from typing import ClassVar

from .llama import Config, Llama, configured
from .stated import Stated


class Mistral(Llama):
    """A query sees at most ``sliding_window`` keys, itself included (§2); all where none is stated."""

    model_type: ClassVar[str] = "mistral"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        window = stated.size("sliding_window") if stated.get("sliding_window") else None
        return configured(stated, window=window)
