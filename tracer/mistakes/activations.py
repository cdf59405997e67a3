"""Mistakes in the activation of the feed-forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ..edits import Call
from ..i18n import N_, Message
from ..operation import Operation
from ..ops.activation import BY_NAME, gelu, gelu_tanh, quick_gelu, relu
from .mistake import OneOf

FORMS: Mapping[str, Operation] = {"tanh": gelu_tanh, "erf": gelu, "sigmoid": quick_gelu}
"""The forms of GELU by what each is computed with."""


class Activation(OneOf):
    """Another activation than the one that belongs there, which is no other form of the same: else ReLU, or GELU."""

    sentence = N_("the feed-forward has another activation")
    where = N_("activation_function, hidden_act or feed_forward_proj in config.json")
    needs = N_("an activation that is another one")
    variants: ClassVar[Sequence[str]] = ("relu", "gelu", "gelu_new", "silu", "quick_gelu")

    def usual(self, call: Call) -> str:
        return "gelu" if call.op is relu else "relu"

    def wrong(self, call: Call) -> Call | None:
        if call.op not in BY_NAME.values():
            return None
        other = BY_NAME[self.chosen(call)]
        is_form = {call.op, other} <= {*FORMS.values()}
        return None if other is call.op or is_form else call.with_op(other)


class GeluVariant(OneOf):
    """One form of GELU for another: erf for tanh or the sigmoid, else tanh for erf."""

    sentence = N_("GELU in another form: by tanh, by erf, or by the sigmoid")
    where = N_("gelu is the one with erf; gelu_new and gelu_pytorch_tanh are F.gelu(x, approximate='tanh')")
    needs = N_("GELU in another form")
    variants: ClassVar[Sequence[str]] = (*FORMS,)
    places: ClassVar[Mapping[str, Message]] = {
        "sigmoid": N_("quick_gelu, x * sigmoid(1.702 * x), is the one of CLIP; gelu is the one with erf")
    }

    def usual(self, call: Call) -> str:
        return "tanh" if call.op is gelu else "erf"

    def wrong(self, call: Call) -> Call | None:
        other = FORMS[self.chosen(call)]
        return call.with_op(other) if call.op in FORMS.values() and other is not call.op else None


activation = Activation()
gelu_variant = GeluVariant()
