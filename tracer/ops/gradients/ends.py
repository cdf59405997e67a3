"""Where gradients begin, and where they end: at the expression asked about, and at the parameters of a file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...arithmetic import Node, Noted, Number, total
from ...i18n import N_, _
from ...operation import Gradient
from ...tensor import Axis, Tensor
from .linear import BACKPROPAGATION


class Seed(Gradient):
    """The ``slope`` of the expression ``of``: how it changes with every cell of a record that it reads."""

    formula = "∂E/∂x"
    latex = r"\frac{\partial E}{\partial x}"
    reference = BACKPROPAGATION

    def forward(self, *, of: str, slope: Tensor) -> Tensor:
        return Tensor(slope.array, slope.dims)

    def derive(self, index: tuple[int, ...], *, of: str, slope: Tensor) -> Node:
        told = _("the derivative of {expression} with respect to this cell").format(expression=of)
        return Noted(Number(float(slope.array[index]), "∂E/∂x"), told)


class Cut(Gradient):
    """The same, but 0 at cells in whose place edits put numbers that count as given."""

    formula = N_("dy, 0 where an edit put a number")
    latex = r"\bar{y} \;\text{where computed}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, *, where: Sequence[tuple[int | slice, ...]]) -> Tensor:
        kept = dy.array.copy()
        for place in where:
            kept[place] = 0
        return Tensor(kept, dy.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, *, where: Sequence[tuple[int | slice, ...]]) -> Node:
        if any(_lies_in(index, place, dy.shape) for place in where):
            return Noted(Number(0.0), _("an edit put another number here, which counts as given"))
        return dy.leaf(*index)


class Only(Gradient):
    """The same, but 0 at cells that another operation has computed: those not at ``where``, or at ``but``."""

    formula = N_("dy, 0 where another operation computed")
    latex = r"\bar{y} \;\text{where computed so}"
    reference = BACKPROPAGATION

    def forward(self, dy: Tensor, *, where: tuple[int | slice, ...], but: Sequence[tuple[int | slice, ...]]) -> Tensor:
        kept = np.zeros_like(dy.array)
        kept[where] = dy.array[where]
        for place in but:
            kept[place] = 0
        return Tensor(kept, dy.dims)

    def derive(
        self,
        index: tuple[int, ...],
        dy: Tensor,
        *,
        where: tuple[int | slice, ...],
        but: Sequence[tuple[int | slice, ...]],
    ) -> Node:
        is_other = any(_lies_in(index, place, dy.shape) for place in but)
        if is_other or not _lies_in(index, where, dy.shape):
            return Noted(Number(0.0), _("another operation has computed this cell"))
        return dy.leaf(*index)


class Gathered(Gradient):
    """The gradients of what a parameter was used for, added up, each at the ``places`` that it is of.

    The result has the ``axes`` and the ``shape`` of the parameter in its file.
    """

    formula = N_("Σ dW over every use")
    latex = r"\sum_{\mathrm{uses}} \bar{W}"
    reference = N_("the chain rule for several variables; Rumelhart, Hinton & Williams 1986")

    def forward(
        self,
        *parts: Tensor,
        places: Sequence[tuple[int | slice, ...]],
        axes: tuple[Axis, ...],
        shape: tuple[int, ...],
    ) -> Tensor:
        first, *rest = zip(parts, places, strict=True)
        whole = np.zeros(shape, first[0].array.dtype) if first[0].shape != shape else np.empty_like(first[0].array)
        whole[first[1]] = first[0].array
        for part, place in rest:
            whole[place] += part.array
        return Tensor(whole, axes)

    def derive(
        self,
        index: tuple[int, ...],
        *parts: Tensor,
        places: Sequence[tuple[int | slice, ...]],
        axes: tuple[Axis, ...],
        shape: tuple[int, ...],
    ) -> Node:
        found = [
            part.leaf(*_inside(index, place, shape))
            for part, place in zip(parts, places, strict=True)
            if _lies_in(index, place, shape)
        ]
        return total(found) if found else Noted(Number(0.0), _("nothing was computed with this cell"))


def _lies_in(index: Sequence[int], place: Sequence[int | slice], shape: Sequence[int]) -> bool:
    """Whether a cell lies in a part of a tensor of such a shape, which has the whole of axes that it does not name."""
    return all(
        i in range(n)[where] if isinstance(where, slice) else i == where
        for i, where, n in zip(index, place, shape, strict=False)
    )


def _inside(index: Sequence[int], place: Sequence[int | slice], shape: Sequence[int]) -> tuple[int, ...]:
    """Where in the part it lies."""
    pairs = zip(index, place, shape, strict=True)
    return tuple(range(n)[where].index(i) for i, where, n in pairs if isinstance(where, slice))


seed = Seed()
cut = Cut()
only = Only()
gathered = Gathered()
