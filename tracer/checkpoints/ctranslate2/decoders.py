"""The families of decoders alone that files of CTranslate2's are of: GPT-2's, and Llama's with its relatives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ...i18n import _
from ..changed import Turned
from ..stored import Stored
from .family import Family, Parts, Tokens
from .network import HEADS, Network

LAYER = "decoder/layer_0"
LINEAR, SCALING = 0, "self_attention/rotary_scaling_type"
FUSED = "self_attention/linear_0"
LONGEST = 1 << 15
"""Positions that are stated where the file does not say how many a model is made for."""


class DecoderOnly(Family):
    """What they have in common: the embeddings under one name, and the projection under another where it differs."""

    is_biased = False
    embedding: ClassVar[str]

    def embeddings(self) -> Iterator[Stored]:
        n = self.network
        yield self.whole(self.embedding, n.target)
        if n.projection != n.target:
            yield self.whole("lm_head.weight", n.projection)

    def _tokens(self, tokens: Tokens) -> Mapping[str, Any]:
        n = self.network
        return {
            "vocab_size": n.target.shape[0],
            "tie_word_embeddings": n.projection == n.target,
            "bos_token_id": tokens.bos,
            "eos_token_id": tokens.eos,
        }

    def _check_unscaled(self) -> None:
        """Insist on what all of them have: norms come first, and tokens are not multiplied."""
        if self.network.is_scaled() or not self.network.norm_comes_first():
            raise self.binary.error(_("is a decoder of a form that no family here has"))


class Gpt2(DecoderOnly):
    """GPT-2, whose linear maps transformers has the other way round."""

    layer = "transformer.h.{i}."
    outer: ClassVar[Mapping[str, str]] = {"decoder/layer_norm": "transformer.ln_f"}
    embedding = "transformer.wte.weight"

    def parts(self, stack: str) -> Parts:
        return {
            "self_attention/linear_0": ("attn.c_attn",),
            "self_attention/linear_1": ("attn.c_proj",),
            "self_attention/layer_norm": ("ln_1",),
            "ffn/layer_norm": ("ln_2",),
            "ffn/linear_0": ("mlp.c_fc",),
            "ffn/linear_1": ("mlp.c_proj",),
        }

    def tensors(self) -> Iterator[Stored]:
        for stored in super().tensors():
            is_turned = stored.name.startswith("transformer.h.") and len(stored.shape) == 2
            yield Turned(stored) if is_turned else stored

    def embeddings(self) -> Iterator[Stored]:
        yield from super().embeddings()
        yield self.whole("transformer.wpe.weight", self.network.need(POSITIONS))

    def config(self, tokens: Tokens) -> dict[str, Any]:
        n = self.network
        self._check_unscaled()
        return {
            "model_type": "gpt2",
            "n_embd": n.d_model,
            "n_positions": n.need(POSITIONS).shape[0],
            "n_head": n.heads("decoder"),
            "n_layer": n.layers("decoder"),
            "n_inner": n.ffn("decoder"),
            "activation_function": n.activation(),
            "layer_norm_epsilon": n.eps,
            **self._tokens(tokens),
        }


POSITIONS = "decoder/position_encodings/encodings"


class Llama(DecoderOnly):
    """Llama; a relative where queries and keys have norms or biases of their own, or see no more than a window."""

    layer = "model.layers.{i}."
    outer: ClassVar[Mapping[str, str]] = {"decoder/layer_norm": "model.norm"}
    embedding = "model.embed_tokens.weight"

    def parts(self, stack: str) -> Parts:
        return {
            FUSED: ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
            "self_attention/linear_1": ("self_attn.o_proj",),
            "self_attention/q_norm": ("self_attn.q_norm",),
            "self_attention/k_norm": ("self_attn.k_norm",),
            "self_attention/layer_norm": ("input_layernorm",),
            "ffn/layer_norm": ("post_attention_layernorm",),
            "ffn/linear_0": ("mlp.gate_proj",),
            "ffn/linear_0_noact": ("mlp.up_proj",),
            "ffn/linear_1": ("mlp.down_proj",),
        }

    def shares(self, names: Sequence[str], count: int) -> Sequence[int]:
        if len(names) == 1:
            return [count]
        heads, keys, width = self._heads
        return [heads * width, keys * width, keys * width]

    @property
    def _heads(self) -> tuple[int, int, int]:
        """How many heads there are, how many of keys, and their features."""
        n = self.network
        heads = n.whole("decoder/num_heads", HEADS)
        keys = n.whole_in_layers("self_attention/num_heads_kv", heads, "decoder")
        width = n.whole_in_layers("self_attention/head_dim", n.d_model // max(heads, 1), "decoder")
        return heads, keys, width

    def config(self, tokens: Tokens) -> dict[str, Any]:
        n = self.network
        self._check_unscaled()
        heads, keys, width = self._heads
        self._check_turned(width)
        return {
            "model_type": self._family,
            "hidden_size": n.d_model,
            "intermediate_size": n.ffn("decoder"),
            "num_attention_heads": heads,
            "num_key_value_heads": keys,
            "head_dim": width,
            "num_hidden_layers": n.layers("decoder"),
            "max_position_embeddings": LONGEST,
            "hidden_act": n.activation(),
            "rms_norm_eps": n.eps,
            "rope_theta": n.same_in_layers("self_attention/rotary_base", 10000.0, "decoder"),
            **self._differences(),
            **self._tokens(tokens),
        }

    def _check_turned(self, width: int) -> None:
        """Insist that q and k are turned in whole, features i and i + d_k/2 together."""
        n = self.network
        turned = n.same_in_layers("self_attention/rotary_dim", width, "decoder")
        pairs = n.same_in_layers("self_attention/rotary_interleave", 0, "decoder")
        if turned not in (0, width) or pairs:
            raise self.binary.error(_("turns queries and keys in a way that no family here does"))

    @property
    def _family(self) -> str:
        if self._has("q_norm/gamma"):
            return "qwen3"
        if self._has("linear_0/bias") and not self._has("linear_1/bias"):
            return "qwen2"
        return "mistral" if self._window else "llama"

    def _differences(self) -> Mapping[str, Any]:
        """What not all of them state."""
        found: dict[str, Any] = {"attention_bias": self._has("linear_1/bias")} if self._family != "qwen2" else {}
        if self.network.states(f"{LAYER}/{SCALING}") and self.network.same_in_layers(SCALING, 0, "decoder") == LINEAR:
            factor = self.network.same_in_layers("self_attention/rotary_scaling_factor", 1, "decoder")
            found["rope_scaling"] = {"rope_type": "linear", "factor": factor}
        if self._window:
            found["sliding_window"] = self._window
        return found if self._family != "mistral" else {k: v for k, v in found.items() if k != "attention_bias"}

    @property
    def _window(self) -> int:
        """How many keys a query sees; 0 for all."""
        self.network.same_in_layers("self_attention/sliding_window", 0, "decoder")
        return self.network.whole("decoder/sliding_window", 0)

    def _has(self, name: str) -> bool:
        return f"{LAYER}/self_attention/{name}" in self.binary.variables


def decoder_of(network: Network) -> Family:
    """The family whose arithmetic is that of a file.

    Raises:
        InputError: none is.
    """
    is_turned = network.states(f"{LAYER}/self_attention/rotary_base")
    variables = network.binary.variables
    if is_turned and f"{LAYER}/ffn/linear_0_noact/weight" in variables and f"{LAYER}/ffn/layer_norm/gamma" in variables:
        return Llama(network)
    if POSITIONS in variables and f"{LAYER}/ffn/layer_norm/beta" in variables:
        return Gpt2(network)
    raise network.binary.error(_("is a decoder of a form that no family here has"))
