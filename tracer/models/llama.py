"""Llama (Touvron et al. 2023): pre-norm with RMS norm, rotary positions, grouped-query attention, SwiGLU."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from ..dataclass import dataclass
from ..i18n import N_, _
from ..operation import Operation
from ..ops.activation import BY_NAME
from ..ops.attention import scores
from ..ops.linear import add, linear, multiply, project
from ..ops.norm import rms_norm
from ..ops.position import rotate
from ..tape import Tape
from ..tensor import FEATURE, HEAD, KV_HEAD, Axis, Tensor
from .architecture import MOST, Facts
from .attention import looked_up, new_rows, remembered
from .decoder_only import DecoderOnly
from .layout import Extent, Layout, Parameters
from .rotary import rotary
from .scaling import Rotary
from .sizes import sized
from .stated import Stated
from .text import Text
from .windows import Windows, no_windows

EMBEDDING = {"model.embed_tokens.weight": "decoder.embed.weight"}


@dataclass(frozen=True)
class Config:
    """What `config.json` states. ``rotary`` has the angles of the pairs; ``windows``, what each layer sees."""

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


WIDEST = 1 << 14
"""No head is wider: each pair of its features has an angle, and what makes it up is kept."""

Defaults = Mapping[str, Any]

DEFAULTS: Defaults = {"vocab_size": 32000, "intermediate_size": 11008, "max_position_embeddings": 2048}
"""What a family takes where nothing is stated; whatever is not here, Llama's relatives have in common."""


class Llama(DecoderOnly):
    """A decoder-only Transformer of Llama's kind.

    A relative says what it states otherwise in `configure`, and has the method of a part that it computes otherwise.
    """

    model_type: ClassVar[str] = "llama"
    normalise: ClassVar[Operation] = rms_norm
    """The norm, wherever there is one."""
    norms: ClassVar[Mapping[str, str]] = {
        "input_layernorm": "self_attn.norm",
        "post_attention_layernorm": "ffn.norm",
    }
    """The norms of a layer: their names in the file, and where they stand."""
    config: Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        windows = no_windows(stated, layers=layers_of(stated, DEFAULTS))
        ffn_bias = stated.flag("mlp_bias", False)
        config = configured(stated, DEFAULTS, windows=windows, **biases(stated), ffn_bias=ffn_bias)
        stated.divided("hidden_size", "num_attention_heads")
        return config

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        features, vocabulary = (FEATURE, config.d_model), (target, config.vocab)
        layout = Layout(base="model.")
        layout.ignore(r".*\.rotary_emb\.inv_freq", N_("the rotary frequencies, which are computed"))
        layout.head(EMBEDDING, vocabulary, features, tied=config.tied_output)
        for i in range(config.layers):
            cls._add_norms(layout, i, "self_attn", features)
            cls.add_attention(layout, f"model.layers.{i}.self_attn", f"decoder.{i}.self_attn", config)
            cls._add_norms(layout, i, "ffn", features)
            cls.add_feed_forward(layout, f"model.layers.{i}.mlp", f"decoder.{i}.ffn", config, i)
        layout.norm("model.norm", "decoder.norm", features, bias=False)
        return layout

    @classmethod
    def _add_norms(cls, layout: Layout, i: int, sublayer: str, features: Extent) -> None:
        for name, path in cls.norms.items():
            if path.startswith(sublayer):
                layout.norm(f"model.layers.{i}.{name}", f"decoder.{i}.{path}", features, bias=False)

    @classmethod
    def add_attention(cls, layout: Layout, name: str, path: str, c: Config) -> None:
        """The maps to queries, keys and values, and the one back."""
        features, queries, keys = (FEATURE, c.d_model), (FEATURE, c.heads * c.d_k), (FEATURE, c.kv_heads * c.d_k)
        for part, out in (("q", queries), ("k", keys), ("v", keys)):
            layout.linear(f"{name}.{part}_proj", f"{path}.{part}", out, features, bias=c.qkv_bias)
        layout.linear(f"{name}.o_proj", f"{path}.output", features, queries, bias=c.output_bias)

    @classmethod
    def add_feed_forward(cls, layout: Layout, name: str, path: str, c: Config, i: int) -> None:
        """The maps of the feed-forward of layer ``i``."""
        add_gated(layout, name, path, (FEATURE, c.d_model), (FEATURE, c.ffn), bias=c.ffn_bias)

    @property
    def facts(self) -> Facts:
        c = self.config
        longest = max(MOST, c.positions)
        return Facts(c.vocab, c.vocab, longest, longest, made_for=c.positions)

    def describe(self) -> str:
        c = self.config
        if c.heads == c.kv_heads:
            return super().describe()
        told = _("decoder-only, {layers} × {heads} on {kv_heads} of keys, d_model {d_model}")
        return sized(told, [c.layers], c.heads, kv_heads=c.kv_heads, d_model=c.d_model)

    def layer(self, tape: Tape, i: int, x: Tensor, text: Text, past: int) -> Tensor:
        p = self.parameters.decoder[str(i)]
        with tape.scope("self_attn"):
            x = self.sublayer(tape, p.self_attn, x, lambda y: self.attention(tape, i, y, text, past))
        with tape.scope("ffn"):
            return self.sublayer(tape, p.ffn, x, lambda y: self.feed_forward(tape, i, y))

    def sublayer(self, tape: Tape, p: Parameters, x: Tensor, inner: Callable[[Tensor], Tensor]) -> Tensor:
        """x + norm(inner(norm(x))), with the norms that are there: [position, feature] -> the same."""
        return tape(add, "residual", x, self.leaving(tape, p, inner(self.entering(tape, p, x))))

    def entering(self, tape: Tape, p: Parameters, x: Tensor) -> Tensor:
        """What a sublayer takes in: x, normalised where there is a norm before."""
        return self.norm(tape, "norm", x, p.norm) if "norm" in p else x

    def leaving(self, tape: Tape, p: Parameters, y: Tensor) -> Tensor:
        """What is added of what a sublayer yields: y, normalised where there is a norm after."""
        return self.norm(tape, "norm_post", y, p.norm_post) if "norm_post" in p else y

    def norm(self, tape: Tape, name: str, x: Tensor, p: Parameters) -> Tensor:
        """x, normalised along its last axis."""
        return tape(self.normalise, name, x, **p, eps=self.config.norm_eps)

    def attention(self, tape: Tape, i: int, x: Tensor, text: Text, past: int) -> Tensor:
        """[query, feature] -> the same; q and k are turned by their positions, and the cache keeps turned keys."""
        p, new = self.parameters.decoder[str(i)].self_attn, new_rows(tape)
        q, k, v = self.heads(tape, p, x, new)
        q, k = self.turned(tape, i, q, k, text.positions[past:])
        if new:
            k, v = remembered(tape, k, v, text)
        window = self.config.windows[i]
        return looked_up(tape, p, self.compared(tape, q, k), v, padding=text.hidden, past=past, window=window)

    def heads(self, tape: Tape, p: Parameters, x: Tensor, new: str) -> tuple[Tensor, Tensor, Tensor]:
        """[position, feature] -> q [head, query, d_k], k and v [kv_head, key, d_k]; ``new`` as in `new_rows`."""
        c = self.config
        q = tape(project, "q", x, **p.q, heads=c.heads, axes=(HEAD, "query"))
        k = tape(project, f"k{new}", x, **p.k, heads=c.kv_heads, axes=(KV_HEAD, "key"))
        v = tape(project, f"v{new}", x, **p.v, heads=c.kv_heads, axes=(KV_HEAD, "key"))
        return q, k, v

    def rotary(self, i: int) -> Rotary | None:
        """By what layer ``i`` turns queries and keys, if it does."""
        return self.config.rotary

    def turned(self, tape: Tape, i: int, q: Tensor, k: Tensor, positions: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Queries and keys, turned by their positions."""
        rotary = self.rotary(i)
        if rotary is None:
            return q, k
        how = {"positions": positions, "frequencies": rotary.at(positions)}
        return tape(rotate, "q_rotated", q, **how), tape(rotate, "k_rotated", k, **how)

    def compared(self, tape: Tape, q: Tensor, k: Tensor) -> Tensor:
        """[head, query, d_k], [kv_head, key, d_k] -> the scores [head, query, key]."""
        return tape(scores, "scores", q, k)

    def feed_forward(self, tape: Tape, i: int, x: Tensor) -> Tensor:
        """[position, feature] -> the same."""
        return gated(tape, self.parameters.decoder[str(i)].ffn, x, BY_NAME[self.config.activation])

    def final_norm(self, tape: Tape, x: Tensor) -> Tensor:
        return self.norm(tape, "norm", x, self.parameters.decoder.norm)


def gated(tape: Tape, p: Parameters, x: Tensor, activation: Operation) -> Tensor:
    """(silu(x W_gateᵀ) ⊙ x W_upᵀ) W_downᵀ (Shazeer 2020): [position, feature] -> the same."""
    gate = tape(activation, "activated", tape(linear, "gate", x, **p.gate))
    hidden = tape(multiply, "hidden", gate, tape(linear, "up", x, **p.up))
    return tape(linear, "output", hidden, **p.output)


def add_gated(layout: Layout, name: str, path: str, features: Extent, hidden: Extent, *, bias: bool = False) -> None:
    """The three maps of that."""
    layout.linear(f"{name}.gate_proj", f"{path}.gate", hidden, features, bias=bias)
    layout.linear(f"{name}.up_proj", f"{path}.up", hidden, features, bias=bias)
    layout.linear(f"{name}.down_proj", f"{path}.output", features, hidden, bias=bias)


def configured(stated: Stated, defaults: Defaults, **differences: Any) -> Config:
    """What Llama and its relatives state alike, and the differences given; ``defaults`` are for what is left out."""
    return Config(**alike(stated, defaults, **differences))


def alike(stated: Stated, defaults: Defaults, **differences: Any) -> dict[str, Any]:
    """The same by the names of the settings, for a configuration that has further ones."""
    heads = stated.size("num_attention_heads", defaults.get("num_attention_heads", 32))
    d_model = stated.size("hidden_size", defaults.get("hidden_size", 4096))
    sizes = {
        "vocab": stated.size("vocab_size", defaults["vocab_size"]),
        "positions": stated.size("max_position_embeddings", defaults["max_position_embeddings"]),
        "d_model": d_model,
        **_heads(stated, defaults, heads, d_model),
        "layers": layers_of(stated, defaults),
        "ffn": stated.size("intermediate_size", defaults["intermediate_size"]),
    }
    usual: Mapping[str, Callable[[], Any]] = {
        "activation": lambda: stated.one_of("hidden_act", BY_NAME, defaults.get("hidden_act", "silu")),
        "norm_eps": lambda: stated.number("rms_norm_eps", defaults.get("rms_norm_eps", 1e-6)),
        "rotary": lambda: rotary(stated, sizes["d_k"], base=defaults.get("rope_theta", 1e4)),
        "tied_output": lambda: stated.flag("tie_word_embeddings", defaults.get("tie_word_embeddings", False)),
    }
    return {**sizes, **{name: ask() for name, ask in usual.items() if name not in differences}, **differences}


def layers_of(stated: Stated, defaults: Defaults) -> int:
    """How many layers there are."""
    return stated.layers("num_hidden_layers", defaults.get("num_hidden_layers", 32))


def biases(stated: Stated) -> dict[str, bool]:
    """Whether the maps of attention have biases, as `Config` has it: none by default."""
    bias = stated.flag("attention_bias", False)
    return {"qkv_bias": bias, "output_bias": bias}


def _heads(stated: Stated, defaults: Defaults, heads: int, d_model: int) -> dict[str, int]:
    """How many heads there are, of queries and of keys, and how wide they are."""
    kv_heads = stated.size("num_key_value_heads", defaults.get("num_key_value_heads", heads), null=heads)
    d_k = stated.size("head_dim", defaults.get("head_dim", max(1, d_model // heads)))
    divisor = _("a divisor of num_attention_heads = {heads}").format(heads=stated.told("num_attention_heads"))
    stated.insist(heads % kv_heads == 0, "num_key_value_heads", divisor)
    stated.insist(d_k % 2 == 0, "head_dim", _("an even number"))
    stated.insist(d_k <= WIDEST, "head_dim", _("at most {n}").format(n=WIDEST))
    return {"heads": heads, "kv_heads": kv_heads, "d_k": d_k}
