"""SmolLM3 (Bakouch et al. 2025): Llama's architecture, some of whose layers know no positions (Yang et al. 2025)."""

from __future__ import annotations

from typing import ClassVar

from ..dataclass import dataclass
from .llama import Config, Defaults, Llama, alike, biases, layers_of
from .scaling import Rotary
from .stated import Stated
from .windows import used_window, windows

DEFAULTS: Defaults = {
    "vocab_size": 128256,
    "hidden_size": 2048,
    "intermediate_size": 11008,
    "num_hidden_layers": 36,
    "num_attention_heads": 16,
    "num_key_value_heads": 4,
    "max_position_embeddings": 32768,
    "rope_theta": 2e6,
    "tie_word_embeddings": True,
}


@dataclass(frozen=True, kw_only=True)
class SmolLM3Config(Config):
    """``turns`` is whether each layer turns its queries and keys by their positions."""

    turns: tuple[bool, ...]


class SmolLM3(Llama):
    """Every fourth layer does not turn queries and keys, unless the file says which do; a window in use is theirs."""

    model_type: ClassVar[str] = "smollm3"
    config: SmolLM3Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        window, layers = used_window(stated, None), layers_of(stated, DEFAULTS)
        interval = stated.size("no_rope_layer_interval", 4)
        turns = stated.switches("no_rope_layers", layers, [int((i + 1) % interval != 0) for i in range(layers)])
        settings = {
            "turns": tuple(turns),
            "windows": windows(stated, window, (window is not None and not turned for turned in turns)),
            **biases(stated),
            "ffn_bias": stated.flag("mlp_bias", False),
        }
        return SmolLM3Config(**alike(stated, DEFAULTS, **settings))

    def rotary(self, i: int) -> Rotary | None:
        return self.config.rotary if self.config.turns[i] else None
