"""BART (Lewis et al. 2020): the paper's Transformer with learned positions and a norm over the embedding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ..dataclass import dataclass
from ..decoding.rules import Rules
from ..i18n import N_
from ..ops.activation import BY_NAME
from ..ops.embedding import embed, scaled_embed
from ..ops.linear import add
from ..ops.norm import layer_norm
from ..ops.position import positions
from ..tape import Tape
from ..tensor import FEATURE, Axis, Tensor
from . import transformer
from .architecture import Architecture, Facts
from .layout import Layout, Parameters
from .stated import Stated
from .text import Text
from .transformer import Transformer, sublayers

OFFSET = 2
"""The table of positions begins with two rows for padding, which no text reaches."""

EMBEDDINGS = {
    "model.shared.weight": "shared.weight",
    "model.decoder.embed_tokens.weight": "decoder.embed.weight",
    "model.encoder.embed_tokens.weight": "encoder.embed.weight",
}

FORM: Mapping[str, bool] = {
    "normalize_before": False,
    "normalize_embedding": True,
    "add_final_layer_norm": False,
    "static_position_embeddings": False,
}
"""What files say of the form of the family; it is the same whatever they say."""


@dataclass(frozen=True, kw_only=True)
class Config(transformer.Config):
    """What `config.json` states; ``heads`` and ``ffn`` are the encoder's, ``scaled`` says that tokens get √d_model."""

    decoder_heads: int
    decoder_ffn: int
    positions: int
    scaled: bool


class Bart(Transformer):
    """Post-norm, with one table of embeddings for both sides; its relatives state their differences."""

    model_type: ClassVar[str] = "bart"
    config: Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        return Config(**configured(stated, FORM))

    @classmethod
    def layout(cls, config: Any, source: Axis, target: Axis) -> Layout:
        features, vocabulary = (FEATURE, config.d_model), (target, config.target_vocab)
        layout = stacks(config, target)
        layout.head(EMBEDDINGS, vocabulary, features, tied=config.tied_output)
        for stack in ("encoder", "decoder"):
            places = (Axis("position"), config.positions + OFFSET)
            layout.add(f"model.{stack}.embed_positions.weight", f"{stack}.embed.positions.weight", places, features)
            layout.norm(f"model.{stack}.layernorm_embedding", f"{stack}.embed.norm", features)
        return layout

    @property
    def facts(self) -> Facts:
        c = self.config
        return Facts(c.source_vocab, c.target_vocab, c.positions, c.positions, c.pad_id)

    @property
    def decoder_heads(self) -> int:
        return self.config.decoder_heads

    @property
    def start_by_default(self) -> int | None:
        return 2

    def rules(self, generation: Stated) -> Rules:
        return Architecture.rules(self, generation)

    def _embed(self, tape: Tape, p: Parameters, text: Text) -> Tensor:
        """ids -> [position, feature]: LayerNorm(E[ids] + P[pos])."""
        with tape.scope("embed"):
            tokens = self._look_up(tape, p, text)
            position, weight = tokens.dims[0], p.positions.weight
            places = tape(
                positions, "positions", position=position, positions=text.positions, weight=weight, offset=OFFSET
            )
            x = tape(layer_norm, "norm", tape(add, "sum", tokens, places), **p.norm, eps=self.config.norm_eps)
            return tape.alias("output", x)

    def _look_up(self, tape: Tape, p: Parameters, text: Text) -> Tensor:
        """ids -> [position, feature]: E[ids], times √d_model where the configuration says so."""
        lookup = scaled_embed if self.config.scaled else embed
        return tape(lookup, "tokens", ids=text.ids, labels=text.labels, weight=p.weight)


def configured(
    stated: Stated,
    form: Mapping[str, bool],
    *,
    vocabulary: int = 50265,
    pad_id: int = 1,
    activation: str = "gelu",
    scaled: bool = False,
    **differences: Any,
) -> dict[str, Any]:
    """What BART and its relatives state alike, under the names of `Config`, and the differences given.

    ``vocabulary``, ``pad_id``, ``activation`` and ``scaled`` are what a family takes where nothing is stated.
    """
    stated.also(
        d_model="hidden_size", encoder_attention_heads="num_attention_heads", encoder_layers="num_hidden_layers"
    )
    for key, value in form.items():
        stated.expect(key, value)
    stated.ignore(N_("no effect here (the logits have a bias where the file has one): {keys}"), "add_bias_logits")
    vocabulary = stated.size("vocab_size", vocabulary)
    found = {
        **_sizes(stated),
        "source_vocab": vocabulary,
        "target_vocab": vocabulary,
        "pad_id": stated.token("pad_token_id", pad_id, null=None),
        "activation": stated.one_of("activation_function", BY_NAME, activation),
        "scaled": stated.flag("scale_embedding", scaled),
        "tied_output": stated.flag("tie_word_embeddings", True),
        **differences,
    }
    stated.among("pad_token_id", min(found["source_vocab"], found["target_vocab"]))
    return found


def _sizes(stated: Stated) -> dict[str, int]:
    """How large both stacks are; d_model must be a multiple of the heads of either."""
    found = {
        "d_model": stated.size("d_model", 1024),
        "heads": stated.size("encoder_attention_heads", 16),
        "decoder_heads": stated.size("decoder_attention_heads", 16),
        "encoder_layers": stated.layers("encoder_layers", 12),
        "decoder_layers": stated.layers("decoder_layers", 12),
        "ffn": stated.size("encoder_ffn_dim", 4096),
        "decoder_ffn": stated.size("decoder_ffn_dim", 4096),
        "positions": stated.size("max_position_embeddings", 1024),
    }
    for heads in ("encoder_attention_heads", "decoder_attention_heads"):
        stated.divided("d_model", heads)
    return found


def stacks(config: Config, target: Axis) -> Layout:
    """The layers of both stacks, the norms after them where there are some, and the bias of the logits."""
    layout = Layout(base="model.")
    layout.ignore(r"model\.(en|de)coder\.version", N_("a mark of the library that trained it"))
    for path, attentions in sublayers(config):
        _add_layer(layout, path, attentions, config)
    for stack in ("encoder", "decoder") if config.final_norm else ():
        layout.norm(f"model.{stack}.layer_norm", f"{stack}.norm", (FEATURE, config.d_model))
    one, vocabulary = (Axis("row"), 1), (target, config.target_vocab)
    layout.stack("final_logits_bias", ("logits.bias",), one, vocabulary, optional=True)
    return layout


def _add_layer(layout: Layout, path: str, attentions: Sequence[str], c: Config) -> None:
    features, hidden = (FEATURE, c.d_model), (FEATURE, c.decoder_ffn if path.startswith("decoder") else c.ffn)
    name = f"model.{path.replace('.', '.layers.')}"
    for attention, theirs in zip(attentions, ("self_attn", "encoder_attn"), strict=False):
        for part, projection in (("q", "q_proj"), ("k", "k_proj"), ("v", "v_proj"), ("output", "out_proj")):
            layout.linear(f"{name}.{theirs}.{projection}", f"{path}.{attention}.{part}", features, features)
        layout.norm(f"{name}.{theirs}_layer_norm", f"{path}.{attention}.norm", features)
    layout.linear(f"{name}.fc1", f"{path}.ffn.hidden", hidden, features)
    layout.linear(f"{name}.fc2", f"{path}.ffn.output", features, hidden)
    layout.norm(f"{name}.final_layer_norm", f"{path}.ffn.norm", features)
