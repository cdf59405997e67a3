"""The built-in tiny model once more, in plain torch and float64: what its references are computed with.

Nothing of `tracer` is used here. Whatever is computed is kept under the address that it has there.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

TEXTS = {"source": "我爱你", "target": "i love you"}
Arrays = dict[str, Tensor]


@dataclass
class PlainTorch:
    """A checkpoint of the model type `transformer`, post-norm and tied; ``kept`` is what the last pass computed.

    ``is_cross_scaled`` says that the scores of cross-attention are divided by √d_k, as they must be.
    """

    config: dict[str, Any]
    parameters: Arrays
    is_cross_scaled: bool = True
    kept: Arrays = field(default_factory=dict)

    @classmethod
    def read(cls, directory: Path, *, is_cross_scaled: bool = True) -> PlainTorch:
        """The checkpoint in a directory."""
        tensors = load_file(directory / "model.safetensors")
        parameters = {name: tensor.double() for name, tensor in tensors.items()}
        return cls(json.loads((directory / "config.json").read_text()), parameters, is_cross_scaled)

    def logits(self, source: list[int], target: list[int]) -> Tensor:
        """Source and target ids -> [position, vocab], one pass of teacher forcing."""
        self.kept.clear()
        memory = self.embed("encoder", source)
        for i in range(self.config["encoder_layers"]):
            memory = self.feed_forward(f"encoder.{i}", self.self_attention(f"encoder.{i}", memory, is_causal=False))
        x = self.embed("decoder", target)
        for i in range(self.config["decoder_layers"]):
            x = self.self_attention(f"decoder.{i}", x, is_causal=True)
            x = self.feed_forward(f"decoder.{i}", self.cross_attention(f"decoder.{i}", x, memory))
        return self.keep("logits", x @ self.parameters["decoder.embed.weight"].T)

    def greedy(self, source: list[int]) -> list[int]:
        """Source ids -> target ids, from the start token to the end token."""
        target = [self.config["bos_id"]]
        while target[-1] != self.config["eos_id"] and len(target) <= self.config["max_source"]:
            target.append(int(self.logits(source, target)[-1].argmax()))
        return target

    def keep(self, address: str, tensor: Tensor) -> Tensor:
        """The tensor, kept under its address."""
        self.kept[address] = tensor
        return tensor

    def embed(self, stack: str, ids: list[int]) -> Tensor:
        """Ids -> [position, feature]: E[ids] · √d_model + sin and cos of the position."""
        d_model = self.config["d_model"]
        tokens = self.keep(f"{stack}.embed.tokens", self.parameters[f"{stack}.embed.weight"][ids] * math.sqrt(d_model))
        frequencies = 10000.0 ** (-torch.arange(0, d_model, 2, dtype=torch.float64) / d_model)
        angles = torch.outer(torch.arange(len(ids), dtype=torch.float64), frequencies)
        positions = torch.stack([angles.sin(), angles.cos()], -1).flatten(1)
        return self.keep(f"{stack}.embed.output", tokens + self.keep(f"{stack}.embed.positions", positions))

    def self_attention(self, layer: str, x: Tensor, *, is_causal: bool) -> Tensor:
        """[position, feature] -> the same, with Add & Norm."""
        path = f"{layer}.self_attn"
        future = torch.ones(len(x), len(x)).triu(1) if is_causal else torch.zeros(len(x), len(x))
        return self.add_and_norm(path, x, self.attend(path, x, x, future.bool(), is_scaled=True))

    def cross_attention(self, layer: str, x: Tensor, memory: Tensor) -> Tensor:
        """[query, feature] and [key, feature] -> [query, feature], with Add & Norm."""
        path = f"{layer}.cross_attn"
        hidden = torch.zeros(len(x), len(memory)).bool()
        return self.add_and_norm(path, x, self.attend(path, x, memory, hidden, is_scaled=self.is_cross_scaled))

    def attend(self, path: str, x: Tensor, keys: Tensor, hidden: Tensor, *, is_scaled: bool) -> Tensor:
        """softmax(QKᵀ/√d_k) V, heads side by side, projected: [query, feature]."""
        q, k, v = self.heads(f"{path}.q", x), self.heads(f"{path}.k", keys), self.heads(f"{path}.v", keys)
        products = q @ k.transpose(1, 2)
        scores = self.keep(f"{path}.scores", products / math.sqrt(q.shape[-1]) if is_scaled else products)
        weights = self.keep(f"{path}.weights", scores.masked_fill(hidden, -math.inf).softmax(-1))
        concat = self.keep(f"{path}.heads", weights @ v).transpose(0, 1).flatten(1)
        return self.linear(f"{path}.output", concat)

    def heads(self, path: str, x: Tensor) -> Tensor:
        """[position, feature] -> [head, position, d_k]."""
        projected = F.linear(x, self.parameters[f"{path}.weight"], self.parameters[f"{path}.bias"])
        return self.keep(path, projected.unflatten(-1, (self.config["heads"], -1)).transpose(0, 1))

    def feed_forward(self, layer: str, x: Tensor) -> Tensor:
        """[position, feature] -> the same: two linear maps with ReLU between them, with Add & Norm."""
        activated = self.keep(f"{layer}.ffn.activated", self.linear(f"{layer}.ffn.hidden", x).relu())
        return self.add_and_norm(f"{layer}.ffn", x, self.linear(f"{layer}.ffn.output", activated))

    def linear(self, path: str, x: Tensor) -> Tensor:
        """x Wᵀ + b."""
        return self.keep(path, F.linear(x, self.parameters[f"{path}.weight"], self.parameters[f"{path}.bias"]))

    def add_and_norm(self, path: str, x: Tensor, sublayer: Tensor) -> Tensor:
        """LayerNorm(x + Sublayer(x))."""
        residual = self.keep(f"{path}.residual", x + sublayer)
        gain, bias = self.parameters[f"{path}.norm.weight"], self.parameters[f"{path}.norm.bias"]
        return self.keep(f"{path}.norm", F.layer_norm(residual, gain.shape, gain, bias, self.config["norm_eps"]))


def computed(directory: Path, port: type[PlainTorch] = PlainTorch, *, is_cross_scaled: bool = True) -> Arrays:
    """What a port of the model in a directory makes of `TEXTS`: ids as int32, all else as float32."""
    model = port.read(directory, is_cross_scaled=is_cross_scaled)
    source, target = (ids_of(directory / f"{side}_tokenizer.json", text) for side, text in TEXTS.items())
    read = [model.config["bos_id"], *target]
    arrays: Arrays = {"source_ids": torch.tensor([source]), "target_ids": torch.tensor([read])}
    arrays["greedy.ids"] = torch.tensor([model.greedy(source)])
    model.logits(source, read)
    return {name: array.int() for name, array in arrays.items()} | {
        name: array.float().contiguous() for name, array in model.kept.items()
    }


def ids_of(file: Path, text: str) -> list[int]:
    """A text as a tokenizer has it, the end token last."""
    return list(Tokenizer.from_file(str(file)).encode(text).ids)
