"""Configurations as they are published, with their sizes made small and all else left as it is.

`fixtures/stated/configs.json` has the facts of some config.json files of https://huggingface.co, each by the name of
its repository there.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

STATED = Path(__file__).parents[2] / "fixtures" / "stated"
CONFIGS: Mapping[str, dict[str, Any]] = json.loads((STATED / "configs.json").read_text(encoding="utf-8"))

Config = dict[str, Any]

FEATURES, HEADS, KV_HEADS, LAYERS, FFN, VOCABULARY, POSITIONS = 32, 4, 2, 2, 40, 61, 64
WIDER = 12
"""features of a head where they are stated to be others than d_model / heads"""
SPECIAL = 6
"""the last ids of the vocabulary, which stand for the last ones of the published vocabulary"""
IDS = [int(i) for i in np.random.RandomState(0).randint(4, VOCABULARY - SPECIAL, 24)]
TARGET = IDS[:9]

D_MODEL = ("hidden_size", "d_model", "n_embd", "dim")
ALL_HEADS = ("num_attention_heads", "num_heads", "n_head", "n_heads")
TO: Mapping[str, int] = {
    **dict.fromkeys(D_MODEL, FEATURES),
    **dict.fromkeys((*ALL_HEADS, "encoder_attention_heads", "decoder_attention_heads"), HEADS),
    **dict.fromkeys(("num_hidden_layers", "num_layers", "num_decoder_layers", "n_layer", "n_layers"), LAYERS),
    **dict.fromkeys(("encoder_layers", "decoder_layers", "sliding_window_pattern"), LAYERS),
    **dict.fromkeys(("intermediate_size", "d_ff", "ffn_dim", "hidden_dim", "n_inner"), FFN),
    **dict.fromkeys(("encoder_ffn_dim", "decoder_ffn_dim"), FFN),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size"), FFN // 2),
    **dict.fromkeys(("vocab_size", "decoder_vocab_size"), VOCABULARY),
    **dict.fromkeys(("num_local_experts", "num_experts"), 6),
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 16,
}
"""What a size is made, whatever it was."""
LENGTHS = ("max_position_embeddings", "n_positions", "n_ctx", "sliding_window", "original_max_position_embeddings")


def scaled(config: Config) -> Config:
    """The same for a small model: what was equal, or larger, or a part of something, is so still."""
    if "text_config" in config:
        return config | {"text_config": scaled(config["text_config"])}
    found = config | {key: size for key, size in TO.items() if config.get(key) is not None}
    for change in (_heads, _lengths, _layers, _tokens, _others):
        found |= change(config)
    return found


def _first(config: Config, keys: tuple[str, ...], default: int) -> int:
    return next((int(config[key]) for key in keys if config.get(key) is not None), default)


def _heads(config: Config) -> Config:
    d_model, heads = _first(config, D_MODEL, 4096), _first(config, ALL_HEADS, 32)
    sizes = {key: config[key] for key in ("head_dim", "d_kv") if config.get(key) is not None}
    found = {key: FEATURES // HEADS if size * heads == d_model else WIDER for key, size in sizes.items()}
    if kv_heads := config.get("num_key_value_heads"):
        found["num_key_value_heads"] = {1: 1, heads: HEADS}.get(kv_heads, KV_HEADS)
    return found


def _lengths(config: Config) -> Config:
    """Lengths keep their proportions to the longest text."""
    longest = _first(config, LENGTHS[:2], 4096)
    beyond = longest % 512
    whole = longest - beyond

    def shorter(length: int) -> int:
        return max(4, POSITIONS * length // whole) + (beyond if length == longest else 0)

    found = {key: shorter(config[key]) for key in LENGTHS if config.get(key) is not None}
    for key in ("rope_scaling", "rope_parameters"):
        inner = config.get(key) or {}
        if original := inner.get(LENGTHS[-1]):
            found[key] = inner | {LENGTHS[-1]: shorter(original)}
    return found


def _layers(config: Config) -> Config:
    """Of a list with an entry for each layer, one of each kind, or the first ones."""
    lists = {key: config[key] for key in ("layer_types", "no_rope_layers") if config.get(key) is not None}
    found: Config = {key: [*dict.fromkeys(kinds), *kinds][:LAYERS] for key, kinds in lists.items()}
    if (since := config.get("max_window_layers")) is not None:
        found["max_window_layers"] = min(LAYERS, LAYERS * since // int(config["num_hidden_layers"]))
    return found


def _tokens(config: Config) -> Config:
    """Ids near the end of the vocabulary stay as near to it, those at its beginning stay what they are."""
    size = int(config.get("vocab_size", 0))

    def nearer(value: Any) -> Any:
        if isinstance(value, list):
            return [nearer(one) for one in value]
        return value if value < VOCABULARY - SPECIAL else max(VOCABULARY - SPECIAL, VOCABULARY - size + value)

    keys = (key for key in config if key.endswith("_token_id") or key == "bad_words_ids")
    return {key: nearer(config[key]) for key in keys if config[key] is not None}


def _others(config: Config) -> Config:
    """What only one family has."""
    found: Config = {}
    if "word_embed_proj_dim" in config:
        found["word_embed_proj_dim"] = FEATURES if config["word_embed_proj_dim"] == config["hidden_size"] else 24
    if "num_experts_per_tok" in config:
        found["num_experts_per_tok"] = min(3, int(config["num_experts_per_tok"]))
    return found


def numbers(name: str, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The parameters of that name and shape: chosen by chance, and always the same."""
    random = np.random.RandomState(zlib.crc32(name.encode()))
    return (0.3 * random.standard_normal(shape)).astype(np.float32)
