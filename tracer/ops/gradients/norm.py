"""Gradients of normalisation, of whole rows: what a cell does to μ and σ is part of them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...arithmetic import Named, Node, Number, over, sqrt, total
from ...i18n import N_
from ...operation import Gradient
from ...tensor import Array, Parameter, Row, Tensor
from .linear import BACKPROPAGATION


class LayerNormGradient(Gradient, weight="gain"):
    """[…, d_model], and what came in -> […, d_model]."""

    formula = "(g − mean g − x̂ · mean(g ⊙ x̂)) / √(σ² + ε), g = dy ⊙ gain"
    latex = (
        r"\frac{g - \mathrm{mean}\, g - \hat{x}\, \mathrm{mean}(g \odot \hat{x})}{\sqrt{\sigma^2 + \varepsilon}},"
        r"\quad g = \bar{y} \odot \mathrm{gain}"
    )
    reference = N_("Ba et al. 2016, supplement; Ioffe & Szegedy 2015, §3 (the same of a batch)")

    def forward(self, dy: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Tensor:
        n = x.shape[-1]
        normalised, deviation = _standardised(x, eps)
        g = dy.array * weight.array
        mean = np.add.reduce(g, -1, keepdims=True) / n
        along = np.add.reduce(g * normalised, -1, keepdims=True) / n
        g -= mean
        g -= normalised * along
        g /= deviation
        return Tensor(g, x.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Node:
        *places, i = index
        row, slopes, gain = x.row(*places), dy.row(*places), weight.row()
        n = Number(float(len(row)), "d_model")
        mean, deviation = _moments(row, n, eps)
        centre, spread = Number(mean.evaluate(), "μ"), _settled(deviation)
        g = Named("g", slopes[i] * weight.leaf(i))
        mean_g = Named("mean g", over(lambda dy, gain: dy * gain, dy=slopes, gain=gain) / n)
        along = over(lambda dy, gain, x: dy * gain * ((x - centre) / spread), dy=slopes, gain=gain, x=row)
        normalised = Named("x̂", (row[i] - mean) / deviation)
        return (g - mean_g - normalised * Named("mean(g ⊙ x̂)", along / n)) / deviation


class LayerGainGradient(Gradient):
    """[…, d_model], and what came in -> [d_model]: of the gain."""

    formula = N_("Σ dy ⊙ x̂ over positions")
    latex = r"\sum_{\mathrm{position}} \bar{y} \odot \hat{x}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Tensor:
        normalised, _deviation = _standardised(x, eps)
        return Tensor(np.add.reduce((dy.array * normalised).reshape(-1, x.shape[-1]), 0), weight.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Node:
        (i,) = index
        n = Number(float(x.shape[-1]), "d_model")

        def term(places: tuple[int, ...]) -> Node:
            mean, deviation = _moments(x.row(*places), n, eps)
            return dy.leaf(*places, i) * Named("x̂", (x.leaf(*places, i) - mean) / deviation)

        return total(map(term, np.ndindex(*x.shape[:-1])))


class ShiftGradient(Gradient):
    """[…, d_model] -> [d_model]: of a bias that was added to every row."""

    formula = N_("Σ dy over positions")
    latex = r"\sum_{\mathrm{position}} \bar{y}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, *, bias: Parameter) -> Tensor:
        return Tensor(np.add.reduce(dy.array.reshape(-1, dy.shape[-1]), 0), bias.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, *, bias: Parameter) -> Node:
        return total(dy.leaf(*places, *index) for places in np.ndindex(*dy.shape[:-1]))


class RmsNormGradient(Gradient, weight="gain"):
    """[…, n], and what came in -> […, n]; ``offset`` is what was added to the gain."""

    formula = "(g − x̂ · mean(g ⊙ x̂)) / √(mean x² + ε), g = dy ⊙ gain"
    latex = (
        r"\frac{g - \hat{x}\, \mathrm{mean}(g \odot \hat{x})}{\sqrt{\frac{1}{n} \sum_i x_i^2 + \varepsilon}},"
        r"\quad g = \bar{y} \odot \mathrm{gain}"
    )
    reference = N_("Zhang & Sennrich 2019, §4.1")
    offset: ClassVar[int] = 0

    def forward(self, dy: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Tensor:
        return Tensor(_rms_gradient(dy.array, x.array, self.offset + weight.array, eps), x.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Node:
        *places, i = index
        row, slopes, gain = x.row(*places), dy.row(*places), weight.row()
        n = Number(float(len(row)), "n")
        root = _root(over(lambda x: x**2, x=row), n, eps)
        size = _settled(root)
        g = Named("g", slopes[i] * self._raised(weight.leaf(i)))
        along = over(lambda dy, gain, x: dy * self._raised(gain) * (x / size), dy=slopes, gain=gain, x=row)
        return (g - Named("x̂", row[i] / root) * Named("mean(g ⊙ x̂)", along / n)) / root

    def _raised(self, gain: Node) -> Node:
        """The arithmetic of a gain with what was added to it."""
        return Number(float(self.offset)) + gain if self.offset else gain


class OffsetRmsNormGradient(RmsNormGradient):
    """[…, n], and what came in -> […, n]: where 1 was added to the gain."""

    formula = "(g − x̂ · mean(g ⊙ x̂)) / √(mean x² + ε), g = dy ⊙ (1 + gain)"
    latex = RmsNormGradient.latex.replace(r"\mathrm{gain}", r"(1 + \mathrm{gain})")
    offset = 1


class RmsGainGradient(Gradient):
    """[…, n], and what came in -> [n]: of the gain."""

    formula = N_("Σ dy ⊙ x̂ over all rows")
    latex = r"\sum_{\mathrm{rows}} \bar{y} \odot \hat{x}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Tensor:
        normalised, _root = _rms_normalised(x.array, eps)
        return Tensor(np.add.reduce((dy.array * normalised).reshape(-1, x.shape[-1]), 0), weight.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Node:
        (i,) = index
        n = Number(float(x.shape[-1]), "n")

        def term(places: tuple[int, ...]) -> Node:
            root = _root(over(lambda x: x**2, x=x.row(*places)), n, eps)
            return dy.leaf(*places, i) * Named("x̂", x.leaf(*places, i) / root)

        return total(map(term, np.ndindex(*x.shape[:-1])))


class JointRmsNormGradient(Gradient, weight="gain"):
    """[head, position, d_k], and what came in -> the same: of all heads of a place normalised together."""

    formula = N_("(g − x̂ · mean(g ⊙ x̂)) / √(mean x² + ε), g = dy ⊙ gain, over all heads")
    latex = RmsNormGradient.latex
    reference = RmsNormGradient.reference

    def forward(self, dy: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Tensor:
        found = _rms_gradient(_joined(dy.array), _joined(x.array), weight.array, eps)
        return Tensor(_apart(found, x.shape), x.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Node:
        head, place, d = index
        gains, heads = weight.split(x.shape[0]), range(x.shape[0])
        n = Number(float(x.shape[0] * x.shape[2]), "n")
        root = _root(total(over(lambda x: x**2, x=x.row(h, place)) for h in heads), n, eps)
        size = _settled(root)
        along = total(
            over(
                lambda dy, gain, x: dy * gain * (x / size),
                dy=dy.row(h, place),
                gain=gains[h].row(),
                x=x.row(h, place),
            )
            for h in heads
        )
        g = Named("g", dy.leaf(*index) * gains[head].leaf(d))
        return (g - Named("x̂", x.leaf(*index) / root) * Named("mean(g ⊙ x̂)", along / n)) / root


class JointRmsGainGradient(RmsGainGradient):
    """[head, position, d_k], and what came in -> [head · d_k]: of the gain of all heads."""

    formula = N_("Σ dy ⊙ x̂ over positions, x̂ over all heads")

    def forward(self, dy: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Tensor:
        normalised, _root = _rms_normalised(_joined(x.array), eps)
        return Tensor(np.add.reduce(_joined(dy.array) * normalised, 0), weight.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, x: Tensor, *, weight: Parameter, eps: float) -> Node:
        head, d = divmod(index[0], x.shape[2])
        n = Number(float(x.shape[0] * x.shape[2]), "n")

        def term(place: int) -> Node:
            squares = total(over(lambda x: x**2, x=x.row(h, place)) for h in range(x.shape[0]))
            return dy.leaf(head, place, d) * Named("x̂", x.leaf(head, place, d) / _root(squares, n, eps))

        return total(map(term, range(x.shape[1])))


def _standardised(x: Tensor, eps: float) -> tuple[Array, Array]:
    """x̂, and √(σ² + ε) of each row."""
    n = x.shape[-1]
    centred = x.array - np.add.reduce(x.array, -1, keepdims=True) / n
    deviation = np.sqrt(np.add.reduce(centred * centred, -1, keepdims=True) / n + eps)
    centred /= deviation
    return centred, deviation


def _moments(row: Row, n: Number, eps: float) -> tuple[Node, Node]:
    """The arithmetic of μ and √(σ² + ε) of a row."""
    mean = Named("μ", over(lambda x: x, x=row) / n)
    centre = Number(mean.evaluate(), "μ")
    variance = Named("σ²", over(lambda x: (x - centre) ** 2, x=row) / n)
    return mean, sqrt(variance + Number(eps, "ε"))


def _settled(root: Node) -> Node:
    """The arithmetic of a root of which what is named is one number, the same in every term of a sum."""
    (inside,) = root.children()
    numbers = (Number(one.evaluate(), one.symbol) if isinstance(one, Named) else one for one in inside.children())
    return root.of(inside.of(*numbers))


def _rms_gradient(dy: Array, x: Array, gain: Array, eps: float) -> Array:
    normalised, root = _rms_normalised(x, eps)
    g: Array = dy * gain
    g -= normalised * (np.add.reduce(g * normalised, -1, keepdims=True) / x.shape[-1])
    g /= root
    return g


def _rms_normalised(x: Array, eps: float) -> tuple[Array, Array]:
    """x̂, and √(mean x² + ε) of each row."""
    root = np.sqrt(np.add.reduce(x * x, -1, keepdims=True) / x.shape[-1] + eps)
    return x / root, root


def _root(squares: Node, n: Number, eps: float) -> Node:
    """The arithmetic of √(mean x² + ε)."""
    return sqrt(Named("mean x²", squares / n) + Number(eps, "ε"))


def _joined(x: Array) -> Array:
    """[position, head · d_k]."""
    joined: Array = x.transpose(1, 0, 2).reshape(x.shape[1], -1)
    return joined


def _apart(x: Array, shape: tuple[int, ...]) -> Array:
    """[head, position, d_k] again."""
    heads, n, d_k = shape
    return np.ascontiguousarray(x.reshape(n, heads, d_k).transpose(1, 0, 2))


layer_norm_gradient = LayerNormGradient()
layer_gain_gradient = LayerGainGradient()
shift_gradient = ShiftGradient()
rms_norm_gradient = RmsNormGradient()
offset_rms_norm_gradient = OffsetRmsNormGradient()
rms_gain_gradient = RmsGainGradient()
joint_rms_norm_gradient = JointRmsNormGradient()
joint_rms_gain_gradient = JointRmsGainGradient()
