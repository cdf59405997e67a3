"""Ports of the built-in tiny model with one mistake each, in plain torch: what `port-a` to `port-d` are made with."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from plain_torch import PlainTorch
from torch import Tensor

ATTENTION = "encoder.0.self_attn"


class SeesOneAhead(PlainTorch):
    """The causal mask is one place off: each position sees the next token."""

    def attend(self, path: str, x: Tensor, keys: Tensor, hidden: Tensor, *, is_scaled: bool) -> Tensor:
        return super().attend(path, x, keys, hidden.triu(2), is_scaled=is_scaled)


class SwapsQueriesAndKeys(PlainTorch):
    """The encoder's queries are projected by what keys are projected by, and keys by what queries are."""

    def heads(self, path: str, x: Tensor) -> Tensor:
        other = {f"{ATTENTION}.q": f"{ATTENTION}.k", f"{ATTENTION}.k": f"{ATTENTION}.q"}.get(path, path)
        before = self.kept.get(other)
        projected = self.keep(path, super().heads(other, x))
        if before is not None:
            self.keep(other, before)
        return projected


class WeavesHeads(PlainTorch):
    """The encoder's heads are put together feature by feature in place of side by side."""

    def linear(self, path: str, x: Tensor) -> Tensor:
        if path == f"{ATTENTION}.output":
            x = x.unflatten(1, (self.config["heads"], -1)).transpose(1, 2).flatten(1)
        return super().linear(path, x)


class ForgetsTheBias(PlainTorch):
    """The norm after the encoder's feed-forward network has no bias."""

    def add_and_norm(self, path: str, x: Tensor, sublayer: Tensor) -> Tensor:
        name = f"{path}.norm.bias"
        bias = self.parameters[name]
        if path == "encoder.0.ffn":
            self.parameters[name] = torch.zeros_like(bias)
        normed = super().add_and_norm(path, x, sublayer)
        self.parameters[name] = bias
        return normed


PORTS: Mapping[str, type[PlainTorch]] = {
    "port-a": SeesOneAhead,
    "port-b": SwapsQueriesAndKeys,
    "port-c": WeavesHeads,
    "port-d": ForgetsTheBias,
}
