"""Mistakes in norms and residual connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..arithmetic import Node
from ..edits import Call
from ..i18n import N_
from ..operation import Flow, Operation, Trait, to
from ..ops.gradients.linear import pass_on
from ..ops.linear import Add
from ..ops.norm import LayerNorm
from ..tensor import Tensor
from .mistake import Mistake, OneOf, Restated


class Unchanged(Operation):
    """A tensor as it is, where something should have been done with it."""

    formula = "x"
    latex = "x"
    reference = ""

    def forward(self, x: Tensor) -> Tensor:
        return Tensor(x.array.copy(), x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor) -> Iterator[Flow]:
        yield to(x, pass_on, dy, like=x.dims)

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        return x.leaf(*index)


unchanged = Unchanged()


class Eps(OneOf):
    """Another ε under the root: if none is named, 1e-6, or 1e-5 where it is another."""

    sentence = N_("norms add another ε under the root")
    where = N_("layer_norm_eps, layer_norm_epsilon or rms_norm_eps in config.json; nn.LayerNorm has 1e-5 by default")
    needs = N_("a norm with another ε")
    variants: ClassVar[Sequence[str]] = ("1e-6", "1e-5", "1e-8", "1e-12")

    def usual(self, call: Call) -> str:
        return "1e-6" if call.parameters["eps"] == 1e-5 else "1e-5"

    def wrong(self, call: Call) -> Call | None:
        if Trait.NORM not in call.op.traits:
            return None
        other = float(self.chosen(call))
        return None if other == call.parameters["eps"] else call.having(eps=other)


class NoNormBias(Mistake):
    """Norms with their gain alone."""

    sentence = N_("the bias of norms is left out")
    where = N_("nn.LayerNorm(…, bias=False), an RMSNorm in its place, or a …bias that the loader did not find")
    needs = N_("a norm with a bias")

    def wrong(self, call: Call) -> Call | None:
        is_biased = isinstance(call.op, LayerNorm) and call.parameters.get("bias") is not None
        return call.having(bias=None) if is_biased else None


class NoResidual(Mistake):
    """What the sublayer yields, without x."""

    sentence = N_("the residual connection is missing: Sublayer(x) in place of x + Sublayer(x)")
    where = N_("x = x + sublayer(x): is the x before the norm still there?")
    needs = N_("a residual connection")

    def wrong(self, call: Call) -> Call | None:
        is_residual = isinstance(call.op, Add) and call.name == "residual"
        return call._replace(op=unchanged, inputs=call.inputs[1:]) if is_residual else None


class NoNorm(Mistake):
    """What a norm within a layer is given, as it is."""

    sentence = N_("the norms of the layers are left out")
    where = N_("LayerNorm(x + sublayer(x)), or sublayer(LayerNorm(x)): is each of them called?")
    needs = N_("a norm in a layer")

    def wrong(self, call: Call) -> Call | None:
        is_within = Trait.NORM in call.op.traits and call.scope not in ("encoder", "decoder")
        return call.with_op(unchanged)._replace(parameters={}) if is_within else None


class NoFinalNorm(Mistake):
    """The norm after a stack left out."""

    sentence = N_("the norm after the last layer is left out")
    where = N_("ln_f, model.norm, final_layer_norm: is it called, and on the encoder's output too?")
    needs = N_("a norm after a stack")

    def wrong(self, call: Call) -> Call | None:
        is_final = Trait.NORM in call.op.traits and call.scope in ("encoder", "decoder")
        return call.with_op(unchanged)._replace(parameters={}) if is_final else None


class PostPreNorm(Restated):
    """The norm before the sublayer in place of after the residual connection, or the other way round."""

    sentence = N_("norms come before the sublayer in place of after the residual connection, or the other way round")
    where = N_("norm_first, normalize_before or norm in the configuration")
    needs = N_("a model whose configuration says where norms come")

    def settings(self, config: Any) -> Mapping[str, Any]:
        other = {"post": "pre", "pre": "post"}.get(getattr(config, "norm", ""))
        return {"norm": other} if other else {}


eps = Eps()
no_norm_bias = NoNormBias()
no_residual = NoResidual()
no_norm = NoNorm()
no_final_norm = NoFinalNorm()
post_pre_norm = PostPreNorm()
