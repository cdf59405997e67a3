"""Llama (Touvron et al. 2023): pre-norm with RMS norm, rotary positions, grouped-query attention, SwiGLU."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..i18n import _
from ..ops.activation import BY_NAME
from ..ops.embedding import embed
from ..ops.linear import add, linear, multiply, project
from ..ops.norm import rms_norm
from ..ops.position import Frequencies, rotate
from ..tape import Tape
from ..tensor import D_K, FEATURE, HEAD, KV_HEAD, Axis, Parameter, Tensor
from .architecture import Facts
from .attention import attend, new_rows, remembered
from .decoder_only import DecoderOnly
from .layout import Layout, Parameters
from .stated import Stated
from .text import Text


@dataclass(frozen=True)
class Config:
    """What `config.json` states. ``frequencies`` are those of the rotary pairs.

    ``window`` is how many keys a query sees at most, itself included; ``head_norms``, whether q and k are normalised.
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
    frequencies: Frequencies
    tied_output: bool
    qkv_bias: bool = False
    output_bias: bool = False
    ffn_bias: bool = False
    head_norms: bool = False
    window: int | None = None


class Llama(DecoderOnly):
    """A decoder-only Transformer of Llama's kind; its relatives state their differences in `configure`."""

    model_type: ClassVar[str] = "llama"
    config: Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        bias = stated.flag("attention_bias", False)
        return configured(stated, qkv_bias=bias, output_bias=bias, ffn_bias=stated.flag("mlp_bias", False))

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        features, vocabulary = (FEATURE, config.d_model), (target, config.vocab)
        layout = Layout(base="model.")
        layout.ignore(r".*\.rotary_emb\.inv_freq", "the rotary frequencies, which are computed")
        layout.add("model.embed_tokens.weight", "decoder.embed.weight", vocabulary, features)
        for i in range(config.layers):
            _add_layer(layout, f"model.layers.{i}", f"decoder.layers.{i}", config)
        layout.norm("model.norm", "decoder.norm", features, bias=False)
        layout.head(vocabulary, features, tied=config.tied_output)
        return layout

    @property
    def facts(self) -> Facts:
        c = self.config
        return Facts(c.vocab, c.vocab, c.positions, c.positions)

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

    def layer(self, tape: Tape, p: Parameters, x: Tensor, text: Text, past: int) -> Tensor:
        eps = self.config.norm_eps
        with tape.scope("self_attn"):
            y = tape(rms_norm, "norm", x, **p.self_attn.norm, eps=eps)
            x = tape(add, "residual", x, self._attention(tape, p.self_attn, y, text, past))
        with tape.scope("ffn"):
            y = tape(rms_norm, "norm", x, **p.ffn.norm, eps=eps)
            return tape(add, "residual", x, self._feed_forward(tape, p.ffn, y))

    def _attention(self, tape: Tape, p: Parameters, x: Tensor, text: Text, past: int) -> Tensor:
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
        q = tape(rotate, "q_rotated", q, positions=positions, frequencies=c.frequencies)
        k = tape(rotate, "k_rotated", k, positions=positions, frequencies=c.frequencies)
        if new:
            k, v = remembered(tape, k, v, text)
        return attend(tape, p, q, k, v, padding=text.hidden, past=past, window=c.window)

    def _feed_forward(self, tape: Tape, p: Parameters, x: Tensor) -> Tensor:
        """(silu(x W_gateᵀ) ⊙ x W_upᵀ) W_downᵀ (Shazeer 2020): [position, feature] -> the same."""
        gate = tape(BY_NAME[self.config.activation], "activated", tape(linear, "gate", x, **p.gate))
        hidden = tape(multiply, "hidden", gate, tape(linear, "up", x, **p.up))
        return tape(linear, "output", hidden, **p.output)

    def final_norm(self, tape: Tape, x: Tensor) -> Tensor:
        return tape(rms_norm, "norm", x, **self.parameters.decoder.norm, eps=self.config.norm_eps)

    @property
    def output_projection(self) -> Mapping[str, Parameter]:
        tied: Mapping[str, Parameter] = self.parameters.decoder.embed
        return tied if self.config.tied_output else self.parameters.logits


def configured(
    stated: Stated,
    *,
    qkv_bias: bool = False,
    output_bias: bool = False,
    ffn_bias: bool = False,
    head_norms: bool = False,
    window: int | None = None,
) -> Config:
    """What Llama and its relatives state alike, and the differences given."""
    heads, d_model = stated.size("num_attention_heads"), stated.size("hidden_size")
    kv_heads = stated.size("num_key_value_heads", heads)
    d_k = stated.size("head_dim", max(1, d_model // heads))
    divisor = _("a divisor of num_attention_heads = {heads}").format(heads=heads)
    stated.insist(heads % kv_heads == 0, "num_key_value_heads", divisor)
    stated.insist(d_k % 2 == 0, "head_dim", _("an even number"))
    return Config(
        vocab=stated.size("vocab_size"),
        positions=stated.size("max_position_embeddings", 2048),
        d_model=d_model,
        heads=heads,
        kv_heads=kv_heads,
        d_k=d_k,
        layers=stated.layers("num_hidden_layers"),
        ffn=stated.size("intermediate_size"),
        activation=stated.one_of("hidden_act", BY_NAME, "silu"),
        norm_eps=stated.number("rms_norm_eps", 1e-6),
        frequencies=rotary_frequencies(stated, d_k),
        tied_output=stated.flag("tie_word_embeddings", False),
        qkv_bias=qkv_bias,
        output_bias=output_bias,
        ffn_bias=ffn_bias,
        head_norms=head_norms,
        window=window,
    )


def rotary_frequencies(stated: Stated, d_k: int) -> Frequencies:
    """θᵢ = base^(−2i/d_k) (Su et al. 2021, §3.4.2), scaled as `rope_scaling` asks: linear, or Llama 3's way."""
    scaling = stated.within("rope_scaling", "rope_parameters")
    base = scaling.number("rope_theta", stated.number("rope_theta", 10000.0))
    frequencies = tuple(base ** (-2 * i / d_k) for i in range(d_k // 2))
    scaling.refuse("partial_rotary_factor", 1)
    kind = scaling.get("rope_type", scaling.get("type", "default"))
    if kind == "default":
        return Frequencies(frequencies, base)
    if kind == "linear":
        return Frequencies(tuple(f / scaling.number("factor") for f in frequencies), base, kind)
    scaling.insist(kind == "llama3", "rope_type", _("default, linear or llama3"))
    return Frequencies(tuple(_llama3(f, scaling) for f in frequencies), base, kind)


def _llama3(frequency: float, scaling: Stated) -> float:
    """Slow waves are slowed further, fast ones kept, those between blended (Grattafiori et al. 2024, §3.4.1)."""
    factor, trained = scaling.number("factor"), scaling.number("original_max_position_embeddings")
    low, high = scaling.number("low_freq_factor"), scaling.number("high_freq_factor")
    turns = trained * frequency / (2 * math.pi)
    kept = min(1.0, max(0.0, (turns - low) / (high - low)))
    return (1 - kept) * frequency / factor + kept * frequency


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
