"""Normalisation of a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ..arithmetic import Named, Node, Number, over, sqrt, total
from ..i18n import N_
from ..operation import Flow, Gradient, Operation, Trait, Weighed, Written, to
from ..tensor import Array, Located, Parameter, Tensor
from .gradients.norm import (
    joint_rms_gain_gradient,
    joint_rms_norm_gradient,
    layer_gain_gradient,
    layer_norm_gradient,
    offset_rms_norm_gradient,
    rms_gain_gradient,
    rms_norm_gradient,
    shift_gradient,
)

if TYPE_CHECKING:
    from ..tape import Record


class Norm(Operation, weight="gain"):
    """Each row to one size, then times a gain; ``together`` are the axes of what is divided by one number."""

    traits = Trait.NORM
    together: ClassVar[tuple[int, ...]] = (-1,)

    def is_of_nothing(self, x: Tensor) -> bool:
        """Whether what is divided together is 0 in every cell, anywhere."""
        return not x.array.any(self.together).all()


class LayerNorm(Norm):
    """[…, d_model] -> […, d_model]: each row to mean 0 and standard deviation 1, then gain and bias."""

    formula = "(x − μ) / √(σ² + ε) · gain + bias"
    latex = r"\frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} \odot \mathrm{gain} + \mathrm{bias}"
    reference = "Ba et al. 2016, eq. 4; Vaswani et al. 2017, §3.1"

    def written(self, record: Record) -> Written:
        if record.parameters.get("bias") is not None:
            return super().written(record)
        return Written(self.formula.removesuffix(" + bias"), self.latex.removesuffix(r" + \mathrm{bias}"))

    def forward(self, x: Tensor, *, weight: Parameter, bias: Parameter | None = None, eps: float) -> Tensor:
        n = x.shape[-1]
        centred = x.array - np.add.reduce(x.array, -1, keepdims=True) / n
        variance = np.add.reduce(centred * centred, -1, keepdims=True) / n
        y = centred / np.sqrt(variance + eps)
        y *= weight.array
        if bias is not None:
            y += bias.array
        return Tensor(y, x.dims)

    def backward(
        self, dy: Tensor, y: Tensor, x: Tensor, *, weight: Parameter, bias: Parameter | None = None, eps: float
    ) -> Iterator[Flow]:
        yield to(x, layer_norm_gradient, dy, x, weight=weight, eps=eps)
        yield to(weight, layer_gain_gradient, dy, x, weight=weight, eps=eps)
        if bias is not None:
            yield to(bias, shift_gradient, dy, bias=bias)

    def direct(
        self,
        where: Located,
        factors: Array,
        x: Tensor,
        *,
        weight: Parameter,
        bias: Parameter | None = None,
        eps: float,
    ) -> Iterator[Weighed]:
        variance = x.array[where].astype(np.float64).var(-1, keepdims=True)
        scaled = factors * weight.array / np.sqrt(variance + eps)
        yield Weighed(x, where, scaled - scaled.mean(-1, keepdims=True))
        if bias is not None:
            yield Weighed(bias, where[-1:], factors)

    def derive(
        self, index: tuple[int, ...], x: Tensor, *, weight: Parameter, bias: Parameter | None = None, eps: float
    ) -> Node:
        row = x.row(*index[:-1])
        n = Number(float(len(row)), "d_model")
        mean = Named("μ", over(lambda x: x, x=row) / n)
        centre = Number(mean.evaluate(), "μ")
        variance = Named("σ²", over(lambda x: (x - centre) ** 2, x=row) / n)
        normalised = Named("x̂", (row[index[-1]] - mean) / sqrt(variance + Number(eps, "ε")))
        scaled = normalised * Named("gain", weight.leaf(index[-1]))
        return scaled if bias is None else scaled + Named("bias", bias.leaf(index[-1]))


class RmsNorm(Norm):
    """[…, n] -> […, n]: each row to root mean square 1, then gain; no mean is taken off and no bias added.

    ``offset`` is what is added to the gain, and ``gradient`` has the same.
    """

    formula = "x / √(mean x² + ε) · gain"
    latex = r"\frac{x}{\sqrt{\frac{1}{n} \sum_i x_i^2 + \varepsilon}} \odot \mathrm{gain}"
    reference = "Zhang & Sennrich 2019, eq. 4"
    offset: ClassVar[int] = 0
    gradient: ClassVar[Gradient] = rms_norm_gradient

    def forward(self, x: Tensor, *, weight: Parameter, eps: float) -> Tensor:
        y = _rms_normalised(x, eps)
        y *= self.offset + weight.array
        return Tensor(y, x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Iterator[Flow]:
        yield to(x, self.gradient, dy, x, weight=weight, eps=eps)
        yield to(weight, rms_gain_gradient, dy, x, weight=weight, eps=eps)

    def direct(self, where: Located, factors: Array, x: Tensor, *, weight: Parameter, eps: float) -> Iterator[Weighed]:
        rows = x.array[where].astype(np.float64)
        root = np.sqrt((rows**2).mean(-1, keepdims=True) + eps)
        yield Weighed(x, where, factors * (self.offset + weight.array) / root)

    def derive(self, index: tuple[int, ...], x: Tensor, *, weight: Parameter, eps: float) -> Node:
        row, gain = x.row(*index[:-1]), Named("gain", weight.leaf(index[-1]))
        mean_square = Named("mean x²", over(lambda x: x**2, x=row) / Number(float(len(row)), "n"))
        normalised = Named("x̂", row[index[-1]] / sqrt(mean_square + Number(eps, "ε")))
        return normalised * (Number(float(self.offset)) + gain if self.offset else gain)


class OffsetRmsNorm(RmsNorm):
    """[…, n] -> […, n]: each row to root mean square 1, times 1 + gain: a gain of 0 changes nothing."""

    formula = "x / √(mean x² + ε) · (1 + gain)"
    latex = r"\frac{x}{\sqrt{\frac{1}{n} \sum_i x_i^2 + \varepsilon}} \odot (1 + \mathrm{gain})"
    reference = N_(
        "Zhang & Sennrich 2019, eq. 4; Gemma Team 2024, §2 (a gain around 0, as in the reference implementation)"
    )
    offset = 1
    gradient = offset_rms_norm_gradient


class JointRmsNorm(Norm):
    """[head, query or key, d_k] -> the same: all heads of a place together to root mean square 1, then gain.

    The gain has a number for each feature of each head, head after head.
    """

    reference = N_("Zhang & Sennrich 2019, eq. 4; OLMo Team 2024, §3.2 (QK-norm over all heads)")
    formula = N_("x / √(mean x² + ε) · gain, over all heads")
    latex = RmsNorm.latex
    together = (0, -1)

    def forward(self, x: Tensor, *, weight: Parameter, eps: float) -> Tensor:
        heads, n, d_k = x.shape
        joint = Tensor(x.array.transpose(1, 0, 2).reshape(n, -1), x.dims[1:])
        y = _rms_normalised(joint, eps)
        y *= weight.array
        return Tensor(np.ascontiguousarray(y.reshape(n, heads, d_k).transpose(1, 0, 2)), x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Iterator[Flow]:
        yield to(x, joint_rms_norm_gradient, dy, x, weight=weight, eps=eps)
        yield to(weight, joint_rms_gain_gradient, dy, x, weight=weight, eps=eps)

    def derive(self, index: tuple[int, ...], x: Tensor, *, weight: Parameter, eps: float) -> Node:
        head, place, d = index
        heads, _n, d_k = x.shape
        squares = total(over(lambda x: x**2, x=x.row(h, place)) for h in range(heads))
        mean_square = Named("mean x²", squares / Number(float(heads * d_k), "n"))
        normalised = Named("x̂", x.leaf(*index) / sqrt(mean_square + Number(eps, "ε")))
        return normalised * Named("gain", weight.leaf(head * d_k + d))


def _rms_normalised(x: Tensor, eps: float) -> Array:
    """Each row of x, to root mean square 1."""
    mean_square = np.add.reduce(x.array * x.array, -1, keepdims=True) / x.shape[-1]
    normalised: Array = x.array / np.sqrt(mean_square + eps)
    return normalised


layer_norm = LayerNorm()
rms_norm = RmsNorm()
offset_rms_norm = OffsetRmsNorm()
joint_rms_norm = JointRmsNorm()
