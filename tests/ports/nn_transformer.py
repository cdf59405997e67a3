"""The paper's model around `torch.nn.Transformer`, as people build it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn


class Positions(nn.Module):
    """Adds sin and cos of the position, counted from ``start``."""

    def __init__(self) -> None:
        super().__init__()
        self.start = 0

    def forward(self, x: Tensor) -> Tensor:
        d_model = x.shape[-1]
        frequencies = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        angles = torch.arange(self.start, self.start + x.shape[1])[:, None] * frequencies
        return x + torch.stack([angles.sin(), angles.cos()], -1).flatten(1).to(x.dtype)


class NnTransformer(nn.Module):
    """Ids of both sides -> logits."""

    def __init__(self, config: dict[str, Any], *, norm_first: bool = False) -> None:
        super().__init__()
        d_model, layers = config["d_model"], config["layers"]
        self.src_embed = nn.Embedding(config["source_vocab"], d_model)
        self.tgt_embed = nn.Embedding(config["target_vocab"], d_model)
        self.positions = Positions()
        self.transformer = nn.Transformer(
            *(d_model, config["heads"], layers, layers, config["ffn"]),
            batch_first=True,
            norm_first=norm_first,
        )
        self.generator = nn.Linear(d_model, config["target_vocab"])
        self.scale = math.sqrt(d_model)

    @classmethod
    def read(cls, directory: Path, *, norm_first: bool = False) -> NnTransformer:
        """The checkpoint in a directory, by the slow path, which calls every module."""
        torch.backends.mha.set_fastpath_enabled(False)
        model = cls(json.loads((directory / "config.json").read_text()), norm_first=norm_first)
        model.load_state_dict(load_file(directory / "model.safetensors"))
        return model.eval()

    def forward(self, input_ids: Tensor, decoder_input_ids: Tensor) -> Any:
        length = decoder_input_ids.shape[1]
        future = torch.ones(length, length, dtype=torch.bool).triu(1)
        source = self.positions(self.src_embed(input_ids) * self.scale)
        target = self.positions(self.tgt_embed(decoder_input_ids) * self.scale)
        return SimpleNamespace(logits=self.generator(self.transformer(source, target, tgt_mask=self.seen(future))))

    def seen(self, future: Tensor) -> Tensor:
        """The mask as it is handed on."""
        return future
