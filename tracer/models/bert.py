"""BERT (Devlin et al. 2019): the paper's encoder alone, post-norm, with learned positions and segments of a text.

Its head, where a file has one, finds likely what stands at each place (§3.1, the masked language model).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..dataclass import dataclass
from ..i18n import N_, Message, _
from ..ops.activation import BY_NAME
from ..ops.embedding import embed, segments
from ..ops.linear import add, linear
from ..ops.norm import layer_norm
from ..ops.position import positions
from ..tape import Tape
from ..tensor import FEATURE, Axis, Tensor
from .architecture import Architecture, Facts
from .attention import self_attention
from .layout import OUTPUT, Layout, Parameters
from .sizes import sized
from .stated import Stated
from .text import Text
from .texts import Kind

EMBEDDING = {"bert.embeddings.word_embeddings.weight": "encoder.embed.tokens.weight"}
HEAD = "cls.predictions"
OTHER_HEAD = N_("a head for another task, which is not computed here")
ASIDE: Mapping[str, Message] = {
    r"bert\.pooler\..*": N_("the pooler, which only heads of other tasks read"),
    r"cls\.seq_relationship\..*": OTHER_HEAD,
    r"(classifier|qa_outputs)\..*": OTHER_HEAD,
    r"bert\.embeddings\.(position_ids|token_type_ids)": N_("the numbers 0, 1, 2, …, which are counted here"),
}
"""What is left aside."""


@dataclass(frozen=True)
class Config:
    """What `config.json` states; ``segments`` are how many a text may have, none in families that know no segments."""

    vocab: int
    positions: int
    d_model: int
    heads: int
    layers: int
    ffn: int
    activation: str
    norm_eps: float
    pad_id: int | None
    segments: int
    tied_output: bool


class Bert(Architecture):
    """An encoder alone: one step, @0, and no token."""

    model_type: ClassVar[str] = "bert"
    passes: ClassVar[tuple[Kind, ...]] = ("encode",)
    config: Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        return configured(stated, pad_id=0)

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        layout = stack(config, "bert", HEAD, ASIDE)
        head = {f"{HEAD}.decoder.weight": OUTPUT}
        layout.head(EMBEDDING, (source, config.vocab), (FEATURE, config.d_model), tied=config.tied_output, head=head)
        add_transform(layout, f"{HEAD}.transform.dense", f"{HEAD}.transform.LayerNorm", config)
        add_biases(layout, HEAD, config, source)
        return layout

    @property
    def facts(self) -> Facts:
        c = self.config
        longest = c.positions - self.offset
        return Facts(c.vocab, c.vocab, longest, longest, c.pad_id, first=self.offset, segments=c.segments)

    @property
    def offset(self) -> int:
        """Which row of the table of positions is that of the first."""
        return 0

    @property
    def head_activation(self) -> str:
        """The activation in the head."""
        return self.config.activation

    def describe(self) -> str:
        c = self.config
        told = _("encoder-only, {layers} × {heads}, d_model {d_model}")
        return sized(told, [c.layers], c.heads, d_model=c.d_model)

    def encode(self, tape: Tape, source: Text) -> Tensor:
        """Source -> [position, feature]; where there is a head, logits [position, vocab] of them."""
        with tape.scope("encoder"):
            x = self._embed(tape, self.parameters.encoder.embed, source)
            for i in range(self.config.layers):
                with tape.scope(str(i)):
                    x = tape.alias("output", self._layer(tape, self.parameters.encoder[str(i)], x, source))
            x = tape.alias("output", x)
        if "transform" in self.parameters:
            self.predict(tape, x)
        return x

    def output(self, tape: Tape, x: Tensor) -> Tensor:
        return super().output(tape, self._transform(tape, x))

    def _embed(self, tape: Tape, p: Parameters, text: Text) -> Tensor:
        """ids -> [position, feature]: LayerNorm(E[ids] + S[segment] + P[pos]) (§3, figure 2)."""
        with tape.scope("embed"):
            x = tape(embed, "tokens", ids=text.ids, labels=text.labels, weight=p.tokens.weight)
            position = x.dims[0]
            if self.config.segments:
                of = [0] * len(text) if text.segments is None else text.segments
                parts = tape(segments, "segments", position=position, segments=of, weight=p.segments.weight)
                x = tape(add, "segmented", x, parts)
            where: dict[str, Any] = {"position": position, "positions": text.positions, "offset": self.offset}
            places = tape(positions, "positions", **where, weight=p.positions.weight)
            x = self._norm(tape, p, tape(add, "sum", x, places))
            return tape.alias("output", x)

    def _layer(self, tape: Tape, p: Parameters, x: Tensor, text: Text) -> Tensor:
        """[position, feature] -> the same: self-attention, then feed-forward, each with Add & Norm."""
        with tape.scope("self_attn"):
            attended = self_attention(tape, p.self_attn, x, self.config.heads, text)
            x = self._norm(tape, p.self_attn, tape(add, "residual", x, attended))
        with tape.scope("ffn"):
            y = tape(BY_NAME[self.config.activation], "activated", tape(linear, "hidden", x, **p.ffn.hidden))
            return self._norm(tape, p.ffn, tape(add, "residual", x, tape(linear, "output", y, **p.ffn.output)))

    def _transform(self, tape: Tape, x: Tensor) -> Tensor:
        """[position, feature] -> the same, as the head reads it."""
        p = self.parameters.transform
        with tape.scope("transform"):
            y = tape(BY_NAME[self.head_activation], "activated", tape(linear, "hidden", x, **p.hidden))
            return self._norm(tape, p, y)

    def _norm(self, tape: Tape, p: Parameters, x: Tensor) -> Tensor:
        return tape(layer_norm, "norm", x, **p.norm, eps=self.config.norm_eps)


def configured(stated: Stated, *, pad_id: int, vocabulary: int = 30522) -> Config:
    """What BERT and its relatives state alike; ``pad_id`` and ``vocabulary`` are what a family takes by default."""
    stated.refuse("is_decoder", False)
    stated.refuse("add_cross_attention", False)
    stated.refuse("position_embedding_type", "absolute")
    config = Config(
        vocab=stated.size("vocab_size", vocabulary),
        positions=stated.size("max_position_embeddings", 512),
        d_model=stated.size("hidden_size", 768),
        heads=stated.size("num_attention_heads", 12),
        layers=stated.layers("num_hidden_layers", 12),
        ffn=stated.size("intermediate_size", 3072),
        activation=stated.one_of("hidden_act", BY_NAME, "gelu"),
        norm_eps=stated.number("layer_norm_eps", 1e-12),
        pad_id=stated.token("pad_token_id", pad_id, null=None),
        segments=stated.size("type_vocab_size", 2),
        tied_output=stated.flag("tie_word_embeddings", True),
    )
    check(stated, config, "hidden_size", "num_attention_heads")
    return config


def check(stated: Stated, config: Config, features: str, heads: str) -> None:
    """Insist that sizes, under the keys that a family has for them, fit each other, and the pad id the vocabulary."""
    stated.divided(features, heads)
    stated.among("pad_token_id", config.vocab)


def stack(config: Config, base: str, head: str, aside: Mapping[str, Message]) -> Layout:
    """A layout of BERT's kind without tokens and head; the names begin with ``base`` or ``head``."""
    features, name = (FEATURE, config.d_model), f"{base}.embeddings"
    layout = Layout(base=f"{base}.", head_prefix=f"{head}.", ignored={**aside})
    places = (Axis("position"), config.positions)
    layout.add(f"{name}.position_embeddings.weight", "encoder.embed.positions.weight", places, features)
    parts = (Axis("segment"), config.segments)
    layout.add(f"{name}.token_type_embeddings.weight", "encoder.embed.segments.weight", parts, features)
    layout.norm(f"{name}.LayerNorm", "encoder.embed.norm", features)
    for i in range(config.layers):
        _add_layer(layout, f"{base}.encoder.layer.{i}", f"encoder.{i}", config)
    return layout


def add_transform(layout: Layout, dense: str, norm: str, config: Config) -> None:
    """What a head does before it reads the embeddings, under the names given."""
    features = (FEATURE, config.d_model)
    layout.linear(dense, "transform.hidden", features, features)
    layout.norm(norm, "transform.norm", features)


def add_biases(layout: Layout, head: str, config: Config, source: Axis) -> None:
    """The bias of the logits, which files have under one of two names, or both."""
    bias, of_the_map = f"{head}.bias", f"{head}.decoder.bias"
    apart = () if config.tied_output else (of_the_map,)
    layout.shared(dict.fromkeys((bias, of_the_map), "logits.bias"), (source, config.vocab), apart=apart)


def _add_layer(layout: Layout, name: str, path: str, c: Config) -> None:
    features, hidden = (FEATURE, c.d_model), (FEATURE, c.ffn)
    for part, theirs in (("q", "self.query"), ("k", "self.key"), ("v", "self.value"), ("output", "output.dense")):
        layout.linear(f"{name}.attention.{theirs}", f"{path}.self_attn.{part}", features, features)
    layout.norm(f"{name}.attention.output.LayerNorm", f"{path}.self_attn.norm", features)
    layout.linear(f"{name}.intermediate.dense", f"{path}.ffn.hidden", hidden, features)
    layout.linear(f"{name}.output.dense", f"{path}.ffn.output", features, hidden)
    layout.norm(f"{name}.output.LayerNorm", f"{path}.ffn.norm", features)
