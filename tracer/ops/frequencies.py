"""The angles by which rotary positions turn features."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..arithmetic import Call, Named, Node, Noted, Number
from ..dataclass import dataclass
from ..i18n import _
from ..operation import Written
from ..tensor import Array, Tensor
from .tables import at, room, turns

SCALE = "a"
"""How formulas write the number that scaled rotary positions multiply by."""


@dataclass(frozen=True)
class Frequencies:
    """The arithmetic of the angle per position of each rotary pair, in radians: θᵢ = base^(−2i/d_k), or scaled.

    ``scale`` is what the turned features are multiplied by, None if by nothing.
    """

    angles: tuple[Node, ...]
    scale: Node | None = None

    @cached_property
    def values(self) -> tuple[float, ...]:
        """The angle of each pair."""
        return tuple(angle.evaluate() for angle in self.angles)

    @cached_property
    def scaling(self) -> float:
        """What the turned features are multiplied by."""
        return 1.0 if self.scale is None else self.scale.evaluate()

    def derive(self, pair: int) -> Node:
        """The arithmetic of one angle, under its name."""
        angle = self.angles[pair]
        return Number(angle.value, f"θ = {angle.symbol}") if isinstance(angle, Number) else Named("θ", angle)

    def turns(self, positions: Sequence[int], dtype: np.dtype[Any]) -> Array:
        """[position, cos or sin, pair of features] of position · angle, times the scale."""
        return at(positions, turns(room(positions), self.values, self.scaling, dtype))

    def turned(self, x: Tensor, index: tuple[int, ...], position: int, sign: int) -> Node:
        """The arithmetic of a cell of x [head, position, d_k], turned by the angle times ``sign``, times the scale."""
        head, place, column = index
        half = len(self.angles)
        if column >= 2 * half:
            told = _("only the first {n} of {d_k} features are turned")
            return Noted(x.leaf(*index), told.format(n=2 * half, d_k=x.shape[-1]))
        angle = Number(float(position), "pos") * self.derive(column % half)
        other = x.leaf(head, place, (column + half) % (2 * half))
        along, across = x.leaf(*index) * Call("cos", angle), other * Call("sin", angle)
        turned = along + across if (column >= half) == (sign > 0) else along - across
        return turned if self.scale is None else Named(SCALE, self.scale) * turned

    def written(self, formula: str, latex: str) -> Written:
        """How something turned is written, times the scale."""
        return Written(formula, latex) if self.scale is None else Written(f"{SCALE} · ({formula})", rf"a {latex}")
