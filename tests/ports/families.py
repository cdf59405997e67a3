"""The fixtures as torch and transformers compute them, and what the records of a run are called there.

A port has its modules by our addresses: ``port["decoder.0.self_attn.q"]``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
from nn_transformer import NnTransformer
from torch import Tensor, nn

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
FIXTURES = Path(__file__).parents[1] / "fixtures"
Model = Any
Arrays = dict[str, Tensor]

SELF_ATTN = {part: f"self_attn.{part}_proj" for part in "qkv"}
BART_LAYER = {
    **{f"self_attn.{part}": path for part, path in SELF_ATTN.items()},
    "self_attn.output": "self_attn.out_proj",
    "self_attn": "self_attn",
    "self_attn.norm": "self_attn_layer_norm",
    "ffn.hidden": "fc1",
    "ffn.activated": "activation_fn",
    "ffn.output": "fc2",
    "ffn.norm": "final_layer_norm",
}
BART_CROSS = {
    **{f"cross_attn.{part}": f"encoder_attn.{part}_proj" for part in "qkv"},
    "cross_attn.output": "encoder_attn.out_proj",
    "cross_attn": "encoder_attn",
    "cross_attn.norm": "encoder_attn_layer_norm",
}
GPT2_LAYER = {
    "self_attn.norm": "ln_1",
    "self_attn.qkv": "attn.c_attn",
    "self_attn.output": "attn.c_proj",
    "self_attn": "attn",
    "ffn.norm": "ln_2",
    "ffn.hidden": "mlp.c_fc",
    "ffn.activated": "mlp.act",
    "ffn.output": "mlp.c_proj",
}
LLAMA_LAYER = {
    "self_attn.norm": "input_layernorm",
    **{f"self_attn.{part}": path for part, path in SELF_ATTN.items()},
    "self_attn.q_norm": "self_attn.q_norm",
    "self_attn.k_norm": "self_attn.k_norm",
    "self_attn.output": "self_attn.o_proj",
    "self_attn": "self_attn",
    "ffn.norm": "post_attention_layernorm",
    "ffn.gate": "mlp.gate_proj",
    "ffn.activated": "mlp.act_fn",
    "ffn.up": "mlp.up_proj",
    "ffn.output": "mlp.down_proj",
}
NN_LAYER = {
    "self_attn": "self_attn",
    "self_attn.norm": "norm1",
    "ffn.hidden": "linear1",
    "ffn.output": "linear2",
}


def t5_attention(ours: str, theirs: str) -> Mapping[str, str]:
    """The modules of a T5 attention, ``theirs`` being like ``layer.0.SelfAttention``."""
    parts = {f"{ours}.{part}": f"{theirs}.{part}" for part in "qkv"}
    norm = theirs.rpartition(".")[0] + ".layer_norm"
    return {f"{ours}.norm": norm, **parts, f"{ours}.output": f"{theirs}.o", ours: theirs}


def t5_ffn(place: int) -> Mapping[str, str]:
    """The modules of a T5 feed-forward, gated or not."""
    dense = f"layer.{place}.DenseReluDense"
    linear = {"hidden": "wi", "gate": "wi_0", "activated": "act", "up": "wi_1", "output": "wo"}
    parts = {f"ffn.{ours}": f"{dense}.{path}" for ours, path in linear.items()}
    return {"ffn.norm": f"layer.{place}.layer_norm", **parts}


@dataclass(frozen=True)
class Family:
    """How a kind of model is laid out: what it has before and after its layers, and within a layer of each stack."""

    around: Mapping[str, str]
    layers: Mapping[str, tuple[str, Mapping[str, str]]]
    last: str
    """the last record of a layer"""


BART = Family(
    {
        **{f"{stack}.embed.tokens": f"model.{stack}.embed_tokens" for stack in ("encoder", "decoder")},
        **{f"{stack}.embed.positions": f"model.{stack}.embed_positions" for stack in ("encoder", "decoder")},
        **{f"{stack}.embed.norm": f"model.{stack}.layernorm_embedding" for stack in ("encoder", "decoder")},
        **{f"{stack}.norm": f"model.{stack}.layer_norm" for stack in ("encoder", "decoder")},
        "logits": "lm_head",
    },
    {
        "encoder": ("model.encoder.layers", BART_LAYER),
        "decoder": ("model.decoder.layers", BART_LAYER | BART_CROSS),
    },
    "ffn.norm",
)
GPT2 = Family(
    {
        "decoder.embed.tokens": "transformer.wte",
        "decoder.embed.positions": "transformer.wpe",
        "decoder.norm": "transformer.ln_f",
        "logits": "lm_head",
    },
    {"decoder": ("transformer.h", GPT2_LAYER)},
    "ffn.residual",
)
LLAMA = Family(
    {"decoder.embed.tokens": "model.embed_tokens", "decoder.norm": "model.norm", "logits": "lm_head"},
    {"decoder": ("model.layers", LLAMA_LAYER)},
    "ffn.residual",
)
T5 = Family(
    {
        "encoder.embed.tokens": "encoder.embed_tokens",
        "encoder.norm": "encoder.final_layer_norm",
        "decoder.embed.tokens": "decoder.embed_tokens",
        "decoder.norm": "decoder.final_layer_norm",
        "logits": "lm_head",
    },
    {
        "encoder": ("encoder.block", {**t5_attention("self_attn", "layer.0.SelfAttention"), **t5_ffn(1)}),
        "decoder": (
            "decoder.block",
            {
                **t5_attention("self_attn", "layer.0.SelfAttention"),
                **t5_attention("cross_attn", "layer.1.EncDecAttention"),
                **t5_ffn(2),
            },
        ),
    },
    "ffn.residual",
)
NN = Family(
    {
        "encoder.embed.tokens": "src_embed",
        "decoder.embed.tokens": "tgt_embed",
        "encoder.norm": "transformer.encoder.norm",
        "decoder.norm": "transformer.decoder.norm",
        "logits": "generator",
    },
    {
        "encoder": ("transformer.encoder.layers", NN_LAYER | {"ffn.norm": "norm2"}),
        "decoder": (
            "transformer.decoder.layers",
            NN_LAYER | {"cross_attn": "multihead_attn", "cross_attn.norm": "norm2", "ffn.norm": "norm3"},
        ),
    },
    "ffn.norm",
)
FAMILIES = {
    "bart": BART,
    "gpt2": GPT2,
    "llama": LLAMA,
    "marian": BART,
    "mbart": BART,
    "mistral": LLAMA,
    "qwen2": LLAMA,
    "qwen3": LLAMA,
    "t5": T5,
    "torch_nn_transformer": NN,
}
FIXED = (
    *("bart_tied", "gpt2", "gpt2_untied", "llama3_scaled", "llama_gqa", "marian_two_vocabularies", "marian_zh_en"),
    *("mbart_untied", "mistral_window", "qwen2", "qwen3", "t5_gated_silu", "t5_v1_0", "t5_v1_1", "torch_post"),
)
"""the fixtures with parameters of their own, by name"""


@dataclass
class Port:
    """A model of the fixture ``name`` with its inputs; where records lie in it is its family's."""

    name: str
    model: Model
    inputs: Arrays
    family: Family = field(init=False)
    config: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.config = json.loads((FIXTURES / self.name / "config.json").read_text())
        self.family = FAMILIES[self.config["model_type"]]

    @property
    def has_encoder(self) -> bool:
        return "encoder" in self.family.layers

    @property
    def is_prenorm(self) -> bool:
        """Whether what a layer adds is normalised before."""
        return self.family.last == "ffn.residual" or self.config["model_type"] == "mbart"

    def paths(self) -> Iterator[tuple[str, str]]:
        """Every address that has a module here, with the path of that: stacks in order, embeddings first."""
        modules = dict(self.model.named_modules(remove_duplicate=False))
        for ours, theirs in self._every_path():
            if theirs in modules:
                yield ours, theirs

    def _every_path(self) -> Iterator[tuple[str, str]]:
        around = self.family.around
        for stack, (path, layer) in self.family.layers.items():
            before = f"{stack}.embed."
            yield from ((ours, theirs) for ours, theirs in around.items() if ours.startswith(before))
            for number in range(len(self.model.get_submodule(path))):
                yield from ((f"{stack}.{number}.{ours}", f"{path}.{number}.{theirs}") for ours, theirs in layer.items())
            yield from ((ours, theirs) for ours, theirs in around.items() if ours == f"{stack}.norm")
        yield from ((ours, theirs) for ours, theirs in around.items() if ours == "logits")

    def under(self, at: str) -> list[tuple[str, nn.Module]]:
        """The modules whose address is ``at`` or below it; all of them where that is empty."""
        return [(ours, self.model.get_submodule(theirs)) for ours, theirs in self.paths() if is_below(ours, at)]

    def __getitem__(self, address: str) -> Any:
        return self.model.get_submodule(dict(self.paths())[address])

    def layers(self, at: str) -> list[tuple[str, nn.Module]]:
        """The layers below ``at`` or around it, with the address of each."""
        every = [
            (f"{stack}.{number}", layer)
            for stack, (path, _names) in self.family.layers.items()
            for number, layer in enumerate(self.model.get_submodule(path))
        ]
        return [(ours, layer) for ours, layer in every if is_below(ours, at) or is_below(at, ours)]


def is_below(address: str, at: str) -> bool:
    """Whether an address is another, or lies below it; below none lies every one."""
    return not at or address == at or address.startswith(f"{at}.")


def opened(name: str, dtype: torch.dtype = torch.float32, attention: str = "eager") -> Port:
    """The fixture of that name with ids to read."""
    config = json.loads((FIXTURES / name / "config.json").read_text())
    if config["model_type"] == "torch_nn_transformer":
        return Port(name, NnTransformer.read(FIXTURES / name).to(dtype), ids(config))
    kind = getattr(transformers, config["architectures"][0])
    model = kind.from_pretrained(FIXTURES / name, attn_implementation=attention, dtype=dtype).eval()
    return Port(name, model, ids(config))


def ids(config: Mapping[str, Any]) -> Arrays:
    """Ids for a model to read, the same each time and none of them special."""
    generator = torch.Generator().manual_seed(len(json.dumps(config)))
    vocabulary = config.get("vocab_size") or config["source_vocab"]
    found = {"input_ids": torch.randint(4, vocabulary - 4, (1, 10), generator=generator)}
    if "target_vocab" in config or config.get("is_encoder_decoder"):
        target = config.get("decoder_vocab_size") or config.get("target_vocab") or vocabulary
        start = config.get("decoder_start_token_id", config.get("bos_id"))
        read = torch.randint(4, target - 4, (1, 6), generator=generator)
        found["decoder_input_ids"] = torch.cat([torch.tensor([[start]]), read], 1)
    return found
