"""GPT-2 (Radford et al. 2019): pre-norm, learned positions, one fused projection for q, k and v, tanh GELU.

Linear maps are stored [in, out], as x W + b.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..dataclass import dataclass
from ..i18n import N_
from ..ops.activation import BY_NAME
from ..ops.attention import layer_scores, products, scores
from ..ops.embedding import embed
from ..ops.linear import add, linear, part
from ..ops.norm import layer_norm
from ..ops.position import positions
from ..tape import Tape
from ..tensor import FEATURE, HEAD, Axis, Tensor
from .architecture import Facts
from .attention import attend, new_rows, remembered
from .decoder_only import DecoderOnly
from .layout import Layout
from .stated import Stated
from .text import Text

EMBEDDING = {"transformer.wte.weight": "decoder.embed.tokens.weight"}


@dataclass(frozen=True)
class Config:
    """What `config.json` states, under the names of the paper.

    Scores are divided by √d_k if ``rooted``, and, if ``by_layer``, by the number of the layer.
    """

    vocab: int
    positions: int
    d_model: int
    heads: int
    layers: int
    ffn: int
    activation: str
    norm_eps: float
    rooted: bool
    by_layer: bool
    tied_output: bool


class Gpt2(DecoderOnly):
    """A decoder-only Transformer of GPT-2's kind."""

    model_type: ClassVar[str] = "gpt2"
    config: Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        stated.also(
            n_embd="hidden_size",
            n_positions="max_position_embeddings",
            n_head="num_attention_heads",
            n_layer="num_hidden_layers",
        )
        stated.refuse("add_cross_attention", False)
        d_model, heads = stated.size("n_embd", 768), stated.size("n_head", 12)
        stated.divided("n_embd", "n_head")
        return Config(
            vocab=stated.size("vocab_size", 50257),
            positions=stated.size("n_positions", 1024),
            d_model=d_model,
            heads=heads,
            layers=stated.layers("n_layer", 12),
            ffn=stated.size("n_inner", 4 * d_model),
            activation=stated.one_of("activation_function", BY_NAME, "gelu_new"),
            norm_eps=stated.number("layer_norm_epsilon", 1e-5),
            rooted=stated.flag("scale_attn_weights", True),
            by_layer=stated.flag("scale_attn_by_inverse_layer_idx", False),
            tied_output=stated.flag("tie_word_embeddings", True),
        )

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        features, vocabulary = (FEATURE, config.d_model), (target, config.vocab)
        layout = Layout(base="transformer.")
        layout.ignore(r"transformer\.h\.\d+\.attn\.(masked_)?bias", N_("the causal mask, which is computed"))
        layout.head(EMBEDDING, vocabulary, features, tied=config.tied_output)
        layout.add(
            "transformer.wpe.weight", "decoder.embed.positions.weight", (Axis("position"), config.positions), features
        )
        for i in range(config.layers):
            _add_layer(layout, f"transformer.h.{i}", f"decoder.{i}", config)
        layout.norm("transformer.ln_f", "decoder.norm", features)
        return layout

    @property
    def facts(self) -> Facts:
        c = self.config
        return Facts(c.vocab, c.vocab, c.positions, c.positions)

    def embed(self, tape: Tape, text: Text) -> Tensor:
        p = self.parameters.decoder.embed
        with tape.scope("embed"):
            tokens = tape(embed, "tokens", ids=text.ids, labels=text.labels, weight=p.tokens.weight)
            position, weight = tokens.dims[0], p.positions.weight
            places = tape(positions, "positions", position=position, positions=text.positions, weight=weight)
            return tape(add, "output", tokens, places)

    def layer(self, tape: Tape, i: int, x: Tensor, text: Text, past: int) -> Tensor:
        p, eps = self.parameters.decoder[str(i)], self.config.norm_eps
        with tape.scope("self_attn"):
            y = tape(layer_norm, "norm", x, **p.self_attn.norm, eps=eps)
            x = tape(add, "residual", x, self._attention(tape, i, y, text, past))
        with tape.scope("ffn"):
            y = tape(linear, "hidden", tape(layer_norm, "norm", x, **p.ffn.norm, eps=eps), **p.ffn.hidden)
            y = tape(BY_NAME[self.config.activation], "activated", y)
            return tape(add, "residual", x, tape(linear, "output", y, **p.ffn.output))

    def _attention(self, tape: Tape, i: int, x: Tensor, text: Text, past: int) -> Tensor:
        """[query, feature] -> the same; q, k and v are parts of one product."""
        p = self.parameters.decoder[str(i)].self_attn
        qkv = tape(linear, "qkv", x, **p.qkv)
        heads, new = self.config.heads, new_rows(tape)
        q = tape(part, "q", qkv, part=0, parts=3, heads=heads, axes=(HEAD, "query"))
        k = tape(part, f"k{new}", qkv, part=1, parts=3, heads=heads, axes=(HEAD, "key"))
        v = tape(part, f"v{new}", qkv, part=2, parts=3, heads=heads, axes=(HEAD, "key"))
        if new:
            k, v = remembered(tape, k, v, text)
        return attend(tape, p, q, k, v, padding=text.hidden, past=past, **self._comparing(i))

    def _comparing(self, i: int) -> dict[str, Any]:
        """How layer ``i`` compares queries and keys: by q kᵀ / √d_k, unless the file states otherwise."""
        if self.config.by_layer:
            return {"compare": layer_scores, "layer": i + 1, "rooted": self.config.rooted}
        return {"compare": scores if self.config.rooted else products}

    def final_norm(self, tape: Tape, x: Tensor) -> Tensor:
        return tape(layer_norm, "norm", x, **self.parameters.decoder.norm, eps=self.config.norm_eps)


def _add_layer(layout: Layout, name: str, path: str, c: Config) -> None:
    features, hidden, fused = (FEATURE, c.d_model), (FEATURE, c.ffn), (FEATURE, 3 * c.d_model)
    layout.norm(f"{name}.ln_1", f"{path}.self_attn.norm", features)
    layout.linear(f"{name}.attn.c_attn", f"{path}.self_attn.qkv", fused, features, transposed=True)
    layout.linear(f"{name}.attn.c_proj", f"{path}.self_attn.output", features, features, transposed=True)
    layout.norm(f"{name}.ln_2", f"{path}.ffn.norm", features)
    layout.linear(f"{name}.mlp.c_fc", f"{path}.ffn.hidden", hidden, features, transposed=True)
    layout.linear(f"{name}.mlp.c_proj", f"{path}.ffn.output", features, hidden, transposed=True)
