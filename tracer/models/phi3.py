"""Phi-3 (Abdin et al. 2024): Llama's architecture with fused projections; LongRoPE, and heads turned in part."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from ..ops.activation import BY_NAME
from ..ops.linear import columns, linear, multiply, share
from ..tape import Tape
from ..tensor import FEATURE, HEAD, KV_HEAD, Tensor
from .layout import Layout, Parameters
from .llama import Config, Defaults, Llama, alike, layers_of
from .rotary import OfPhi3, rotary
from .stated import Stated
from .windows import everywhere

DEFAULTS: Defaults = {
    "vocab_size": 32064,
    "hidden_size": 3072,
    "intermediate_size": 8192,
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-5,
}


class Phi3(Llama):
    """Queries, keys and values are parts of one product, and so are gate and up (the reference implementation)."""

    model_type: ClassVar[str] = "phi3"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        window, layers = stated.size("sliding_window", None), layers_of(stated, DEFAULTS)
        stated.number("original_max_position_embeddings", 4096)
        values = alike(stated, DEFAULTS, windows=everywhere(stated, window, layers=layers), rotary=None)
        return Config(**values | {"rotary": rotary(stated, values["d_k"], reading=OfPhi3)})

    @classmethod
    def add_attention(cls, layout: Layout, name: str, path: str, c: Config) -> None:
        features, queries = (FEATURE, c.d_model), (FEATURE, c.heads * c.d_k)
        fused = (FEATURE, (c.heads + 2 * c.kv_heads) * c.d_k)
        layout.linear(f"{name}.qkv_proj", f"{path}.qkv", fused, features, bias=False)
        layout.linear(f"{name}.o_proj", f"{path}.output", features, queries, bias=False)

    @classmethod
    def add_feed_forward(cls, layout: Layout, name: str, path: str, c: Config, i: int) -> None:
        features = (FEATURE, c.d_model)
        layout.linear(f"{name}.gate_up_proj", f"{path}.gate_up", (FEATURE, 2 * c.ffn), features, bias=False)
        layout.linear(f"{name}.down_proj", f"{path}.output", features, (FEATURE, c.ffn), bias=False)

    def heads(self, tape: Tape, p: Parameters, x: Tensor, new: str) -> tuple[Tensor, Tensor, Tensor]:
        c = self.config
        some = partial(tape, share, d_k=c.d_k)
        qkv = tape(linear, "qkv", x, **p.qkv)
        q = some("q", qkv, first=0, heads=c.heads, axes=(HEAD, "query"))
        k = some(f"k{new}", qkv, first=c.heads, heads=c.kv_heads, axes=(KV_HEAD, "key"))
        v = some(f"v{new}", qkv, first=c.heads + c.kv_heads, heads=c.kv_heads, axes=(KV_HEAD, "key"))
        return q, k, v

    def feed_forward(self, tape: Tape, i: int, x: Tensor) -> Tensor:
        p, c = self.parameters.decoder[str(i)].ffn, self.config
        fused = tape(linear, "gate_up", x, **p.gate_up)
        gate = tape(columns, "gate", fused, first=0, count=c.ffn)
        up = tape(columns, "up", fused, first=c.ffn, count=c.ffn)
        hidden = tape(multiply, "hidden", tape(BY_NAME[c.activation], "activated", gate), up)
        return tape(linear, "output", hidden, **p.output)
