"""An encoder alone: one text in, [position, vocab] out where there is a head; what a new family's file has in it."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from tracer.models.architecture import Architecture, Facts
from tracer.models.attention import self_attention
from tracer.models.layout import Layout
from tracer.models.stated import Stated
from tracer.models.text import Text
from tracer.models.texts import Kind
from tracer.ops.activation import gelu
from tracer.ops.embedding import embed
from tracer.ops.linear import add, linear
from tracer.ops.norm import layer_norm
from tracer.ops.position import positions
from tracer.ops.softmax import softmax
from tracer.tape import Tape
from tracer.tensor import FEATURE, Axis, Tensor


class Config(NamedTuple):
    """What `config.json` states."""

    vocab: int
    d_model: int
    heads: int
    longest: int
    head: bool


class TinyEncoder(Architecture):
    """One post-norm layer."""

    model_type: ClassVar[str] = "tiny_encoder"
    passes: ClassVar[tuple[Kind, ...]] = ("encode",)
    config: Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        sizes = (stated.size(name) for name in ("vocab_size", "hidden_size", "heads", "max_position_embeddings"))
        return Config(*sizes, head=stated.flag("head", True))

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        features, vocabulary = (FEATURE, config.d_model), (source, config.vocab)
        layout = Layout()
        layout.add("encoder.embed.tokens.weight", "encoder.embed.tokens.weight", vocabulary, features)
        places = Axis("position"), config.longest
        layout.add("encoder.embed.positions.weight", "encoder.embed.positions.weight", places, features)
        for part in ("q", "k", "v", "output"):
            layout.linear(f"encoder.0.self_attn.{part}", f"encoder.0.self_attn.{part}", features, features)
        layout.norm("encoder.0.self_attn.norm", "encoder.0.self_attn.norm", features)
        layout.linear("encoder.0.ffn.output", "encoder.0.ffn.output", features, features)
        if config.head:
            layout.linear("logits", "logits", vocabulary, features)
        return layout

    @property
    def facts(self) -> Facts:
        c = self.config
        return Facts(c.vocab, c.vocab, c.longest, c.longest, pad_id=0)

    def describe(self) -> str:
        return f"encoder, 1 layer × {self.config.heads} heads, d_model {self.config.d_model}"

    def encode(self, tape: Tape, source: Text) -> Tensor:
        with tape.scope("encoder"):
            x = self._embed(tape, source)
            with tape.scope("0"):
                x = tape.alias("output", self._layer(tape, x, source))
            x = tape.alias("output", x)
        if self.config.head:
            logits = tape(linear, "logits", x, **self.parameters.logits)
            tape(softmax, "probs", logits)
        return x

    def _embed(self, tape: Tape, text: Text) -> Tensor:
        p = self.parameters.encoder.embed
        with tape.scope("embed"):
            tokens = tape(embed, "tokens", ids=text.ids, labels=text.labels, weight=p.tokens.weight)
            where: dict[str, Any] = {"position": tokens.dims[0], "positions": text.positions}
            return tape(add, "output", tokens, tape(positions, "positions", **where, weight=p.positions.weight))

    def _layer(self, tape: Tape, x: Tensor, text: Text) -> Tensor:
        p = self.parameters.encoder["0"]
        with tape.scope("self_attn"):
            attended = self_attention(tape, p.self_attn, x, self.config.heads, text)
            x = tape(layer_norm, "norm", tape(add, "residual", x, attended), **p.self_attn.norm, eps=1e-5)
        with tape.scope("ffn"):
            y = tape(linear, "output", tape(gelu, "activated", x), **p.ffn.output)
            return tape(add, "residual", x, y)
