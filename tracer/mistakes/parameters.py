"""Mistakes in which trained numbers are read, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ..edits import Call
from ..i18n import N_, Message
from ..operation import Trait
from ..ops.linear import Part, RowProduct
from .mistake import Mistake
from .reordered import Turned

LOGITS = "logits"


def _unbiased(call: Call) -> Call | None:
    is_biased = isinstance(call.op, RowProduct) and call.parameters.get("bias") is not None
    return call.having(bias=None) if is_biased else None


class MissingBias(Mistake):
    """Linear maps without the bias that the checkpoint has for them."""

    sentence = N_("the bias of linear maps is left out")
    where = N_("nn.Linear(…, bias=False), or a …bias that the loader did not find (strict=False)")
    needs = N_("a linear map with a bias")

    def wrong(self, call: Call) -> Call | None:
        return _unbiased(call) if call.path != LOGITS else None


class LogitsBias(Mistake):
    """The bias of the logits left out."""

    sentence = N_("the bias of the logits is left out")
    where = N_("final_logits_bias (Marian, BART) is a buffer, which no nn.Linear has a place for")
    needs = N_("logits with a bias")

    def wrong(self, call: Call) -> Call | None:
        return _unbiased(call) if call.path == LOGITS else None


class Transposed(Mistake):
    """Square matrices the other way round, which no shape gives away."""

    sentence = N_("square matrices of linear maps are turned over")
    where = N_("nn.Linear has [out, in], Conv1D of GPT-2 has [in, out]: does the loader turn each the right way?")
    needs = N_("a linear map with a square matrix")

    def wrong(self, call: Call) -> Call | None:
        if not isinstance(call.op, RowProduct):
            return None
        weight = call.parameters["weight"]
        return call.having(weight=Turned(weight)) if weight.shape[0] == weight.shape[1] else None


class Swapped(Mistake):
    """One projection or norm computed with the parameters of another, and the other way round."""

    sentence = N_("two projections, or two norms of a layer, have each other's parameters")
    where = N_("the order of the parts of a fused matrix, and the map of names")
    needs = N_("two projections or norms of one shape")
    variants: ClassVar[Sequence[str]] = ("q/k", "k/v", "gate/up", "norms")
    places: ClassVar[Mapping[str, Message]] = {
        **dict.fromkeys(("q/k", "k/v"), N_("the order of q, k and v in a fused matrix or in the map of names")),
        "gate/up": N_("gate_proj and up_proj in the map of names; the activation is of the gate"),
        "norms": N_("the norm of the self-attention and that of the feed-forward in the map of names"),
    }

    def wrong(self, call: Call) -> Call | None:
        if self.variant == "norms":
            return self._with(call, _other_norm(call)) if Trait.NORM in call.op.traits else None
        other = _other(self.variant, call.name.removesuffix("_new"))
        if other is not None and isinstance(call.op, Part):
            return call.having(part="qkv".index(other))
        is_one = other is not None and isinstance(call.op, RowProduct)
        return self._with(call, f"{call.scope}.{other}") if is_one else None

    def _with(self, call: Call, path: str | None) -> Call | None:
        """The call with the parameters under another path, where there are some that fit."""
        found = self._of(call, path) if path else {}
        return call.having(**found) if found else None

    def _of(self, call: Call, path: str) -> Mapping[str, Any]:
        """The parameters under another path, if they are of the same shapes as those of a call."""
        own = {name: call.parameters.get(name) for name in ("weight", "bias")}
        found = {name: self.parameters.get(f"{path}.{name}") if self.parameters else None for name in own}
        shapes = [[None if part is None else part.shape for part in parts.values()] for parts in (own, found)]
        is_fit = shapes[0] == shapes[1]
        return {name: part for name, part in found.items() if is_fit and name in call.parameters}


def _other(pair: str, name: str) -> str | None:
    """The other one of a pair, ``q/k``."""
    ours, _slash, theirs = pair.partition("/")
    return {ours: theirs, theirs: ours}.get(name)


def _other_norm(call: Call) -> str | None:
    """The path of the norm that a layer has beside another, of self-attention and feed-forward."""
    layer, _dot, block = call.scope.rpartition(".")
    other = _other("self_attn/ffn", block)
    return f"{layer}.{other}.{call.name}" if other and call.name == "norm" else None


missing_bias = MissingBias()
logits_bias = LogitsBias()
transposed = Transposed()
swapped = Swapped()
