"""OPT (Zhang et al. 2022): GPT-3's architecture, pre-norm, learned positions; at 350 M, the norms come after.

There the embedding is narrower than the layers, and a projection leads in and out again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from ..dataclass import dataclass
from ..ops.activation import BY_NAME
from ..ops.embedding import embed
from ..ops.linear import add, linear
from ..ops.norm import layer_norm
from ..ops.position import positions
from ..tape import Tape
from ..tensor import FEATURE, Axis, Tensor
from .architecture import Facts
from .attention import self_attention
from .decoder_only import DecoderOnly
from .layout import Layout, Parameters
from .padding import counted
from .stated import Stated
from .text import Text

EMBEDDING = {"model.decoder.embed_tokens.weight": "decoder.embed.tokens.weight"}
OFFSET = 2
"""The table of positions begins with two rows of no position; padding has the second of them."""
EPS = 1e-5
"""No file states it."""


@dataclass(frozen=True)
class Config:
    """What `config.json` states; ``width`` is that of the embedding, ``norm`` where a norm comes: before or after."""

    vocab: int
    positions: int
    d_model: int
    width: int
    heads: int
    layers: int
    ffn: int
    activation: str
    norm: str
    final_norm: bool
    bias: bool
    tied_output: bool


class Opt(DecoderOnly):
    """A decoder-only Transformer of OPT's kind."""

    model_type: ClassVar[str] = "opt"
    config: Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        stated.refuse("layer_norm_elementwise_affine", True)
        d_model, heads = stated.size("hidden_size", 768), stated.size("num_attention_heads", 12)
        stated.divided("hidden_size", "num_attention_heads")
        norm = "pre" if stated.flag("do_layer_norm_before", True) else "post"
        is_removed = stated.flag("_remove_final_layer_norm", False)
        return Config(
            vocab=stated.size("vocab_size", 50272),
            positions=stated.size("max_position_embeddings", 2048),
            d_model=d_model,
            width=stated.size("word_embed_proj_dim", d_model),
            heads=heads,
            layers=stated.layers("num_hidden_layers", 12),
            ffn=stated.size("ffn_dim", 3072),
            activation=stated.one_of("activation_function", BY_NAME, "relu"),
            norm=norm,
            final_norm=norm == "pre" and not is_removed,
            bias=stated.flag("enable_bias", True),
            tied_output=stated.flag("tie_word_embeddings", True),
        )

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        features, width = (FEATURE, config.d_model), (FEATURE, config.width)
        layout = Layout(base="model.")
        layout.head(EMBEDDING, (target, config.vocab), width, tied=config.tied_output)
        places = (Axis("position"), config.positions + OFFSET)
        layout.add("model.decoder.embed_positions.weight", "decoder.embed.positions.weight", places, features)
        if config.width != config.d_model:
            layout.linear("model.decoder.project_in", "decoder.embed.projected", features, width, bias=False)
            layout.linear("model.decoder.project_out", "decoder.projected", width, features, bias=False)
        for i in range(config.layers):
            _add_layer(layout, f"model.decoder.layers.{i}", f"decoder.{i}", config)
        if config.final_norm:
            layout.norm("model.decoder.final_layer_norm", "decoder.norm", features)
        return layout

    @property
    def facts(self) -> Facts:
        c = self.config
        return Facts(c.vocab, c.vocab, c.positions, c.positions)

    def places(self, ids: Sequence[int], hidden: Sequence[int]) -> Sequence[int] | None:
        return counted(len(ids), hidden, -1) if hidden else None

    def embed(self, tape: Tape, text: Text) -> Tensor:
        p = self.parameters.decoder.embed
        with tape.scope("embed"):
            tokens = tape(embed, "tokens", ids=text.ids, labels=text.labels, weight=p.tokens.weight)
            position, weight = tokens.dims[0], p.positions.weight
            x = tape(linear, "projected", tokens, **p.projected) if "projected" in p else tokens
            places = tape(
                positions, "positions", position=position, positions=text.positions, weight=weight, offset=OFFSET
            )
            return tape(add, "output", x, places)

    def layer(self, tape: Tape, i: int, x: Tensor, text: Text, past: int) -> Tensor:
        p = self.parameters.decoder[str(i)]

        def attention(y: Tensor) -> Tensor:
            return self_attention(tape, p.self_attn, y, self.config.heads, text, past=past)

        def feed_forward(y: Tensor) -> Tensor:
            hidden = tape(linear, "hidden", y, **p.ffn.hidden)
            return tape(linear, "output", tape(BY_NAME[self.config.activation], "activated", hidden), **p.ffn.output)

        x = self._sublayer(tape, "self_attn", p.self_attn, x, attention)
        return self._sublayer(tape, "ffn", p.ffn, x, feed_forward)

    def _sublayer(self, tape: Tape, name: str, p: Parameters, x: Tensor, compute: Callable[[Tensor], Tensor]) -> Tensor:
        """x + Sublayer(LayerNorm(x)), or LayerNorm(x + Sublayer(x)): [position, feature] -> the same."""
        with tape.scope(name):
            if self.config.norm == "pre":
                return tape(add, "residual", x, compute(tape(layer_norm, "norm", x, **p.norm, eps=EPS)))
            return tape(layer_norm, "norm", tape(add, "residual", x, compute(x)), **p.norm, eps=EPS)

    def final_norm(self, tape: Tape, x: Tensor) -> Tensor:
        """The norm after the stack, where there is one, and the way back to the width of the embedding."""
        p = self.parameters.decoder
        if "norm" in p:
            x = tape(layer_norm, "norm", x, **p.norm, eps=EPS)
        return tape(linear, "projected", x, **p.projected) if "projected" in p else x


def _add_layer(layout: Layout, name: str, path: str, c: Config) -> None:
    features, hidden = (FEATURE, c.d_model), (FEATURE, c.ffn)
    attention = f"{name}.self_attn"
    for part, projection in (("q", "q_proj"), ("k", "k_proj"), ("v", "v_proj"), ("output", "out_proj")):
        layout.linear(f"{attention}.{projection}", f"{path}.self_attn.{part}", features, features, bias=c.bias)
    layout.norm(f"{name}.self_attn_layer_norm", f"{path}.self_attn.norm", features)
    layout.linear(f"{name}.fc1", f"{path}.ffn.hidden", hidden, features, bias=c.bias)
    layout.linear(f"{name}.fc2", f"{path}.ffn.output", features, hidden, bias=c.bias)
    layout.norm(f"{name}.final_layer_norm", f"{path}.ffn.norm", features)
