"""What a port writes down of itself: more or less of what its modules yield."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import torch
from families import Arrays, Port
from torch import Tensor, nn

KEPT = {
    "full": ("*",),
    "weights": ("*",),
    "layers": ("*layers.[0-9]", "*.h.[0-9]", "*block.[0-9]"),
    "attention": ("*attn", "*Attention", "*attn.c_attn"),
    "hidden": ("*hidden_state*",),
    "logits": ("logits",),
}
"""By kind of dump: the names that are in it, beside the ids."""


def is_told(module: nn.Module, name: str) -> bool:
    """Whether a dump has what a module yields: leaves, layers and attentions."""
    parent, _dot, last = name.rpartition(".")
    is_layer = last.isdigit() and parent.endswith(("layers", ".h", "block"))
    return not list(module.children()) or is_layer or type(module).__name__.endswith("Attention")


@torch.no_grad()
def computed(port: Port, kind: str = "full") -> tuple[Arrays, Any]:
    """What modules yield by name, without the batch axis, and what the model answers."""
    found: Arrays = {}
    for name, module in port.model.named_modules():
        if is_told(module, name):
            module.register_forward_hook(keeping(found, name, kind))
    given = port.inputs | ({"output_hidden_states": True} if kind == "hidden" else {})
    answer = port.model(**given)
    found |= hidden_states(answer) if kind == "hidden" else {}
    found["logits"] = answer.logits
    kept = {name: array for name, array in found.items() if any(fnmatchcase(name, glob) for glob in KEPT[kind])}
    return {name: array.detach()[0] for name, array in (kept | port.inputs).items()}, answer


def keeping(found: Arrays, name: str, kind: str) -> Any:
    """A hook that keeps what a module yields, and attention weights where a dump has them."""

    def hook(module: nn.Module, _given: Any, out: Any) -> None:
        first, *more = out if isinstance(out, tuple) else (out,)
        if not isinstance(first, Tensor) or name in found:
            return
        found[name] = first.clone()
        if kind == "weights" and type(module).__name__.endswith("Attention"):
            weights = [(n, array) for n, array in enumerate(more, 1) if isinstance(array, Tensor)]
            found.update({f"{name}.output.{n}": array.clone() for n, array in weights})

    return hook


def hidden_states(answer: Any) -> Arrays:
    """The hidden states that the model answers, as it calls them."""
    return {name: array for key, value in answer.items() if "hidden_state" in key for name, array in named(key, value)}


def named(key: str, value: Any) -> Iterator[tuple[str, Tensor]]:
    """A tensor, or each of several by its number."""
    if isinstance(value, Tensor):
        yield key, value
    else:
        yield from ((f"{key}.{number}", array) for number, array in enumerate(value))
