"""Normalisation of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..arithmetic import Named, Node, Number, over, sqrt
from ..operation import Operation, Written
from ..tensor import Parameter, Tensor

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
        mean_square = np.add.reduce(x.array * x.array, -1, keepdims=True) / x.shape[-1]
        y = x.array / np.sqrt(mean_square + eps)
        y *= weight.array
        return Tensor(y, x.dims)

    def derive(self, index: tuple[int, ...], x: Tensor, *, weight: Parameter, eps: float) -> Node:
        row = x.row(*index[:-1])
        mean_square = Named("mean x²", over(lambda x: x**2, x=row) / Number(float(len(row)), "n"))
        normalised = Named("x̂", row[index[-1]] / sqrt(mean_square + Number(eps, "ε")))
        return normalised * Named("gain", weight.leaf(index[-1]))


layer_norm = LayerNorm()
rms_norm = RmsNorm()
