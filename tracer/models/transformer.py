"""The Transformer of Vaswani et al. 2017, "Attention Is All You Need": an encoder and a decoder.

Reads like its §3. Every line that computes is a call of the tape; the address of its result is the name it is given,
within the scopes around it. Shapes are for one sentence: there is no batch axis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ..dataclass import dataclass
from ..decoding.rules import Rules
from ..i18n import _
from ..ops.activation import BY_NAME
from ..ops.embedding import scaled_embed
from ..ops.linear import add, linear
from ..ops.norm import layer_norm
from ..ops.position import sinusoids
from ..tape import Tape
from ..tensor import FEATURE, Axis, Tensor
from .architecture import Architecture, Facts
from .attention import cross_attention, self_attention
from .layout import OUTPUT, Layout, Parameters
from .sizes import sized
from .stated import Stated
from .text import Text

EMBEDDING = "decoder.embed.weight"


@dataclass(frozen=True)
class Config:
    """What `config.json` states; ``norm``: LayerNorm comes after the residual (§3.1) or before the sublayer.

    Where it is not ``causal``, the decoder was trained without the mask that hides later positions (§3.2.3).
    """

    d_model: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    ffn: int
    source_vocab: int
    target_vocab: int
    pad_id: int | None = 0
    bos_id: int = 1
    eos_id: int = 2
    unk_id: int = 3
    activation: str = "relu"
    norm: str = "post"
    final_norm: bool = False
    norm_eps: float = 1e-5
    tied_output: bool = True
    max_source: int = 512
    cache: bool = True
    causal: bool = True


class Transformer(Architecture):
    """Encoder–decoder, post-norm or pre-norm, sinusoidal positions, the output tied to the target embedding or not."""

    model_type: ClassVar[str] = "transformer"
    config: Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        d_model, heads = stated.size("d_model"), stated.size("heads")
        stated.divided("d_model", "heads")
        config = Config(
            d_model=d_model,
            heads=heads,
            encoder_layers=stated.layers("encoder_layers"),
            decoder_layers=stated.layers("decoder_layers"),
            ffn=stated.size("ffn"),
            source_vocab=stated.size("source_vocab"),
            target_vocab=stated.size("target_vocab"),
            pad_id=stated.token("pad_id", Config.pad_id),
            bos_id=stated.token("bos_id", Config.bos_id),
            eos_id=stated.token("eos_id", Config.eos_id),
            unk_id=stated.token("unk_id", Config.unk_id),
            activation=stated.one_of("activation", BY_NAME, Config.activation),
            norm=stated.one_of("norm", ("post", "pre"), Config.norm),
            final_norm=stated.flag("final_norm", Config.final_norm),
            norm_eps=stated.number("norm_eps", Config.norm_eps),
            tied_output=stated.flag("tied_output", Config.tied_output),
            max_source=stated.size("max_source", Config.max_source),
            cache=stated.flag("cache", Config.cache),
            causal=stated.flag("causal", Config.causal),
        )
        stated.refuse_unknown()
        return config

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        features, vocabulary = (FEATURE, config.d_model), (target, config.target_vocab)
        layout = Layout(ties="tied_output")
        layout.add("encoder.embed.weight", "encoder.embed.weight", (source, config.source_vocab), features)
        tables = (EMBEDDING, OUTPUT) if config.tied_output else (EMBEDDING,)
        layout.shared({path: path for path in tables}, vocabulary, features)
        for path, attentions in sublayers(config):
            _add_layer(layout, path, attentions, config)
        if config.final_norm:
            layout.norm("encoder.norm", "encoder.norm", features)
            layout.norm("decoder.norm", "decoder.norm", features)
        if not config.tied_output:
            layout.linear("logits", "logits", vocabulary, features)
        return layout

    @property
    def facts(self) -> Facts:
        c = self.config
        longest, keeps = 2 * c.max_source + 10, c.cache and c.causal
        return Facts(c.source_vocab, c.target_vocab, c.max_source, longest, c.pad_id, keeps, causal=c.causal)

    @property
    def decoder_heads(self) -> int:
        """How many heads each attention of the decoder has; here as many as in the encoder."""
        return self.config.heads

    def rules(self, generation: Stated) -> Rules:
        return Rules(self.config.bos_id, (self.config.eos_id,), pad_id=self.config.pad_id)

    def describe(self) -> str:
        c = self.config
        told = _("encoder–decoder, {layers} × {heads}, d_model {d_model}")
        what = sized(told, [c.encoder_layers, c.decoder_layers], c.heads, d_model=c.d_model)
        return what if c.causal else _("{what}, no causal mask").format(what=what)

    def encode(self, tape: Tape, source: Text) -> Tensor:
        """Source -> memory [position, feature] (§3.1, left half of figure 1)."""
        with tape.scope("encoder"):
            x = self._embed(tape, self.parameters.encoder.embed, source)
            for i in range(self.config.encoder_layers):
                with tape.scope(str(i)):
                    x = self._encoder_layer(tape, self.parameters.encoder[str(i)], x, source)
            return tape.alias("output", self.finish(tape, "encoder", x))

    def decode(
        self,
        tape: Tape,
        target: Text,
        memory: Tensor | None = None,
        source: Text | None = None,
        start: int = 0,
    ) -> Tensor:
        """Target so far -> logits [position, vocab] from ``start`` on (§3.1, right half of figure 1)."""
        assert memory is not None
        assert source is not None
        with tape.scope("decoder"):
            x = self._embed(tape, self.parameters.decoder.embed, target.since(start))
            for i in range(self.config.decoder_layers):
                p = self.parameters.decoder[str(i)]
                with tape.scope(str(i)):
                    x = self._look_back(tape, p, x, target, start)
                    x = self._look_across(tape, p, x, memory, source)
                    x = tape.alias("output", self._feed_forward(tape, p, x))
            x = tape.alias("output", self.finish(tape, "decoder", x))
        return self.predict(tape, x)

    def _embed(self, tape: Tape, p: Parameters, text: Text) -> Tensor:
        """ids -> [position, feature]: E[ids] · √d_model + positional encoding (§3.4, §3.5)."""
        with tape.scope("embed"):
            tokens = tape(scaled_embed, "tokens", ids=text.ids, labels=text.labels, weight=p.weight)
            places = tape(sinusoids, "positions", **self._where(tokens, text))
            return tape(add, "output", tokens, places)

    def _where(self, tokens: Tensor, text: Text) -> dict[str, Any]:
        """What sines and cosines are made from."""
        return {
            "position": tokens.dims[0],
            "positions": text.positions,
            "d_model": tokens.shape[1],
            "dtype": self.dtype,
        }

    def _encoder_layer(self, tape: Tape, p: Parameters, x: Tensor, source: Text) -> Tensor:
        """[position, feature] -> the same: self-attention, then feed-forward, each with Add & Norm."""

        def sublayer(y: Tensor) -> Tensor:
            return self_attention(tape, p.self_attn, y, self.config.heads, source)

        x = self._sublayer(tape, "self_attn", p.self_attn, x, sublayer)
        return tape.alias("output", self._feed_forward(tape, p, x))

    def _look_back(self, tape: Tape, p: Parameters, x: Tensor, text: Text, past: int) -> Tensor:
        """The decoder's masked self-attention, with Add & Norm; of some models it is not masked."""
        before = past if self.config.causal else None

        def sublayer(y: Tensor) -> Tensor:
            return self_attention(tape, p.self_attn, y, self.decoder_heads, text, past=before)

        return self._sublayer(tape, "self_attn", p.self_attn, x, sublayer)

    def _look_across(self, tape: Tape, p: Parameters, x: Tensor, memory: Tensor, source: Text) -> Tensor:
        """The decoder's attention to the encoder's memory, with Add & Norm."""

        def sublayer(y: Tensor) -> Tensor:
            return cross_attention(tape, p.cross_attn, y, memory, self.decoder_heads, source)

        return self._sublayer(tape, "cross_attn", p.cross_attn, x, sublayer)

    def _feed_forward(self, tape: Tape, p: Parameters, x: Tensor) -> Tensor:
        """max(0, x W₁ᵀ + b₁) W₂ᵀ + b₂ (§3.3), with Add & Norm: [position, feature] -> the same."""

        def sublayer(y: Tensor) -> Tensor:
            hidden = tape(linear, "hidden", y, **p.ffn.hidden)
            return tape(linear, "output", tape(BY_NAME[self.config.activation], "activated", hidden), **p.ffn.output)

        return self._sublayer(tape, "ffn", p.ffn, x, sublayer)

    def _sublayer(self, tape: Tape, name: str, p: Parameters, x: Tensor, compute: Callable[[Tensor], Tensor]) -> Tensor:
        """LayerNorm(x + Sublayer(x)) (§3.1), or x + Sublayer(LayerNorm(x)) where the norm comes first."""
        eps = self.config.norm_eps
        with tape.scope(name):
            if self.config.norm == "pre":
                return tape(add, "residual", x, compute(tape(layer_norm, "norm", x, **p.norm, eps=eps)))
            return tape(layer_norm, "norm", tape(add, "residual", x, compute(x)), **p.norm, eps=eps)

    def finish(self, tape: Tape, stack: str, x: Tensor) -> Tensor:
        if not self.config.final_norm:
            return x
        return tape(layer_norm, "norm", x, **self.parameters[stack].norm, eps=self.config.norm_eps)


def sublayers(c: Config) -> list[tuple[str, tuple[str, ...]]]:
    """Every layer's path, and the attentions in it."""
    encoder = [(f"encoder.{i}", ("self_attn",)) for i in range(c.encoder_layers)]
    return encoder + [(f"decoder.{i}", ("self_attn", "cross_attn")) for i in range(c.decoder_layers)]


def _add_layer(layout: Layout, path: str, attentions: Sequence[str], c: Config) -> None:
    features, hidden = (FEATURE, c.d_model), (FEATURE, c.ffn)
    for attention in attentions:
        for part in ("q", "k", "v", "output"):
            layout.linear(f"{path}.{attention}.{part}", f"{path}.{attention}.{part}", features, features)
        layout.norm(f"{path}.{attention}.norm", f"{path}.{attention}.norm", features)
    layout.linear(f"{path}.ffn.hidden", f"{path}.ffn.hidden", hidden, features)
    layout.linear(f"{path}.ffn.output", f"{path}.ffn.output", features, hidden)
    layout.norm(f"{path}.ffn.norm", f"{path}.ffn.norm", features)
