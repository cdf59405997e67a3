"""GPT-NeoX (Black et al. 2022), as Pythia has it: attention and feed-forward side by side, rotary positions in part.

Queries, keys and values of a head lie side by side in one product.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..dataclass import dataclass
from ..i18n import N_, _
from ..ops.activation import BY_NAME
from ..ops.linear import add, linear, part_of_heads
from ..ops.norm import layer_norm
from ..ops.position import rotate
from ..tape import Tape
from ..tensor import FEATURE, HEAD, Axis, Tensor
from .architecture import MOST, Facts
from .attention import attend, new_rows, remembered
from .decoder_only import DecoderOnly
from .layout import Layout, Parameters
from .llama import WIDEST
from .rotary import OfGptNeox, rotary
from .scaling import Rotary
from .stated import Stated
from .text import Text

EMBEDDING = {"gpt_neox.embed_in.weight": "decoder.embed.weight"}
OLDER: Mapping[str, str] = {r"^embed_out\.": "lm_head."}
"""What files of older versions call the output projection."""


@dataclass(frozen=True)
class Config:
    """What `config.json` states; ``parallel`` says that attention and feed-forward both read what enters a layer."""

    vocab: int
    positions: int
    d_model: int
    heads: int
    layers: int
    ffn: int
    activation: str
    norm_eps: float
    rotary: Rotary
    parallel: bool
    bias: bool
    tied_output: bool


class GptNeox(DecoderOnly):
    """A decoder-only Transformer of GPT-NeoX' kind."""

    model_type: ClassVar[str] = "gpt_neox"
    config: Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        stated.also(rope_theta="rotary_emb_base", partial_rotary_factor="rotary_pct")
        d_model, heads = stated.size("hidden_size", 6144), stated.size("num_attention_heads", 64)
        positions = stated.size("max_position_embeddings", 2048)
        d_k = stated.divided("hidden_size", "num_attention_heads")
        stated.insist(d_k <= WIDEST, "hidden_size", _("at most {n} for each head").format(n=WIDEST))
        return Config(
            vocab=stated.size("vocab_size", 50432),
            positions=positions,
            d_model=d_model,
            heads=heads,
            layers=stated.layers("num_hidden_layers", 44),
            ffn=stated.size("intermediate_size", 24576),
            activation=stated.one_of("hidden_act", BY_NAME, "gelu"),
            norm_eps=stated.number("layer_norm_eps", 1e-5),
            rotary=rotary(stated, d_k, reading=OfGptNeox),
            parallel=stated.flag("use_parallel_residual", True),
            bias=stated.flag("attention_bias", True),
            tied_output=stated.flag("tie_word_embeddings", False),
        )

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        features = (FEATURE, config.d_model)
        layout = Layout(base="gpt_neox.")
        layout.spelt |= OLDER
        layout.ignore(r".*\.attention\.(masked_)?bias", N_("the causal mask, which is computed"))
        layout.ignore(r".*\.rotary_emb\.inv_freq", N_("the rotary frequencies, which are computed"))
        layout.head(EMBEDDING, (target, config.vocab), features, tied=config.tied_output)
        for i in range(config.layers):
            _add_layer(layout, f"gpt_neox.layers.{i}", f"decoder.{i}", config)
        layout.norm("gpt_neox.final_layer_norm", "decoder.norm", features)
        return layout

    @property
    def facts(self) -> Facts:
        c = self.config
        longest = max(MOST, c.positions)
        return Facts(c.vocab, c.vocab, longest, longest, made_for=c.positions)

    def layer(self, tape: Tape, i: int, x: Tensor, text: Text, past: int) -> Tensor:
        p, parallel = self.parameters.decoder[str(i)], self.config.parallel
        with tape.scope("self_attn"):
            attended = self._attention(tape, p.self_attn, self._norm(tape, p.self_attn, x), text, past)
            if not parallel:
                x = tape(add, "residual", x, attended)
        with tape.scope("ffn"):
            y = self._feed_forward(tape, p.ffn, self._norm(tape, p.ffn, x))
            if parallel:
                y = tape(add, "sum", y, attended)
            return tape(add, "residual", x, y)

    def _norm(self, tape: Tape, p: Parameters, x: Tensor) -> Tensor:
        return tape(layer_norm, "norm", x, **p.norm, eps=self.config.norm_eps)

    def _attention(self, tape: Tape, p: Parameters, x: Tensor, text: Text, past: int) -> Tensor:
        """[query, feature] -> the same; some features of q and k are turned by their positions."""
        qkv = tape(linear, "qkv", x, **p.qkv)
        heads, new = self.config.heads, new_rows(tape)
        q = tape(part_of_heads, "q", qkv, part=0, parts=3, heads=heads, axes=(HEAD, "query"))
        k = tape(part_of_heads, f"k{new}", qkv, part=1, parts=3, heads=heads, axes=(HEAD, "key"))
        v = tape(part_of_heads, f"v{new}", qkv, part=2, parts=3, heads=heads, axes=(HEAD, "key"))
        positions = text.positions[past:]
        frequencies = self.config.rotary.at(positions)
        q = tape(rotate, "q_rotated", q, positions=positions, frequencies=frequencies)
        k = tape(rotate, "k_rotated", k, positions=positions, frequencies=frequencies)
        if new:
            k, v = remembered(tape, k, v, text)
        return attend(tape, p, q, k, v, padding=text.hidden, past=past)

    def _feed_forward(self, tape: Tape, p: Parameters, x: Tensor) -> Tensor:
        """[position, feature] -> the same."""
        hidden = tape(linear, "hidden", x, **p.hidden)
        return tape(linear, "output", tape(BY_NAME[self.config.activation], "activated", hidden), **p.output)

    def final_norm(self, tape: Tape, x: Tensor) -> Tensor:
        return self._norm(tape, self.parameters.decoder, x)


def _add_layer(layout: Layout, name: str, path: str, c: Config) -> None:
    features, hidden, fused = (FEATURE, c.d_model), (FEATURE, c.ffn), (FEATURE, 3 * c.d_model)
    layout.norm(f"{name}.input_layernorm", f"{path}.self_attn.norm", features)
    layout.linear(f"{name}.attention.query_key_value", f"{path}.self_attn.qkv", fused, features, bias=c.bias)
    layout.linear(f"{name}.attention.dense", f"{path}.self_attn.output", features, features, bias=c.bias)
    layout.norm(f"{name}.post_attention_layernorm", f"{path}.ffn.norm", features)
    layout.linear(f"{name}.mlp.dense_h_to_4h", f"{path}.ffn.hidden", hidden, features)
    layout.linear(f"{name}.mlp.dense_4h_to_h", f"{path}.ffn.output", features, hidden)
