"""Mistakes in turning queries and keys by their positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..arithmetic import Node
from ..edits import Call
from ..i18n import N_
from ..models.scaling import angles
from ..operation import Flow, to
from ..ops.frequencies import Frequencies
from ..ops.gradients.position import RotateGradient
from ..ops.position import Rotate
from ..tensor import Tensor
from .mistake import Mistake
from .reordered import Reordered

USUAL, LATER = 10000.0, 500000.0
"""The base of the angles in the paper and where nothing is stated, and that of Llama 3."""


class RotateNeighboursGradient(RotateGradient):
    """[head, position, d_k] -> the same: features 2i and 2i + 1 turned back."""

    formula = "dy₂ᵢ cos(pos · θ) + dy₂ᵢ₊₁ sin(pos · θ), dy₂ᵢ₊₁ cos(pos · θ) − dy₂ᵢ sin(pos · θ)"

    def forward(self, dy: Tensor, *, positions: Sequence[int], frequencies: Frequencies) -> Tensor:
        places = _halved(frequencies, dy)
        turned = super().forward(Reordered(dy, 2, places), positions=positions, frequencies=frequencies)
        return Tensor(turned.array.take(_back(places), 2), dy.dims)

    def derive(self, index: tuple[int, ...], dy: Tensor, *, positions: Sequence[int], frequencies: Frequencies) -> Node:
        places = _halved(frequencies, dy)
        there = (*index[:2], places.index(index[2]))
        return super().derive(there, Reordered(dy, 2, places), positions=positions, frequencies=frequencies)


rotate_neighbours_gradient = RotateNeighboursGradient()


class RotateNeighbours(Rotate):
    """[head, position, d_k] -> the same: features 2i and 2i + 1 turned, in place of i and i + d_k/2."""

    formula = "x₂ᵢ cos(pos · θ) − x₂ᵢ₊₁ sin(pos · θ), x₂ᵢ₊₁ cos(pos · θ) + x₂ᵢ sin(pos · θ)"
    reference = N_("Su et al. 2021, eq. 34 (pairs 2i and 2i + 1)")

    def forward(self, x: Tensor, *, positions: Sequence[int], frequencies: Frequencies) -> Tensor:
        places = _halved(frequencies, x)
        turned = super().forward(Reordered(x, 2, places), positions=positions, frequencies=frequencies)
        return Tensor(turned.array.take(_back(places), 2), x.dims)

    def backward(
        self, dy: Tensor, y: Tensor, x: Tensor, *, positions: Sequence[int], frequencies: Frequencies
    ) -> Iterator[Flow]:
        yield to(x, rotate_neighbours_gradient, dy, positions=positions, frequencies=frequencies)

    def derive(self, index: tuple[int, ...], x: Tensor, *, positions: Sequence[int], frequencies: Frequencies) -> Node:
        places = _halved(frequencies, x)
        there = (*index[:2], places.index(index[2]))
        return super().derive(there, Reordered(x, 2, places), positions=positions, frequencies=frequencies)


def _halved(frequencies: Frequencies, x: Tensor) -> list[int]:
    """The even features, then the odd ones, of those that are turned; then the others."""
    turned = 2 * len(frequencies.angles)
    return [*range(0, turned, 2), *range(1, turned, 2), *range(turned, x.shape[-1])]


def _back(places: Sequence[int]) -> list[int]:
    """Where each place has gone."""
    return [places.index(n) for n in range(len(places))]


rotate_neighbours = RotateNeighbours()


class RopeInterleaved(Mistake):
    """Neighbouring features as pairs."""

    sentence = N_("rotary positions turn features 2i and 2i + 1 together, in place of i and i + d_k/2")
    where = N_("x[..., ::2], x[..., 1::2] is Meta's layout; checkpoints of transformers want rotate_half")
    needs = N_("rotary positions")

    def wrong(self, call: Call) -> Call | None:
        return call.with_op(rotate_neighbours) if isinstance(call.op, Rotate) else None


class RopeTheta(Mistake):
    """The usual base, unscaled, in place of the one that is stated; Llama 3's where it is the usual one."""

    sentence = N_("rotary positions turn by other angles: base 10000 and no scaling, or 500000 where it is 10000")
    where = N_("rope_theta and rope_scaling (rope_parameters) in config.json")
    needs = N_("rotary positions")

    def wrong(self, call: Call) -> Call | None:
        if not isinstance(call.op, Rotate):
            return None
        stated = call.parameters["frequencies"]
        usual, later = (Frequencies(angles(base, 2 * len(stated.angles))) for base in (USUAL, LATER))
        is_usual = stated.values == usual.values and stated.scale is None
        return call.having(frequencies=later if is_usual else usual)


rope_interleaved = RopeInterleaved()
rope_theta = RopeTheta()
