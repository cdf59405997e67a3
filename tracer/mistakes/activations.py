"""Mistakes in the activation of the feed-forward."""

from __future__ import annotations

from ..edits import Call
from ..i18n import N_
from ..ops.activation import BY_NAME, gelu, gelu_tanh, quick_gelu, relu
from .mistake import Mistake

_OTHERS = {gelu: gelu_tanh, gelu_tanh: gelu, quick_gelu: gelu}


class Activation(Mistake):
    """ReLU where another activation belongs, or GELU where ReLU does."""

    sentence = N_("the feed-forward has another activation: ReLU, or GELU where ReLU belongs")
    where = N_("activation_function, hidden_act or feed_forward_proj in config.json")
    needs = N_("an activation")

    def wrong(self, call: Call) -> Call | None:
        if call.op not in BY_NAME.values():
            return None
        return call.with_op(gelu if call.op is relu else relu)


class GeluVariant(Mistake):
    """One form of GELU for another: erf for tanh, tanh for erf, erf for the sigmoid."""

    sentence = N_("GELU in its other form: by erf where it is approximated by tanh, or the other way round")
    where = N_("gelu is the one with erf; gelu_new and gelu_pytorch_tanh are F.gelu(x, approximate='tanh')")
    needs = N_("GELU")

    def wrong(self, call: Call) -> Call | None:
        other = _OTHERS.get(call.op)
        return call.with_op(other) if other else None


activation = Activation()
gelu_variant = GeluVariant()
