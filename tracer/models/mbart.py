"""mBART (Liu et al. 2020): BART with the norm before each sublayer, and one more after each stack (§2.1)."""

from __future__ import annotations

from typing import ClassVar

from .bart import FORM, Bart, Config, configured
from .stated import Stated

DIFFERENT = {"normalize_before": True, "add_final_layer_norm": True}


class MBart(Bart):
    """Pre-norm; the decoder is started, or its first token forced, with the id of a language."""

    model_type: ClassVar[str] = "mbart"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        return Config(**configured(stated, {**FORM, **DIFFERENT}, norm="pre", final_norm=True))

    @property
    def start_by_default(self) -> int | None:
        return 0
