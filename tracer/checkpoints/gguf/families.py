"""What transformers calls an architecture of llama.cpp's: its type of model, its settings, its tensors.

Names and changes are those of llama.cpp's conversion (https://github.com/ggml-org/llama.cpp, convert_hf_to_gguf.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import field, replace
from typing import Any

import numpy as np

from ...dataclass import dataclass
from ..changed import Turned
from ..stored import Stored
from .tensors import Halved, Lessened

Change = Callable[[Stored, Mapping[str, Any]], Stored]
"""A tensor as transformers has it, by the configuration."""

LAYER = re.compile(r"(?:(enc|dec)\.)?blk\.(\d{1,6})\.(\w+)\.(weight|bias)")
OUTSIDE = re.compile(r"([\w.]+)\.(weight|bias)")
FACTORS = "rope_freqs.weight"
SHORT_FACTORS, LONG_FACTORS = "rope_factors_short.weight", "rope_factors_long.weight"
BESIDE = (FACTORS, SHORT_FACTORS, LONG_FACTORS)
"""Tensors that are settings."""


@dataclass(frozen=True)
class Family:
    """An architecture. ``settings`` are keys of config.json, each with the file's, less the name of the architecture.

    ``tensors`` are the file's names of those outside layers, and ``layers`` of those within, with transformers' names;
    ``changes`` are undone, by the same names. ``fixed`` is what the file does not state; ``biases`` are keys that say
    whether there is a tensor. ``required`` must be stated; with windows, it is the family ``windowed``.
    """

    model_type: str
    settings: Mapping[str, str]
    tensors: Mapping[str, str]
    layers: Mapping[str, str]
    changes: Mapping[str, Change] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    biases: Mapping[str, str] = field(default_factory=dict)
    windowed: str = ""
    required: tuple[str, ...] = ("embedding_length", "block_count", "feed_forward_length", "attention.head_count")

    def named(self, label: str) -> str:
        """What transformers calls a tensor; of one that is unknown, what the file does."""
        if match := LAYER.fullmatch(label):
            side, number, part, kind = match.groups()
            name = self.layers.get(f"{side}.{part}" if side else part)
            return label if name is None else f"{name.format(number)}.{kind}"
        match = OUTSIDE.fullmatch(label)
        name = self.tensors.get(match[1]) if match else None
        return label if match is None or name is None else f"{name}.{match[2]}"

    def change(self, label: str) -> Change | None:
        """What is to be done to a tensor, if anything is."""
        match = LAYER.fullmatch(label) or OUTSIDE.fullmatch(label)
        return self.changes.get(match[match.lastindex - 1]) if match and match.lastindex else None


def _queries(stored: Stored, config: Mapping[str, Any]) -> Stored:
    return _halved(stored, config.get("num_attention_heads"))


def _keys(stored: Stored, config: Mapping[str, Any]) -> Stored:
    return _halved(stored, config.get("num_key_value_heads", config.get("num_attention_heads")))


def _halved(stored: Stored, heads: Any) -> Stored:
    """The tensor with the halves of each head together, where it can be cut so: else its shape is wrong anyway."""
    fits = isinstance(heads, int) and heads > 0 and stored.shape and stored.shape[0] % (2 * heads) == 0
    return Halved(stored, heads) if fits else stored


def _lessened(stored: Stored, _config: Mapping[str, Any]) -> Stored:
    return Lessened(stored)


def _turned(stored: Stored, _config: Mapping[str, Any]) -> Stored:
    return Turned(stored) if len(stored.shape) == 2 else stored


SETTINGS = {
    "max_position_embeddings": "context_length",
    "hidden_size": "embedding_length",
    "num_hidden_layers": "block_count",
    "intermediate_size": "feed_forward_length",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
    "head_dim": "attention.key_length",
    "rms_norm_eps": "attention.layer_norm_rms_epsilon",
    "rope_theta": "rope.freq_base",
}
CAPPED = {"final_logit_softcapping": "final_logit_softcapping", "attn_logit_softcapping": "attn_logit_softcapping"}
WINDOW = {"sliding_window": "attention.sliding_window"}
SCALED = {
    "attention_multiplier": "attention.scale",
    "embedding_multiplier": "embedding_scale",
    "residual_multiplier": "residual_scale",
    "logits_scaling": "logit_scale",
}
TENSORS = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_LAYER = "model.layers.{}."
LAYERS = {
    "attn_norm": f"{_LAYER}input_layernorm",
    "attn_q": f"{_LAYER}self_attn.q_proj",
    "attn_k": f"{_LAYER}self_attn.k_proj",
    "attn_v": f"{_LAYER}self_attn.v_proj",
    "attn_output": f"{_LAYER}self_attn.o_proj",
    "attn_q_norm": f"{_LAYER}self_attn.q_norm",
    "attn_k_norm": f"{_LAYER}self_attn.k_norm",
    "ffn_norm": f"{_LAYER}post_attention_layernorm",
    "ffn_gate": f"{_LAYER}mlp.gate_proj",
    "ffn_up": f"{_LAYER}mlp.up_proj",
    "ffn_down": f"{_LAYER}mlp.down_proj",
}
AROUND = {
    "post_attention_norm": f"{_LAYER}post_attention_layernorm",
    "ffn_norm": f"{_LAYER}pre_feedforward_layernorm",
    "post_ffw_norm": f"{_LAYER}post_feedforward_layernorm",
}
"""The norms around each part of a layer."""
PHI3_LAYERS = {"attn_qkv": f"{_LAYER}self_attn.qkv_proj", "ffn_up": f"{_LAYER}mlp.gate_up_proj"}
GPT2_SETTINGS = {
    "n_positions": "context_length",
    "n_embd": "embedding_length",
    "n_layer": "block_count",
    "n_inner": "feed_forward_length",
    "n_head": "attention.head_count",
    "layer_norm_epsilon": "attention.layer_norm_epsilon",
}
GPT2_TENSORS = {
    "token_embd": "transformer.wte",
    "position_embd": "transformer.wpe",
    "output_norm": "transformer.ln_f",
    "output": "lm_head",
}
GPT2_LAYERS = {
    "attn_norm": "transformer.h.{}.ln_1",
    "attn_qkv": "transformer.h.{}.attn.c_attn",
    "attn_output": "transformer.h.{}.attn.c_proj",
    "ffn_norm": "transformer.h.{}.ln_2",
    "ffn_up": "transformer.h.{}.mlp.c_fc",
    "ffn_down": "transformer.h.{}.mlp.c_proj",
}
T5_SETTINGS = {
    "n_positions": "context_length",
    "d_model": "embedding_length",
    "d_ff": "feed_forward_length",
    "num_layers": "block_count",
    "num_decoder_layers": "decoder_block_count",
    "num_heads": "attention.head_count",
    "d_kv": "attention.key_length",
    "layer_norm_epsilon": "attention.layer_norm_rms_epsilon",
    "relative_attention_num_buckets": "attention.relative_buckets_count",
    "decoder_start_token_id": "decoder_start_token_id",
}
T5_TENSORS = {
    "token_embd": "shared",
    "output": "lm_head",
    "enc.output_norm": "encoder.final_layer_norm",
    "dec.output_norm": "decoder.final_layer_norm",
}


def _t5_layers(**ffn: str) -> Mapping[str, str]:
    """The parts of both stacks: attention, in the decoder a second one, and the feed-forward network behind them."""
    found: dict[str, str] = {}
    for side, stack, last in (("enc", "encoder", 1), ("dec", "decoder", 2)):
        block = f"{stack}.block.{{}}.layer."
        for prefix, layer, name in (("attn", 0, "SelfAttention"), ("cross_attn", 1, "EncDecAttention")):
            if layer < last:
                found |= {f"{side}.{prefix}_{part}": f"{block}{layer}.{name}.{part}" for part in "qkv"}
                found[f"{side}.{prefix}_o"] = f"{block}{layer}.{name}.o"
                found[f"{side}.{prefix}_rel_b"] = f"{block}{layer}.{name}.relative_attention_bias"
                found[f"{side}.{prefix}_norm"] = f"{block}{layer}.layer_norm"
        found[f"{side}.ffn_norm"] = f"{block}{last}.layer_norm"
        for part, name in ffn.items():
            found[f"{side}.ffn_{part}"] = f"{block}{last}.DenseReluDense.{name}"
    return found


HALVED: Mapping[str, Change] = {"attn_q": _queries, "attn_k": _keys}
NORMS = (
    *("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm", "output_norm"),
    "attn_q_norm",
    "attn_k_norm",
)
LESSENED: Mapping[str, Change] = dict.fromkeys(NORMS, _lessened)
TURNED: Mapping[str, Change] = dict.fromkeys(("attn_qkv", "attn_output", "ffn_up", "ffn_down"), _turned)
TANH = "gelu_pytorch_tanh"

BIASES = {"attention_bias": "blk.0.attn_q.bias", "mlp_bias": "blk.0.ffn_up.bias"}

FAMILIES: Mapping[str, Family] = {
    "llama": Family("llama", SETTINGS, TENSORS, LAYERS, HALVED, biases=BIASES, windowed="mistral"),
    "mistral": Family("mistral", SETTINGS | WINDOW, TENSORS, LAYERS, HALVED),
    "qwen2": Family("qwen2", SETTINGS, TENSORS, LAYERS),
    "qwen3": Family("qwen3", SETTINGS, TENSORS, LAYERS, biases=BIASES),
    "gemma": Family("gemma", SETTINGS, TENSORS, LAYERS, LESSENED, {"hidden_act": TANH}),
    "gemma2": Family(
        "gemma2", SETTINGS | CAPPED | WINDOW, TENSORS, LAYERS | AROUND, LESSENED, {"hidden_activation": TANH}
    ),
    "gemma3": Family(
        "gemma3_text",
        SETTINGS | CAPPED | WINDOW | {"rope_local_base_freq": "rope.freq_base_swa"},
        TENSORS,
        LAYERS | AROUND,
        LESSENED,
        {"hidden_activation": TANH, "sliding_window_pattern": 6, "rope_local_base_freq": 10000.0},
    ),
    "phi3": Family("phi3", SETTINGS | WINDOW, TENSORS, LAYERS | PHI3_LAYERS),
    "granite": Family("granite", SETTINGS | SCALED, TENSORS, LAYERS, HALVED, biases=BIASES),
    "olmo2": Family("olmo2", SETTINGS, TENSORS, LAYERS | AROUND, windowed="olmo3"),
    "olmo3": Family("olmo3", SETTINGS | WINDOW, TENSORS, LAYERS | AROUND),
    "smollm3": Family("smollm3", SETTINGS, TENSORS, LAYERS, HALVED, biases=BIASES),
    "gpt2": Family("gpt2", GPT2_SETTINGS, GPT2_TENSORS, GPT2_LAYERS, TURNED),
    "t5": Family(
        "t5",
        T5_SETTINGS,
        T5_TENSORS,
        _t5_layers(up="wi", down="wo"),
        fixed={"is_encoder_decoder": True, "feed_forward_proj": "relu"},
    ),
}
"""The architectures that are known, by llama.cpp's names."""
T5_GATED = replace(
    FAMILIES["t5"],
    layers=_t5_layers(gate="wi_0", up="wi_1", down="wo"),
    fixed={"is_encoder_decoder": True, "feed_forward_proj": "gated-gelu"},
)
GATE = "enc.blk.0.ffn_gate.weight"


def family_of(architecture: str, stated: Mapping[str, Any], labels: Collection[str]) -> Family:
    """The family of an architecture, by what else the file states and its tensors; unknown ones keep their names."""
    family = FAMILIES.get(architecture, Family(architecture, {}, {}, {}, required=()))
    if family.windowed and _any(stated.get(f"{architecture}.{WINDOW['sliding_window']}")):
        return FAMILIES[family.windowed]
    if architecture == "llama" and _any(stated.get("llama.expert_count")):
        return Family("mixtral", {}, {}, {}, required=())
    return T5_GATED if architecture == "t5" and GATE in labels else family


def _any(value: Any) -> bool:
    """Whether there are any of something, in one layer at least."""
    return bool(np.any(value)) if isinstance(value, int | np.ndarray) else False
