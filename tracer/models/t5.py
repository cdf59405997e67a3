"""T5 (Raffel et al. 2020), v1.0, and v1.1 as in Flan: positions are trained biases added to the scores (§2.1).

Pre-norm with RMS norm, linear maps without bias, no √d_k. Every layer of a stack adds the same position bias; cross
attention adds none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from ..dataclass import dataclass
from ..i18n import N_, _
from ..ops.activation import BY_NAME
from ..ops.attention import products
from ..ops.embedding import embed
from ..ops.linear import add, linear, multiply, rescale
from ..ops.norm import rms_norm
from ..ops.position import relative_bias
from ..tape import Tape
from ..tensor import FEATURE, HEAD, Axis, Tensor
from .architecture import MOST, Architecture, Facts
from .attention import cross_attention, self_attention
from .layout import LM_HEAD, Layout, Parameters
from .sizes import sized
from .stated import Stated
from .text import Text

EMBEDDINGS = {
    "shared.weight": "shared.weight",
    "encoder.embed_tokens.weight": "encoder.embed.weight",
    "decoder.embed_tokens.weight": "decoder.embed.weight",
}
GATED = "gated-"
DEFAULTS: Mapping[str, Any] = {
    "vocab_size": 32128,
    "d_ff": 2048,
    "num_layers": 6,
    "num_heads": 8,
    "feed_forward_proj": "relu",
}
"""What a family takes where nothing is stated; whatever is not here, T5's relatives have in common."""


@dataclass(frozen=True)
class Config:
    """What `config.json` states; ``buckets`` of distances reach to ``farthest``, and no text is too long for them.

    ``rescaled`` says that the output is divided by √d_model, as v1.0 does where it is tied to the embedding.
    """

    vocab: int
    positions: int | None
    d_model: int
    heads: int
    d_k: int
    encoder_layers: int
    decoder_layers: int
    ffn: int
    activation: str
    gated: bool
    buckets: int
    farthest: int
    norm_eps: float
    pad_id: int | None
    tied_output: bool
    rescaled: bool


class T5(Architecture):
    """Encoder–decoder; the feed-forward is plain in v1.0 and gated in v1.1 (Shazeer 2020)."""

    model_type: ClassVar[str] = "t5"
    config: Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        tied = stated.flag("tie_word_embeddings", True)
        return configured(stated, DEFAULTS, tied_output=tied, rescaled=stated.flag("scale_decoder_outputs", tied))

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        features = (FEATURE, config.d_model)
        layout = Layout()
        crossed = r".*\.EncDecAttention\.relative_attention_bias\.weight"
        layout.ignore(crossed, N_("cross attention adds no position bias"))
        apart = () if config.tied_output else LM_HEAD
        layout.shared(EMBEDDINGS | LM_HEAD, (target, config.vocab), features, apart=apart)
        for stack, layers in (("encoder", config.encoder_layers), ("decoder", config.decoder_layers)):
            biases = f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
            layout.add(biases, f"{stack}.position_bias.weight", (Axis("bucket"), config.buckets), (HEAD, config.heads))
            for i in range(layers):
                _add_layer(layout, stack, i, config)
            layout.norm(f"{stack}.final_layer_norm", f"{stack}.norm", features, bias=False)
        return layout

    @property
    def facts(self) -> Facts:
        c = self.config
        longest = max(MOST, c.positions or 0)
        return Facts(c.vocab, c.vocab, longest, longest, c.pad_id, made_for=c.positions)

    @property
    def start_by_default(self) -> int | None:
        return self.config.pad_id

    def describe(self) -> str:
        c = self.config
        told = _("encoder–decoder, {layers} × {heads}, d_model {d_model}")
        return sized(told, [c.encoder_layers, c.decoder_layers], c.heads, d_model=c.d_model)

    def encode(self, tape: Tape, source: Text) -> Tensor:
        """Source -> memory [position, feature]."""
        p = self.parameters.encoder
        with tape.scope("encoder"):
            x = self._embed(tape, p, source)
            bias = self._position_bias(tape, p, source, start=0, both_ways=True)
            for i in range(self.config.encoder_layers):
                layer = p[str(i)]
                with tape.scope(str(i)):
                    x = self._self_attention(tape, layer, x, bias, source)
                    x = tape.alias("output", self._feed_forward(tape, layer, x))
            return tape.alias("output", self.finish(tape, "encoder", x))

    def decode(
        self,
        tape: Tape,
        target: Text,
        memory: Tensor | None = None,
        source: Text | None = None,
        start: int = 0,
    ) -> Tensor:
        """Target so far -> logits [position, vocab] of the places from ``start``."""
        assert memory is not None
        assert source is not None
        p = self.parameters.decoder
        with tape.scope("decoder"):
            x = self._embed(tape, p, target.since(start))
            bias = self._position_bias(tape, p, target, start=start, both_ways=False)
            for i in range(self.config.decoder_layers):
                layer = p[str(i)]
                with tape.scope(str(i)):
                    x = self._self_attention(tape, layer, x, bias, target, past=start)
                    x = self._cross_attention(tape, layer, x, memory, source)
                    x = tape.alias("output", self._feed_forward(tape, layer, x))
            x = tape.alias("output", self.finish(tape, "decoder", x))
        return self.predict(tape, x)

    def _embed(self, tape: Tape, p: Parameters, text: Text) -> Tensor:
        """ids -> [position, feature]: E[ids], with nothing said of positions."""
        with tape.scope("embed"):
            tokens = tape(embed, "tokens", ids=text.ids, labels=text.labels, weight=p.embed.weight)
            return tape.alias("output", tokens)

    def _position_bias(self, tape: Tape, p: Parameters, text: Text, *, start: int, both_ways: bool) -> Tensor:
        """-> [head, query, key] of the queries from ``start``, for every layer; it is recorded in the first."""
        with tape.scope("0"), tape.scope("self_attn"):
            return tape(
                relative_bias,
                "position_bias",
                axes=(Axis("query", text.labels[start:]), Axis("key", text.labels)),
                queries=text.positions[start:],
                keys=text.positions,
                weight=p.position_bias.weight,
                both_ways=both_ways,
                farthest=self.config.farthest,
            )

    def _self_attention(
        self,
        tape: Tape,
        p: Parameters,
        x: Tensor,
        bias: Tensor,
        text: Text,
        *,
        past: int | None = None,
    ) -> Tensor:
        """x + softmax(QKᵀ + bias + mask) V: [position, feature] -> the same; ``past`` as in `self_attention`."""

        def sublayer(y: Tensor) -> Tensor:
            return self_attention(
                tape,
                p.self_attn,
                y,
                self.config.heads,
                text,
                past=past,
                bias=(tape.alias("position_bias", bias),),
                compare=products,
            )

        return self._sublayer(tape, "self_attn", p.self_attn, x, sublayer)

    def _cross_attention(self, tape: Tape, p: Parameters, x: Tensor, memory: Tensor, source: Text) -> Tensor:
        """x + softmax(QKᵀ + mask) V, with K and V from the memory."""

        def sublayer(y: Tensor) -> Tensor:
            heads = self.config.heads
            return cross_attention(tape, p.cross_attn, y, memory, heads, source, compare=products)

        return self._sublayer(tape, "cross_attn", p.cross_attn, x, sublayer)

    def _feed_forward(self, tape: Tape, p: Parameters, x: Tensor) -> Tensor:
        """x + Activated(x) Wᵀ: [position, feature] -> the same."""

        def sublayer(y: Tensor) -> Tensor:
            return tape(linear, "output", self._activated(tape, p.ffn, y), **p.ffn.output)

        return self._sublayer(tape, "ffn", p.ffn, x, sublayer)

    def _activated(self, tape: Tape, p: Parameters, x: Tensor) -> Tensor:
        """[position, d_model] -> [position, ffn]: φ(x Wᵀ), or, gated, φ(x W_gateᵀ) ⊙ x W_upᵀ."""
        activation = BY_NAME[self.config.activation]
        if not self.config.gated:
            return tape(activation, "activated", tape(linear, "hidden", x, **p.hidden))
        gate = tape(activation, "activated", tape(linear, "gate", x, **p.gate))
        return tape(multiply, "hidden", gate, tape(linear, "up", x, **p.up))

    def _sublayer(self, tape: Tape, name: str, p: Parameters, x: Tensor, compute: Callable[[Tensor], Tensor]) -> Tensor:
        """x + Sublayer(RMSNorm(x)): [position, feature] -> the same."""
        with tape.scope(name):
            normed = tape(rms_norm, "norm", x, **p.norm, eps=self.config.norm_eps)
            return tape(add, "residual", x, compute(normed))

    def finish(self, tape: Tape, stack: str, x: Tensor) -> Tensor:
        return tape(rms_norm, "norm", x, **self.parameters[stack].norm, eps=self.config.norm_eps)

    def output(self, tape: Tape, x: Tensor) -> Tensor:
        return super().output(tape, tape(rescale, "rescaled", x) if self.config.rescaled else x)


def configured(stated: Stated, defaults: Mapping[str, Any], **differences: Any) -> Config:
    """What T5 and its relatives state alike, and the differences given; ``defaults`` are for what is left out."""
    own_layers = stated.layers("num_layers", defaults["num_layers"])
    decoder_layers = stated.layers("num_decoder_layers", own_layers)
    stated.also(d_model="hidden_size", num_heads="num_attention_heads", num_layers="num_hidden_layers", d_kv="head_dim")
    activation, gated = _feed_forward_kind(stated, defaults["feed_forward_proj"])
    vocabulary, pad_id = stated.size("vocab_size", defaults["vocab_size"]), stated.token("pad_token_id", 0, null=None)
    stated.among("pad_token_id", vocabulary)
    return Config(
        vocab=vocabulary,
        positions=stated.size("n_positions", None),
        d_model=stated.size("d_model", 512),
        heads=stated.size("num_heads", defaults["num_heads"]),
        d_k=stated.size("d_kv", 64),
        encoder_layers=stated.layers("num_layers", own_layers),
        decoder_layers=decoder_layers,
        ffn=stated.size("d_ff", defaults["d_ff"]),
        activation=activation,
        gated=gated,
        **_distances(stated),
        norm_eps=stated.number("layer_norm_epsilon", 1e-6),
        pad_id=pad_id,
        **differences,
    )


def _distances(stated: Stated) -> dict[str, Any]:
    """How many buckets of distances there are, and how far they reach, beyond those of one distance each."""
    buckets = stated.size("relative_attention_num_buckets", 32)
    farthest = stated.size("relative_attention_max_distance", 128)
    stated.insist(buckets >= 4, "relative_attention_num_buckets", _("4 or more"))
    above = _("more than half of the {n} buckets").format(n=buckets)
    stated.insist(farthest > buckets // 2, "relative_attention_max_distance", above)
    return {"buckets": buckets, "farthest": farthest}


def _feed_forward_kind(stated: Stated, usual: str) -> tuple[str, bool]:
    """The activation, and whether the unit is gated; of gated units, what is stated as GELU is its tanh form.

    Newer files state both once more in words of their own, which count.
    """
    stated_as = stated.one_of("feed_forward_proj", [*BY_NAME, *(GATED + name for name in BY_NAME)], usual)
    activation = stated_as.removeprefix(GATED)
    gated = activation != stated_as
    name = "gelu_new" if gated and activation == "gelu" else activation
    found = stated.one_of("dense_act_fn", BY_NAME, name), stated.flag("is_gated_act", gated)
    for key, value, said in zip(("dense_act_fn", "is_gated_act"), found, (name, gated), strict=True):
        if value != said and stated.get("feed_forward_proj") is not None:
            stated.outvote("feed_forward_proj", key)
    return found


def _add_layer(layout: Layout, stack: str, i: int, c: Config) -> None:
    """Sublayers are counted in the file: self-attention is 0, and cross attention, where there is one, comes next."""
    name, path, features, hidden = f"{stack}.block.{i}", f"{stack}.{i}", (FEATURE, c.d_model), (FEATURE, c.ffn)
    attentions = (("SelfAttention", "self_attn"), ("EncDecAttention", "cross_attn"))[: 1 if stack == "encoder" else 2]
    for j, (theirs, ours) in enumerate(attentions):
        layout.norm(f"{name}.layer.{j}.layer_norm", f"{path}.{ours}.norm", features, bias=False)
        inner = (FEATURE, c.heads * c.d_k)
        for part in "qkv":
            layout.linear(f"{name}.layer.{j}.{theirs}.{part}", f"{path}.{ours}.{part}", inner, features, bias=False)
        layout.linear(f"{name}.layer.{j}.{theirs}.o", f"{path}.{ours}.output", features, inner, bias=False)
    last = f"{name}.layer.{len(attentions)}"
    layout.norm(f"{last}.layer_norm", f"{path}.ffn.norm", features, bias=False)
    for theirs, ours in (("wi_0", "gate"), ("wi_1", "up")) if c.gated else (("wi", "hidden"),):
        layout.linear(f"{last}.DenseReluDense.{theirs}", f"{path}.ffn.{ours}", hidden, features, bias=False)
    layout.linear(f"{last}.DenseReluDense.wo", f"{path}.ffn.output", features, hidden, bias=False)
