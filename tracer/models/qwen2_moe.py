"""Qwen2-MoE (Yang et al. 2024, §2.2.2): Qwen2 with a mixture of experts, and one more that every token goes through."""

from __future__ import annotations

from typing import Any, ClassVar

from ..dataclass import dataclass
from ..ops.activation import BY_NAME, sigmoid
from ..ops.linear import add, linear, portion
from ..tape import Tape
from ..tensor import FEATURE, Axis, Tensor
from .layout import Layout
from .llama import Config, Defaults, add_gated, alike, gated, layers_of
from .mixture import Mixture, MixtureConfig, experts_of
from .stated import Stated
from .windows import Windows, used_window, windows

DEFAULTS: Defaults = {
    "vocab_size": 151936,
    "hidden_size": 2048,
    "intermediate_size": 5632,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "num_key_value_heads": 16,
    "max_position_embeddings": 1 << 15,
}
GATE = Axis("gate")


@dataclass(frozen=True, kw_only=True)
class SharedConfig(MixtureConfig):
    """``shared_ffn`` is how wide the shared expert is."""

    shared_ffn: int


class Qwen2Moe(Mixture):
    """Beside the experts chosen, every token goes through a shared one, by a share of its own."""

    model_type: ClassVar[str] = "qwen2_moe"
    config: SharedConfig

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        settings = {
            "windows": _windows(stated),
            "qkv_bias": stated.flag("qkv_bias", True),
            "shared_ffn": stated.size("shared_expert_intermediate_size", 5632),
            **mixed(stated, layers_of(stated, DEFAULTS), experts=60, chosen=4, width=1408),
        }
        return SharedConfig(**alike(stated, DEFAULTS, **settings))

    @classmethod
    def add_feed_forward(cls, layout: Layout, name: str, path: str, c: Config, i: int) -> None:
        super().add_feed_forward(layout, name, path, c, i)
        assert isinstance(c, SharedConfig)
        if c.sparse[i]:
            features = (FEATURE, c.d_model)
            add_gated(layout, f"{name}.shared_expert", f"{path}.shared", features, (FEATURE, c.shared_ffn))
            layout.add(f"{name}.shared_expert_gate.weight", f"{path}.shared.share.weight", (GATE, 1), features)

    def mixture(self, tape: Tape, i: int, x: Tensor, name: str = "output") -> Tensor:
        p = self.parameters.decoder[str(i)].ffn.shared
        with tape.scope("shared"):
            y = gated(tape, p, x, BY_NAME[self.config.activation])
            share = tape(sigmoid, "share", tape(linear, "logit", x, **p.share))
            y = tape(portion, "scaled", share, y)
        return tape(add, name, super().mixture(tape, i, x, "mixed"), y)


def mixed(
    stated: Stated, layers: int, *, key: str = "num_experts", experts: int, chosen: int, width: int
) -> dict[str, Any]:
    """What Qwen's mixtures state alike; what is given are the sizes where nothing is."""
    step, dense = stated.size("decoder_sparse_step", 1), stated.places("mlp_only_layers")
    return {
        **experts_of(stated, key, layers, experts=experts, chosen=chosen),
        "expert_ffn": stated.size("moe_intermediate_size", width),
        "normalised": stated.flag("norm_topk_prob", False),
        "sparse": tuple(i not in dense and (i + 1) % step == 0 for i in range(layers)),
    }


def _windows(stated: Stated) -> Windows:
    """A window in every other of the first layers, if it is in use."""
    window, below = used_window(stated), stated.count("max_window_layers", 28)
    layers = range(layers_of(stated, DEFAULTS))
    return windows(stated, window, (window is not None and i % 2 == 0 and i < below for i in layers))
