"""The families that files of CTranslate2's are of, told by their arithmetic: norms, positions, and what starts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ...i18n import N_, Message, _, spoken
from ..stored import Stored
from .container import Variable
from .family import Family, Parts, Tokens, attentions, norms
from .network import BOTH, ENCODINGS, Network
from .positions import HALVES, PAPER, SHIFTED, TRAINED
from .tensors import Padded

LONGEST = 1024
"""positions, where the file has no table of them"""
OFFSET = 2
"""Rows that BART's tables of positions have before the first position."""
NO_ROW = N_("not in the file: the zeros that the decoder starts from")
NO_PLACE = N_("not in the file: a row of no position")
BIAS = "self_attention/relative_attention_bias"
FARTHEST = "self_attention/relative_attention_max_distance"
ZERO_START = "decoder/start_from_zero_embedding"

BART: Parts = {
    **attentions("self_attn", "encoder_attn", ("q_proj", "k_proj", "v_proj", "out_proj")),
    **norms("self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm"),
    "ffn/linear_0": ("fc1",),
    "ffn/linear_1": ("fc2",),
}
OURS: Parts = {
    **attentions("self_attn", "cross_attn", ("q", "k", "v", "output")),
    **norms("self_attn.norm", "cross_attn.norm", "ffn.norm"),
    "ffn/linear_0": ("ffn.hidden",),
    "ffn/linear_1": ("ffn.output",),
}

FORMS: Mapping[bool, Message] = {True: N_("norms before the sublayers"), False: N_("norms after the sublayers")}
WAVES: Mapping[str, Message] = {
    PAPER: N_("sines and cosines in turn"),
    HALVES: N_("sines and cosines in halves"),
    SHIFTED: N_("sines and cosines in halves from position {first} on, of tensor2tensor's angles"),
    TRAINED: N_("positions that are no sines and cosines"),
}


class BartLike(Family):
    """BART's names, which its relatives share."""

    model_type: ClassVar[str]
    layer = "model.{stack}.layers.{i}."
    outer: ClassVar[Mapping[str, str]] = {
        f"{stack}/{name}": f"model.{stack}.{name}" for stack in BOTH for name in ("layer_norm", "layernorm_embedding")
    }

    def parts(self, stack: str) -> Parts:
        return BART

    def config(self, tokens: Tokens) -> dict[str, Any]:
        n = self.network
        self.check_eps()
        self._check_sizes(n.source.shape[0], n.target.shape[0])
        return {
            "model_type": self.model_type,
            "is_encoder_decoder": True,
            "d_model": n.d_model,
            **{f"{stack}_layers": n.layers(stack) for stack in BOTH},
            **{f"{stack}_attention_heads": n.heads(stack) for stack in BOTH},
            **{f"{stack}_ffn_dim": n.ffn(stack) for stack in BOTH},
            "vocab_size": n.source.shape[0],
            "max_position_embeddings": n.longest(LONGEST),
            "activation_function": n.activation(),
            "scale_embedding": n.is_scaled(),
            "tie_word_embeddings": n.projection == n.target,
            "pad_token_id": tokens.pad,
            "bos_token_id": tokens.bos,
            "eos_token_id": tokens.eos,
            "decoder_start_token_id": tokens.start,
        }

    def _check_sizes(self, source: int, target: int) -> None:
        if source != target:
            told = _("has {source} tokens for the source and {target} for the target; {family} has one vocabulary")
            raise self.binary.error(told.format(source=source, target=target, family=self.model_type))

    @property
    def is_shared(self) -> bool:
        """Whether both sides have the same embeddings."""
        return self.network.source == self.network.target

    def embeddings(self) -> Iterator[Stored]:
        n = self.network
        yield self._table("model.shared.weight" if self.is_shared else "model.decoder.embed_tokens.weight", n.target)
        if not self.is_shared:
            yield self.whole("model.encoder.embed_tokens.weight", n.source)
        if n.projection != n.target:
            yield self._table("lm_head.weight", n.projection)
        if bias := self.binary.variables.get("decoder/projection/bias"):
            shape = (1, bias.shape[0] + self._more)
            yield Padded(self.whole("final_logits_bias", bias), shape, spoken(NO_ROW))
        yield from self._positions()

    def _positions(self) -> Iterator[Stored]:
        for stack in BOTH:
            if encodings := self.binary.variables.get(ENCODINGS.format(stack=stack)):
                yield self.whole(f"model.{stack}.embed_positions.weight", encodings)

    @property
    def _more(self) -> int:
        """The rows of the target's tables that are not in the file."""
        return 0

    def _table(self, name: str, variable: Variable) -> Stored:
        """A table of the target's tokens, with a row of zeros where the decoder starts from them."""
        stored, (count, width) = self.whole(name, variable), variable.shape
        return Padded(stored, (count + self._more, width), spoken(NO_ROW)) if self._more else stored


class Bart(BartLike):
    """BART: positions that were trained, and norms after the sublayers."""

    model_type = "bart"

    def _positions(self) -> Iterator[Stored]:
        for stored in super()._positions():
            count, width = stored.shape
            yield Padded(stored, (count + OFFSET, width), spoken(NO_PLACE), OFFSET * width)


class MBart(Bart):
    """mBART: the same with norms before the sublayers."""

    model_type = "mbart"


class Marian(BartLike):
    """Marian, whose decoder starts from zeros: transformers has a token for these, the padding."""

    model_type = "marian"

    @property
    def _more(self) -> int:
        return self.network.whole(ZERO_START, 0)

    def config(self, tokens: Tokens) -> dict[str, Any]:
        n = self.network
        size, starts = n.target.shape[0], bool(self._more)
        return {
            **super().config(tokens),
            "vocab_size": n.source.shape[0] + (self._more if self.is_shared else 0),
            "decoder_vocab_size": size + self._more,
            "share_encoder_decoder_embeddings": self.is_shared,
            "pad_token_id": size if starts and self.is_shared else None,
            "decoder_start_token_id": size if starts else tokens.start,
            "bad_words_ids": [[size]] if starts else None,
            "renormalize_logits": True if starts else None,
        }

    def _check_sizes(self, source: int, target: int) -> None:
        """Each side may have a vocabulary of its own."""


class M2M100(BartLike):
    """M2M-100 and NLLB, and what else has their positions: padding is the last token that has none."""

    model_type = "m2m_100"

    def config(self, tokens: Tokens) -> dict[str, Any]:
        return {**super().config(tokens), "pad_token_id": self.network.positions().first - 1}


class Paper(Family):
    """The paper's Transformer, as OpenNMT-py has it."""

    layer = "{stack}.{i}."
    outer: ClassVar[Mapping[str, str]] = {
        **{f"{stack}/layer_norm": f"{stack}.norm" for stack in BOTH},
        "decoder/projection": "logits",
    }

    def parts(self, stack: str) -> Parts:
        return OURS

    def config(self, tokens: Tokens) -> dict[str, Any]:
        n = self.network
        if not n.is_scaled():
            raise self.binary.error(_("does not multiply tokens by √d_model, as the paper does"))
        return {
            "model_type": "transformer",
            "d_model": n.d_model,
            "heads": self.same_in_both("num_heads", *map(n.heads, BOTH)),
            "ffn": self.same_in_both("ffn/linear_0", *map(n.ffn, BOTH)),
            **{f"{stack}_layers": n.layers(stack) for stack in BOTH},
            "source_vocab": n.source.shape[0],
            "target_vocab": n.target.shape[0],
            "activation": n.activation(),
            "norm": "pre" if n.norm_comes_first() else "post",
            "final_norm": n.both_have("layer_norm"),
            "norm_eps": n.eps,
            "tied_output": False,
            "max_source": n.longest(LONGEST),
            "pad_id": tokens.pad,
            "bos_id": tokens.bos if tokens.start is None else tokens.start,
            "eos_id": tokens.eos,
            "unk_id": tokens.unknown,
        }

    def embeddings(self) -> Iterator[Stored]:
        yield self.whole("encoder.embed.weight", self.network.source)
        yield self.whole("decoder.embed.weight", self.network.target)


class T5(Family):
    """T5: RMS norms, a bias by distance, and no other bias."""

    layer = "{stack}.block.{i}."
    outer: ClassVar[Mapping[str, str]] = {f"{stack}/layer_norm": f"{stack}.final_layer_norm" for stack in BOTH}
    is_biased = False
    usual_eps = 1e-6

    def parts(self, stack: str) -> Parts:
        ffn = "layer.1" if stack == "encoder" else "layer.2"
        inner = f"{ffn}.DenseReluDense"
        return {
            **attentions("layer.0.SelfAttention", "layer.1.EncDecAttention", ("q", "k", "v", "o")),
            **norms("layer.0.layer_norm", "layer.1.layer_norm", f"{ffn}.layer_norm"),
            "ffn/linear_0": (f"{inner}.wi_0" if self._is_gated else f"{inner}.wi",),
            "ffn/linear_0_noact": (f"{inner}.wi_1",),
            "ffn/linear_1": (f"{inner}.wo",),
        }

    @property
    def _is_gated(self) -> bool:
        return self.network.has("encoder/layer_0/ffn/linear_0_noact")

    def config(self, tokens: Tokens) -> dict[str, Any]:
        n = self.network
        self._check_products()
        heads, buckets = self.same_in_both("num_heads", *map(n.heads, BOTH)), self._bias("encoder").shape[0]
        return {
            "model_type": "t5",
            "is_encoder_decoder": True,
            "d_model": n.d_model,
            "num_heads": heads,
            "d_kv": n.need("decoder/layer_0/attention/linear_0/weight").shape[0] // heads,
            "d_ff": self.same_in_both("ffn/linear_0", *map(n.ffn, BOTH)),
            "num_layers": n.layers("encoder"),
            "num_decoder_layers": n.layers("decoder"),
            "relative_attention_num_buckets": buckets,
            "relative_attention_max_distance": n.whole_in_layers(FARTHEST, 128, *BOTH),
            "dense_act_fn": n.activation(),
            "is_gated_act": self._is_gated,
            "layer_norm_epsilon": n.eps,
            "vocab_size": n.target.shape[0],
            "tie_word_embeddings": n.projection == n.target,
            "scale_decoder_outputs": self._is_rescaled(),
            "pad_token_id": tokens.bos,
            "eos_token_id": tokens.eos,
            "decoder_start_token_id": tokens.start,
        }

    def _check_products(self) -> None:
        """Insist that q kᵀ are not divided, and tokens not multiplied."""
        n = self.network
        own = n.same_in_layers("self_attention/queries_scale", 0, *BOTH)
        if n.is_scaled() or {own, n.same_in_layers("attention/queries_scale", 0, "decoder")} != {1}:
            raise self.binary.error(_("does not compute its scores as T5 does"))

    def _is_rescaled(self) -> bool:
        scale = self.network.number("decoder/scale_outputs", 1)
        if scale != 1 and abs(scale * self.network.d_model**0.5 - 1) > 1e-2:
            raise self.binary.error(_("decoder/scale_outputs is {value}; expected 1/√d_model").format(value=scale))
        return scale != 1

    def _bias(self, stack: str) -> Variable:
        """The bias by distance, which all layers of a stack have in common."""
        names = (f"{stack}/layer_{i}/{BIAS}" for i in range(self.network.layers(stack)))
        first, *others = map(self.network.need, names)
        if any(other != first for other in others):
            raise self.binary.error(_("{name} differs from layer to layer").format(name=BIAS))
        return first

    def _is_beside(self, name: str, variable: Variable) -> bool:
        return name.endswith(BIAS) or super()._is_beside(name, variable)

    def embeddings(self) -> Iterator[Stored]:
        n = self.network
        yield self.whole("shared.weight", n.target)
        if n.source != n.target:
            yield self.whole("encoder.embed_tokens.weight", n.source)
        if n.projection != n.target:
            yield self.whole("lm_head.weight", n.projection)
        for stack in BOTH:
            yield self.whole(f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight", self._bias(stack))


def family_of(network: Network) -> Family:
    """The family whose arithmetic is that of a file.

    Raises:
        InputError: none is.
    """
    kind = _kind(network)
    if kind is not Marian and network.whole(ZERO_START, 0):
        raise network.binary.error(_("starts its decoder from zeros; only Marian does so here"))
    return kind(network)


def _kind(network: Network) -> type[Family]:
    if f"encoder/layer_0/{BIAS}" in network.binary.variables:
        return T5
    network.need("encoder/layer_0/self_attention/layer_norm/beta", axes=1)
    first, form = network.norm_comes_first(), network.positions()
    has_norms, normalises = (network.both_have(name) for name in ("layer_norm", "layernorm_embedding"))
    match first, has_norms, normalises, form.kind:
        case _, _, False, "paper":
            return Paper
        case False, False, True, _ if form.is_stored:
            return Bart
        case True, True, True, _ if form.is_stored:
            return MBart
        case False, False, False, "halves":
            return Marian
        case True, True, False, "shifted" if form.first:
            return M2M100
    told = _("is of a form that no family here has: {norms}, {positions}")
    positions = spoken(WAVES[form.kind]).format(first=form.first)
    raise network.binary.error(told.format(norms=spoken(FORMS[first]), positions=positions))
