"""Activations, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..arithmetic import Call, Max, Node, Number, exp
from ..i18n import N_
from ..operation import Flow, Operation, to
from ..tensor import Array, Tensor
from .functions import erf, logistic
from .gradients.activation import (
    gelu_gradient,
    gelu_tanh_gradient,
    quick_gelu_gradient,
    relu_gradient,
    sigmoid_gradient,
    silu_gradient,
    softcap_gradient,
)


class Relu(Operation):
    """max(0, x)."""

    formula = "max(0, x)"
    latex = r"\max(0, x)"
    reference = "Nair & Hinton 2010; Vaswani et al. 2017, eq. 2"

    def forward(self, x: Tensor) -> Tensor:
        return Tensor(np.maximum(x.array, 0), x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor) -> Iterator[Flow]:
        yield to(x, relu_gradient, dy, x)

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        return Max((Number(0.0), x.leaf(*index)))


class Gelu(Operation):
    """x · Φ(x), with the Gaussian distribution function Φ."""

    formula = "x / 2 · (1 + erf(x / √2))"
    latex = r"\frac{x}{2} \left(1 + \mathrm{erf}\frac{x}{\sqrt 2}\right)"
    reference = "Hendrycks & Gimpel 2016, §2"

    def forward(self, x: Tensor) -> Tensor:
        return Tensor(x.array * (erf(x.array / math.sqrt(2)) + 1) / 2, x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor) -> Iterator[Flow]:
        yield to(x, gelu_gradient, dy, x)

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        cell = x.leaf(*index)
        return cell / Number(2.0) * (Number(1.0) + Call("erf", cell / Number(math.sqrt(2), "√2")))


class GeluTanh(Operation):
    """The tanh approximation of x · Φ(x)."""

    formula = "x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))"
    latex = r"\frac{x}{2} \left(1 + \tanh\!\left(\sqrt{2/\pi}\,(x + 0.044715\,x^3)\right)\right)"
    reference = "Hendrycks & Gimpel 2016, §2"

    def forward(self, x: Tensor) -> Tensor:
        z = x.array
        return Tensor(z * (np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z * z * z)) + 1) / 2, x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor) -> Iterator[Flow]:
        yield to(x, gelu_tanh_gradient, dy, x)

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        cell = x.leaf(*index)
        inner = Number(math.sqrt(2 / math.pi), "√(2/π)") * (cell + Number(0.044715) * cell**3)
        return cell / Number(2.0) * (Number(1.0) + Call("tanh", inner))


class Silu(Operation):
    """x · σ(x), with the logistic function σ; swish by another name."""

    formula = "x / (1 + exp(−x))"
    latex = r"\frac{x}{1 + e^{-x}}"
    reference = "Elfwing et al. 2018, eq. 3; Ramachandran et al. 2017 (swish)"

    def forward(self, x: Tensor) -> Tensor:
        return Tensor(_swish(x.array, 1), x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor) -> Iterator[Flow]:
        yield to(x, silu_gradient, dy, x)

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        cell = x.leaf(*index)
        return cell / (Number(1.0) + exp(-cell))


class QuickGelu(Operation):
    """x · σ(1.702 x), the sigmoid approximation of x · Φ(x)."""

    formula = "x / (1 + exp(−1.702 x))"
    latex = r"\frac{x}{1 + e^{-1.702 x}}"
    reference = "Hendrycks & Gimpel 2016, §2"

    def forward(self, x: Tensor) -> Tensor:
        return Tensor(_swish(x.array, 1.702), x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor) -> Iterator[Flow]:
        yield to(x, quick_gelu_gradient, dy, x)

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        cell = x.leaf(*index)
        return cell / (Number(1.0) + exp(Number(-1.702) * cell))


class Sigmoid(Operation):
    """σ(x), between 0 and 1: how far a gate is open."""

    formula = "1 / (1 + exp(−x))"
    latex = r"\frac{1}{1 + e^{-x}}"
    reference = N_("Hochreiter & Schmidhuber 1997, §4 (gates)")

    def forward(self, x: Tensor) -> Tensor:
        return Tensor(logistic(x.array), x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor) -> Iterator[Flow]:
        yield to(x, sigmoid_gradient, dy, y)

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        return Number(1.0) / (Number(1.0) + exp(-x.leaf(*index)))


class Softcap(Operation, cap="c"):
    """Cell by cell what stays between −c and c, and is hardly changed near 0."""

    formula = "c · tanh(x / c)"
    latex = r"c \tanh(x / c)"
    reference = "Gemma Team 2024 (Gemma 2), §2; Bello et al. 2016, eq. 16"

    def forward(self, x: Tensor, *, cap: float) -> Tensor:
        y = x.array / x.array.dtype.type(cap)
        np.tanh(y, out=y)
        y *= y.dtype.type(cap)
        return Tensor(y, x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor, *, cap: float) -> Iterator[Flow]:
        yield to(x, softcap_gradient, dy, x, cap=cap)

    def derive(self, index: tuple[int, ...], x: Tensor, *, cap: float) -> Node:
        c = Number(cap, "c")
        return c * Call("tanh", x.leaf(*index) / c)


def _swish(x: Array, slope: float) -> Array:
    """x · σ(slope · x), so worked out that nothing grows beyond its type."""
    z = np.exp(-slope * np.abs(x))
    swished: Array = x * np.where(x < 0, z, 1) / (1 + z)
    return swished


relu = Relu()
gelu = Gelu()
gelu_tanh = GeluTanh()
silu = Silu()
quick_gelu = QuickGelu()
sigmoid = Sigmoid()
softcap = Softcap()

BY_NAME: dict[str, Operation] = {
    "relu": relu,
    "gelu": gelu,
    "gelu_new": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "gelu_fast": gelu_tanh,
    "gelu_python": gelu,
    "silu": silu,
    "swish": silu,
    "quick_gelu": quick_gelu,
}
"""Activations under the names that configurations use."""
