"""Llama (Touvron et al. 2023): pre-norm with RMS norm, rotary positions, grouped-query attention, SwiGLU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..i18n import N_, _
from ..ops.activation import BY_NAME
from ..ops.embedding import embed
from ..ops.linear import add, linear, multiply, project
from ..ops.norm import rms_norm
from ..ops.position import rotate
from ..tape import Tape
from ..tensor import D_K, FEATURE, HEAD, KV_HEAD, Axis, Tensor
from .architecture import MOST, Facts
from .attention import attend, new_rows, remembered
from .decoder_only import DecoderOnly
from .layout import Layout, Parameters
from .rotary import Rotary, rotary
from .stated import Stated
from .text import Text
from .windows import Windows, no_windows

EMBEDDING = {"model.embed_tokens.weight": "decoder.embed.weight"}


@dataclass(frozen=True)
class Config:
    """What `config.json` states. ``rotary`` has the angles of the pairs; ``windows``, what each layer sees.

    ``head_norms`` is whether q and k are normalised.
    """

    vocab: int
    positions: int
    d_model: int
    heads: int
    kv_heads: int
    d_k: int
    layers: int
    ffn: int
    activation: str
    norm_eps: float
    rotary: Rotary
    windows: Windows
    tied_output: bool
    qkv_bias: bool = False
    output_bias: bool = False
    ffn_bias: bool = False
    head_norms: bool = False


WIDEST = 1 << 14
"""No head is wider: each pair of its features has an angle, and what makes it up is kept."""

DEFAULTS: Mapping[str, int] = {"vocab_size": 32000, "intermediate_size": 11008, "max_position_embeddings": 2048}
"""What a family takes where nothing is stated; whatever is not here, Llama's relatives have in common."""


class Llama(DecoderOnly):
    """A decoder-only Transformer of Llama's kind; its relatives state their differences in `configure`."""

    model_type: ClassVar[str] = "llama"
    config: Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        bias, layers = stated.flag("attention_bias", False), stated.layers("num_hidden_layers", 32)
        config = configured(
            stated,
            DEFAULTS,
            windows=no_windows(stated, layers=layers),
            qkv_bias=bias,
            output_bias=bias,
            ffn_bias=stated.flag("mlp_bias", False),
        )
        stated.divided("hidden_size", "num_attention_heads")
        return config

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        features, vocabulary = (FEATURE, config.d_model), (target, config.vocab)
        layout = Layout(base="model.")
        layout.ignore(r".*\.rotary_emb\.inv_freq", N_("the rotary frequencies, which are computed"))
        layout.head(EMBEDDING, vocabulary, features, tied=config.tied_output)
        for i in range(config.layers):
            _add_layer(layout, f"model.layers.{i}", f"decoder.{i}", config)
        layout.norm("model.norm", "decoder.norm", features, bias=False)
        return layout

    @property
    def facts(self) -> Facts:
        c = self.config
        longest = max(MOST, c.positions)
        return Facts(c.vocab, c.vocab, longest, longest, made_for=c.positions)

    def describe(self) -> str:
        c = self.config
        told = (
            _("decoder-only, {layers} layers × {heads} heads, d_model {d_model}")
            if c.heads == c.kv_heads
            else _("decoder-only, {layers} layers × {heads} heads on {kv_heads} of keys, d_model {d_model}")
        )
        return told.format(layers=c.layers, heads=c.heads, kv_heads=c.kv_heads, d_model=c.d_model)

    def embed(self, tape: Tape, text: Text) -> Tensor:
        weight = self.parameters.decoder.embed.weight
        with tape.scope("embed"):
            tokens = tape(embed, "tokens", ids=text.ids, labels=text.labels, weight=weight)
            return tape.alias("output", tokens)

    def layer(self, tape: Tape, i: int, x: Tensor, text: Text, past: int) -> Tensor:
        p, eps, window = self.parameters.decoder[str(i)], self.config.norm_eps, self.config.windows[i]
        with tape.scope("self_attn"):
            y = tape(rms_norm, "norm", x, **p.self_attn.norm, eps=eps)
            x = tape(add, "residual", x, self._attention(tape, p.self_attn, y, text, past, window))
        with tape.scope("ffn"):
            y = tape(rms_norm, "norm", x, **p.ffn.norm, eps=eps)
            return tape(add, "residual", x, self._feed_forward(tape, p.ffn, y))

    def _attention(
        self,
        tape: Tape,
        p: Parameters,
        x: Tensor,
        text: Text,
        past: int,
        window: int | None,
    ) -> Tensor:
        """[query, feature] -> the same; q and k are turned by their positions, and the cache keeps turned keys."""
        c = self.config
        new = new_rows(tape)
        q = tape(project, "q", x, **p.q, heads=c.heads, axes=(HEAD, "query"))
        k = tape(project, f"k{new}", x, **p.k, heads=c.kv_heads, axes=(KV_HEAD, "key"))
        v = tape(project, f"v{new}", x, **p.v, heads=c.kv_heads, axes=(KV_HEAD, "key"))
        if c.head_norms:
            q = tape(rms_norm, "q_norm", q, **p.q_norm, eps=c.norm_eps)
            k = tape(rms_norm, "k_norm", k, **p.k_norm, eps=c.norm_eps)
        positions = text.positions[past:]
        frequencies = c.rotary.at(positions)
        q = tape(rotate, "q_rotated", q, positions=positions, frequencies=frequencies)
        k = tape(rotate, "k_rotated", k, positions=positions, frequencies=frequencies)
        if new:
            k, v = remembered(tape, k, v, text)
        return attend(tape, p, q, k, v, padding=text.hidden, past=past, window=window)

    def _feed_forward(self, tape: Tape, p: Parameters, x: Tensor) -> Tensor:
        """(silu(x W_gateᵀ) ⊙ x W_upᵀ) W_downᵀ (Shazeer 2020): [position, feature] -> the same."""
        gate = tape(BY_NAME[self.config.activation], "activated", tape(linear, "gate", x, **p.gate))
        hidden = tape(multiply, "hidden", gate, tape(linear, "up", x, **p.up))
        return tape(linear, "output", hidden, **p.output)

    def final_norm(self, tape: Tape, x: Tensor) -> Tensor:
        return tape(rms_norm, "norm", x, **self.parameters.decoder.norm, eps=self.config.norm_eps)


def configured(stated: Stated, defaults: Mapping[str, int], **differences: Any) -> Config:
    """What Llama and its relatives state alike, and the differences given; ``defaults`` are for what is left out."""
    heads, d_model = stated.size("num_attention_heads", 32), stated.size("hidden_size", 4096)
    kv_heads = stated.size("num_key_value_heads", defaults.get("num_key_value_heads", heads), null=heads)
    d_k = stated.size("head_dim", defaults.get("head_dim", max(1, d_model // heads)))
    divisor = _("a divisor of num_attention_heads = {heads}").format(heads=stated.told("num_attention_heads"))
    stated.insist(heads % kv_heads == 0, "num_key_value_heads", divisor)
    stated.insist(d_k % 2 == 0, "head_dim", _("an even number"))
    stated.insist(d_k <= WIDEST, "head_dim", _("at most {n}").format(n=WIDEST))
    return Config(
        vocab=stated.size("vocab_size", defaults["vocab_size"]),
        positions=stated.size("max_position_embeddings", defaults["max_position_embeddings"]),
        d_model=d_model,
        heads=heads,
        kv_heads=kv_heads,
        d_k=d_k,
        layers=stated.layers("num_hidden_layers", 32),
        ffn=stated.size("intermediate_size", defaults["intermediate_size"]),
        activation=stated.one_of("hidden_act", BY_NAME, "silu"),
        norm_eps=stated.number("rms_norm_eps", 1e-6),
        rotary=rotary(stated, d_k),
        tied_output=stated.flag("tie_word_embeddings", False),
        **differences,
    )


def _add_layer(layout: Layout, name: str, path: str, c: Config) -> None:
    features, hidden = (FEATURE, c.d_model), (FEATURE, c.ffn)
    queries, keys = (FEATURE, c.heads * c.d_k), (FEATURE, c.kv_heads * c.d_k)
    attention, ffn = f"{name}.self_attn", f"{name}.mlp"
    layout.norm(f"{name}.input_layernorm", f"{path}.self_attn.norm", features, bias=False)
    for part, out in (("q", queries), ("k", keys), ("v", keys)):
        layout.linear(f"{attention}.{part}_proj", f"{path}.self_attn.{part}", out, features, bias=c.qkv_bias)
    layout.linear(f"{attention}.o_proj", f"{path}.self_attn.output", features, queries, bias=c.output_bias)
    if c.head_norms:
        layout.norm(f"{attention}.q_norm", f"{path}.self_attn.q_norm", (D_K, c.d_k), bias=False)
        layout.norm(f"{attention}.k_norm", f"{path}.self_attn.k_norm", (D_K, c.d_k), bias=False)
    layout.norm(f"{name}.post_attention_layernorm", f"{path}.ffn.norm", features, bias=False)
    layout.linear(f"{ffn}.gate_proj", f"{path}.ffn.gate", hidden, features, bias=c.ffn_bias)
    layout.linear(f"{ffn}.up_proj", f"{path}.ffn.up", hidden, features, bias=c.ffn_bias)
    layout.linear(f"{ffn}.down_proj", f"{path}.ffn.output", features, hidden, bias=c.ffn_bias)
