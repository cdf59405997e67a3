"""Activations, cell by cell."""

from __future__ import annotations

import math

import numpy as np

from ..arithmetic import Call, Max, Node, Number, exp
from ..i18n import N_
from ..operation import Operation
from ..tensor import Array, Tensor


class Relu(Operation):
    """max(0, x)."""

    formula = "max(0, x)"
    latex = r"\max(0, x)"
    reference = "Nair & Hinton 2010; Vaswani et al. 2017, eq. 2"

    def forward(self, x: Tensor) -> Tensor:
        return Tensor(np.maximum(x.array, 0), x.dims)

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        return Max((Number(0.0), x.leaf(*index)))


class Gelu(Operation):
    """x · Φ(x), with the Gaussian distribution function Φ."""

    formula = "x / 2 · (1 + erf(x / √2))"
    latex = r"\frac{x}{2} \left(1 + \mathrm{erf}\frac{x}{\sqrt 2}\right)"
    reference = "Hendrycks & Gimpel 2016, §2"

    def forward(self, x: Tensor) -> Tensor:
        return Tensor(x.array * (erf(x.array / math.sqrt(2)) + 1) / 2, x.dims)

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

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        cell = x.leaf(*index)
        return cell / (Number(1.0) + exp(Number(-1.702) * cell))


class Sigmoid(Operation):
    """σ(x), between 0 and 1: how far a gate is open."""

    formula = "1 / (1 + exp(−x))"
    latex = r"\frac{1}{1 + e^{-x}}"
    reference = N_("Hochreiter & Schmidhuber 1997, §4 (gates)")

    def forward(self, x: Tensor) -> Tensor:
        z = np.exp(-np.abs(x.array))
        return Tensor(np.where(x.array < 0, z, 1) / (1 + z), x.dims)

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

    def derive(self, index: tuple[int, ...], x: Tensor, *, cap: float) -> Node:
        c = Number(cap, "c")
        return c * Call("tanh", x.leaf(*index) / c)


def _swish(x: Array, slope: float) -> Array:
    """x · σ(slope · x), so worked out that nothing grows beyond its type."""
    z = np.exp(-slope * np.abs(x))
    swished: Array = x * np.where(x < 0, z, 1) / (1 + z)
    return swished


def erf(x: Array) -> Array:
    """The error function to double precision, by Cody's rational approximations (Math. Comp. 23, 1969, 631-637)."""
    z = np.minimum(np.abs(x.astype(np.float64)), 8)  # it is 1 from 6 on
    square = z * z
    small = z * _ratio(square, _SMALL)
    tail = np.exp(-square) * np.where(
        z < 4, _ratio(np.minimum(z, 4), _MIDDLE), _far(np.maximum(z, 4), _ratio(1 / np.maximum(square, 16), _LARGE))
    )
    positive: Array = np.where(z <= 0.46875, small, 1 - tail)
    signed: Array = np.copysign(positive, x).astype(x.dtype)
    return signed


def _far(z: Array, correction: Array) -> Array:
    tail: Array = (1 / math.sqrt(math.pi) - correction / (z * z)) / z
    return tail


def _ratio(x: Array, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Array:
    above, below = coefficients
    return np.polyval(above, x) / np.polyval(below, x)


_SMALL = (
    (
        1.85777706184603153e-1,
        3.16112374387056560e0,
        1.13864154151050156e2,
        3.77485237685302021e2,
        3.20937758913846947e3,
    ),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
_MIDDLE = (
    (
        2.15311535474403846e-8,
        5.64188496988670089e-1,
        8.88314979438837594e0,
        6.61191906371416295e1,
        2.98635138197400131e2,
        8.81952221241769090e2,
        1.71204761263407058e3,
        2.05107837782607147e3,
        1.23033935479799725e3,
    ),
    (
        1.0,
        1.57449261107098347e1,
        1.17693950891312499e2,
        5.37181101862009858e2,
        1.62138957456669019e3,
        3.29079923573345963e3,
        4.36261909014324716e3,
        3.43936767414372164e3,
        1.23033935480374942e3,
    ),
)
_LARGE = (
    (
        1.63153871373020978e-2,
        3.05326634961232344e-1,
        3.60344899949804439e-1,
        1.25781726111229246e-1,
        1.60837851487422766e-2,
        6.58749161529837803e-4,
    ),
    (
        1.0,
        2.56852019228982242e0,
        1.87295284992346047e0,
        5.27905102951428412e-1,
        6.05183413124413191e-2,
        2.33520497626869185e-3,
    ),
)

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
