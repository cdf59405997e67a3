"""Gemma 3 (Gemma Team 2025), the part that reads text: Gemma 2 with normalised queries and keys, without caps.

Most layers look at a window and turn by angles of their own; every sixth sees the whole text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..dataclass import dataclass
from ..i18n import N_
from .gemma import attending
from .gemma2 import DEFAULTS as GEMMA2
from .gemma2 import Gemma2, Gemma2Config, capped
from .head_norms import HeadNorms
from .llama import Config, Defaults, alike, layers_of
from .rotary import rotary_of_layers
from .scaling import Rotary
from .stated import Stated
from .windows import FULL, SLIDING, windows

DEFAULTS: Defaults = {**GEMMA2, "vocab_size": 262208, "max_position_embeddings": 1 << 17}
CAPS: Mapping[str, float | None] = {"attn_logit_softcapping": None, "final_logit_softcapping": None}
BASE, LOCAL_BASE = 1e6, 1e4
"""Of the angles in layers that see everything, and in those that look at a window."""


@dataclass(frozen=True, kw_only=True)
class Gemma3Config(Gemma2Config):
    """``local`` has the angles of the layers that look at a window."""

    local: Rotary


class Gemma3Text(HeadNorms, Gemma2):
    """Local layers and global ones (§2.1); queries and keys are normalised in place of capping their scores."""

    model_type: ClassVar[str] = "gemma3_text"
    config: Gemma3Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        found = windows(stated, stated.size("sliding_window", 4096, null=None), _usual(stated))
        settings = {"windows": found, "rotary": None, **capped(stated, CAPS), **attending(stated)}
        values = alike(stated, DEFAULTS, **settings)
        angles = {
            "rotary": rotary_of_layers(stated, values["d_k"], FULL, "rope_theta", BASE),
            "local": rotary_of_layers(stated, values["d_k"], SLIDING, "rope_local_base_freq", LOCAL_BASE),
        }
        return Gemma3Config(**values | angles)

    def rotary(self, i: int) -> Rotary:
        return self.config.rotary if self.config.windows[i] is None else self.config.local


def _usual(stated: Stated) -> list[bool]:
    """Which layers look at a window where that is not stated: of those that stand together, all but the last."""
    together = stated.size("sliding_window_pattern", 6)
    stated.ignore(N_("no effect here (written by transformers, and not read): {keys}"), "_sliding_window_pattern")
    return [(i + 1) % together != 0 for i in range(layers_of(stated, DEFAULTS))]
