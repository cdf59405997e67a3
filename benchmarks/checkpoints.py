"""Random checkpoints of published sizes, in the published layout, for the benchmarks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tracer.models import architecture
from tracer.models.stated import Stated
from tracer.tensor import Axis

GPT2_SMALL = {
    "model_type": "gpt2",
    "architectures": ["GPT2LMHeadModel"],
    "vocab_size": 50257,
    "n_positions": 1024,
    "n_embd": 768,
    "n_head": 12,
    "n_layer": 12,
    "activation_function": "gelu_new",
    "bos_token_id": 50256,
    "eos_token_id": 50256,
}
OPUS_MT = {
    "model_type": "marian",
    "architectures": ["MarianMTModel"],
    "vocab_size": 65001,
    "decoder_vocab_size": 65001,
    "d_model": 512,
    "encoder_layers": 6,
    "decoder_layers": 6,
    "encoder_attention_heads": 8,
    "decoder_attention_heads": 8,
    "encoder_ffn_dim": 2048,
    "decoder_ffn_dim": 2048,
    "activation_function": "swish",
    "max_position_embeddings": 512,
    "scale_embedding": True,
    "share_encoder_decoder_embeddings": True,
    "static_position_embeddings": True,
    "tie_word_embeddings": True,
    "is_encoder_decoder": True,
    "decoder_start_token_id": 65000,
    "pad_token_id": 65000,
    "eos_token_id": 0,
}
T5_SMALL = {
    "model_type": "t5",
    "architectures": ["T5ForConditionalGeneration"],
    "vocab_size": 32128,
    "d_model": 512,
    "d_kv": 64,
    "d_ff": 2048,
    "num_layers": 6,
    "num_decoder_layers": 6,
    "num_heads": 8,
    "feed_forward_proj": "relu",
    "decoder_start_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 0,
    "is_encoder_decoder": True,
}
SIZES = {"gpt2": GPT2_SMALL, "marian": OPUS_MT}


def write(directory: Path, config: dict[str, Any], seed: int = 0) -> Path:
    """A checkpoint of that configuration with random F32 parameters, tied tables under one name, written once."""
    if (directory / "model.safetensors").exists():
        return directory
    from safetensors.numpy import save_file

    directory.mkdir(parents=True, exist_ok=True)
    kind = architecture(config["model_type"])
    layout = kind.layout(kind.configure(Stated(config)), Axis("vocab"), Axis("vocab"))
    random = np.random.default_rng(seed)
    copies = {name for shared in layout.shares for name in shared.names[1:]}
    tensors = {
        name: np.float32(0.02) * random.standard_normal(slot.shape, np.float32) + float("norm" in slot.paths[0])
        for name, slot in layout.slots.items()
        if name not in copies
    }
    tensors = {name: np.ascontiguousarray(tensor, np.float32) for name, tensor in tensors.items()}
    save_file(tensors, directory / "model.safetensors", {"format": "pt"})
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return directory
