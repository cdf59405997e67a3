"""Gradients of activations, cell by cell: the gradient of what came out times the slope at ``x``."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ...arithmetic import Call, Given, Named, Node, Number, Replaced, exp
from ...i18n import N_
from ...operation import Gradient
from ...tensor import Tensor
from ..functions import erf, logistic
from .linear import BACKPROPAGATION

STEADY = 16
"""From here on, tanh in GELU is −1 or 1 in any type of numbers."""


class ReluGradient(Gradient):
    """dy where something came through; at 0, where there is no slope, 0."""

    formula = N_("dy where x > 0, else 0")
    latex = N_("{value} if {kept}, else {never}").typeset(value=r"\bar{y}", kept="x > 0", never="0")
    reference = "Nair & Hinton 2010; Glorot et al. 2011, §3"

    def forward(self, dy: Tensor, x: Tensor) -> Tensor:
        return Tensor(np.where(x.array > 0, dy.array, 0), x.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor) -> Node:
        slope, cell, zero = dy.leaf(*index), x.leaf(*index), Number(0.0)
        if cell.value > 0:
            return Given(slope, (zero, cell), ("<",))
        stopped = Replaced(zero, slope)
        return Given(stopped, (cell, zero), ("≤",)) if cell.value <= 0 else stopped


class GeluGradient(Gradient):
    """With Φ, the Gaussian distribution function, and φ, its density."""

    formula = "dy · (Φ(x) + x · φ(x))"
    latex = (
        r"\bar{y} \left(\Phi(x) + x \, \varphi(x)\right),\quad \Phi(x) = \frac{1}{2}"
        r"\left(1 + \mathrm{erf}\frac{x}{\sqrt 2}\right),\ \varphi(x) = \frac{e^{-x^2/2}}{\sqrt{2\pi}}"
    )
    reference = "Hendrycks & Gimpel 2016, §2"

    def forward(self, dy: Tensor, x: Tensor) -> Tensor:
        z = x.array
        below = (erf(z / math.sqrt(2)) + 1) / 2
        density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return Tensor(dy.array * (below + z * density), x.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor) -> Node:
        cell, two = x.leaf(*index), Number(2.0)
        below = (Number(1.0) + Call("erf", cell / Number(math.sqrt(2), "√2"))) / two
        density = exp(-(cell**2 / two)) / Number(math.sqrt(2 * math.pi), "√(2π)")
        return dy.leaf(*index) * (Named("Φ(x)", below) + cell * Named("φ(x)", density))


class GeluTanhGradient(Gradient):
    """Of the tanh approximation."""

    formula = "dy / 2 · (1 + t + x · (1 − t²) · √(2/π) · (1 + 0.134145 x²)), t = tanh(√(2/π) · (x + 0.044715 x³))"
    latex = (
        r"\frac{\bar{y}}{2} \left(1 + t + x (1 - t^2) \sqrt{2/\pi}\,(1 + 0.134145\,x^2)\right),"
        r"\quad t = \tanh\!\left(\sqrt{2/\pi}\,(x + 0.044715\,x^3)\right)"
    )
    reference = "Hendrycks & Gimpel 2016, §2"

    def forward(self, dy: Tensor, x: Tensor) -> Tensor:
        near, root = np.clip(x.array, -STEADY, STEADY), math.sqrt(2 / math.pi)
        square = near * near
        t = np.tanh(root * (near + 0.044715 * square * near))
        return Tensor(dy.array / 2 * (1 + t + x.array * (1 - t * t) * root * (1 + 0.134145 * square)), x.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor) -> Node:
        cell, one, root = x.leaf(*index), Number(1.0), Number(math.sqrt(2 / math.pi), "√(2/π)")
        t = Named("t", Call("tanh", root * (cell + Number(0.044715) * cell**3)))
        inner = cell * (one - t**2) * root * (one + Number(0.134145) * cell**2)
        return dy.leaf(*index) / Number(2.0) * (one + t + inner)


class SiluGradient(Gradient):
    """With the logistic function σ."""

    formula = "dy · σ · (1 + x · (1 − σ)), σ = 1 / (1 + exp(−x))"
    latex = r"\bar{y} \, \sigma (1 + x (1 - \sigma)),\quad \sigma = \frac{1}{1 + e^{-x}}"
    reference = "Elfwing et al. 2018 (dSiLU)"
    slope: ClassVar[float] = 1.0

    def forward(self, dy: Tensor, x: Tensor) -> Tensor:
        z = x.array.dtype.type(self.slope) * x.array
        s, rest = logistic(z), logistic(-z)
        return Tensor(dy.array * s * (1 + z * rest), x.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor) -> Node:
        one = Number(1.0)
        cell: Node = x.leaf(*index) if self.slope == 1 else Number(self.slope) * x.leaf(*index)
        s = Named("σ", one / (one + exp(-cell)))
        return dy.leaf(*index) * s * (one + cell * (one - s))


class QuickGeluGradient(SiluGradient):
    """With the logistic function σ of 1.702 x."""

    formula = "dy · σ · (1 + 1.702 x · (1 − σ)), σ = 1 / (1 + exp(−1.702 x))"
    latex = r"\bar{y} \, \sigma (1 + 1.702\,x (1 - \sigma)),\quad \sigma = \frac{1}{1 + e^{-1.702 x}}"
    reference = "Hendrycks & Gimpel 2016, §2"
    slope = 1.702


class SigmoidGradient(Gradient):
    """Of what came out of the logistic function, ``y``."""

    formula = "dy · y · (1 − y)"
    latex = r"\bar{y} \, y (1 - y)"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, y: Tensor) -> Tensor:
        return Tensor(dy.array * y.array * (1 - y.array), y.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, y: Tensor) -> Node:
        cell = y.leaf(*index)
        return dy.leaf(*index) * cell * (Number(1.0) - cell)


class SoftcapGradient(Gradient, cap="c"):
    """The less, the nearer to −c or c."""

    formula = "dy · (1 − tanh²(x / c))"
    latex = r"\bar{y} \left(1 - \tanh^2(x / c)\right)"
    reference = "Gemma Team 2024 (Gemma 2), §2; Bello et al. 2016, eq. 16"

    def forward(self, dy: Tensor, x: Tensor, *, cap: float) -> Tensor:
        t = np.tanh(x.array / x.array.dtype.type(cap))
        return Tensor(dy.array * (1 - t * t), x.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor, *, cap: float) -> Node:
        t = Call("tanh", x.leaf(*index) / Number(cap, "c"))
        return dy.leaf(*index) * (Number(1.0) - t**2)


relu_gradient = ReluGradient()
gelu_gradient = GeluGradient()
gelu_tanh_gradient = GeluTanhGradient()
silu_gradient = SiluGradient()
quick_gelu_gradient = QuickGeluGradient()
sigmoid_gradient = SigmoidGradient()
softcap_gradient = SoftcapGradient()
