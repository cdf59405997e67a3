"""Normalisation of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..arithmetic import Named, Node, Number, over, sqrt, total
from ..i18n import N_
from ..operation import Operation, Written
from ..tensor import Array, Parameter, Row, Tensor

if TYPE_CHECKING:
    from ..tape import Record


class LayerNorm(Operation, weight="gain"):
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


class RmsNorm(Operation, weight="gain"):
    """[…, n] -> […, n]: each row to root mean square 1, then gain; no mean is taken off and no bias added."""

    formula = "x / √(mean x² + ε) · gain"
    latex = r"\frac{x}{\sqrt{\frac{1}{n} \sum_i x_i^2 + \varepsilon}} \odot \mathrm{gain}"
    reference = "Zhang & Sennrich 2019, eq. 4"

    def forward(self, x: Tensor, *, weight: Parameter, eps: float) -> Tensor:
        y = _rms_normalised(x, eps)
        y *= weight.array
        return Tensor(y, x.dims)

    def derive(self, index: tuple[int, ...], x: Tensor, *, weight: Parameter, eps: float) -> Node:
        return _rms_derived(x.row(*index[:-1]), index[-1], eps) * Named("gain", weight.leaf(index[-1]))


class OffsetRmsNorm(RmsNorm):
    """[…, n] -> […, n]: each row to root mean square 1, times 1 + gain: a gain of 0 changes nothing."""

    formula = "x / √(mean x² + ε) · (1 + gain)"
    latex = r"\frac{x}{\sqrt{\frac{1}{n} \sum_i x_i^2 + \varepsilon}} \odot (1 + \mathrm{gain})"
    reference = N_(
        "Zhang & Sennrich 2019, eq. 4; Gemma Team 2024, §2 (a gain around 0, as in the reference implementation)"
    )

    def forward(self, x: Tensor, *, weight: Parameter, eps: float) -> Tensor:
        y = _rms_normalised(x, eps)
        y *= 1 + weight.array
        return Tensor(y, x.dims)

    def derive(self, index: tuple[int, ...], x: Tensor, *, weight: Parameter, eps: float) -> Node:
        return _rms_derived(x.row(*index[:-1]), index[-1], eps) * (Number(1.0) + Named("gain", weight.leaf(index[-1])))


class JointRmsNorm(RmsNorm):
    """[head, query or key, d_k] -> the same: all heads of a place together to root mean square 1, then gain.

    The gain has a number for each feature of each head, head after head.
    """

    reference = N_("Zhang & Sennrich 2019, eq. 4; OLMo Team 2024, §3.2 (QK-norm over all heads)")
    formula = N_("x / √(mean x² + ε) · gain, over all heads")

    def forward(self, x: Tensor, *, weight: Parameter, eps: float) -> Tensor:
        heads, n, d_k = x.shape
        joint = Tensor(x.array.transpose(1, 0, 2).reshape(n, -1), x.dims[1:])
        y = _rms_normalised(joint, eps)
        y *= weight.array
        return Tensor(np.ascontiguousarray(y.reshape(n, heads, d_k).transpose(1, 0, 2)), x.dims)

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


def _rms_derived(row: Row, place: int, eps: float) -> Node:
    """The arithmetic of one cell of that."""
    mean_square = Named("mean x²", over(lambda x: x**2, x=row) / Number(float(len(row)), "n"))
    return Named("x̂", row[place] / sqrt(mean_square + Number(eps, "ε")))


layer_norm = LayerNorm()
rms_norm = RmsNorm()
offset_rms_norm = OffsetRmsNorm()
joint_rms_norm = JointRmsNorm()
