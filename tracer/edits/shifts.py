"""What is made of computed numbers: something added, a multiple, a projection, or what lies within bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..addresses import Selector, written
from ..arithmetic import Max, Named, Negation, Node, Noted, Number, total
from ..dataclass import dataclass
from ..errors import InputError
from ..i18n import _
from ..tensor import Array, Tensor
from .values import Cell, Value, broadcast

if TYPE_CHECKING:
    from ..trace import Trace


@dataclass(frozen=True, eq=False)
class Shift(Value):
    """What is made of the computed numbers h and of those of another value, broadcast against them."""

    by: Value

    def put(self, computed: Tensor, selectors: Sequence[Selector]) -> Array | None:
        other = self.by.put(computed, selectors)
        return None if other is None else self._made(computed, broadcast(other, computed, selectors), selectors)

    @property
    def runs(self) -> Sequence[Trace]:
        return self.by.runs

    def _made(self, computed: Tensor, other: Array, selectors: Sequence[Selector]) -> Array:
        raise NotImplementedError

    def _other(self, cell: Cell) -> Array:
        """What the other value put there."""
        return broadcast(self.by.put(cell.computed, cell.selectors), cell.computed, cell.selectors)

    def _operand(self, cell: Cell) -> Node:
        """The arithmetic of the other value in a cell."""
        return self.by.derive(replace(cell, value=float(self._other(cell)[cell.place])))


class Added(Shift):
    """h + E."""

    follows = True

    def _made(self, computed: Tensor, other: Array, selectors: Sequence[Selector]) -> Array:
        return _doubles(computed.array) + other

    def derive(self, cell: Cell) -> Node:
        return cell.before(cell.index) + self._operand(cell)

    def __str__(self) -> str:
        return f"h + {_enclosed(self.by)}"


class Scaled(Shift):
    """S · h."""

    goes_back = True

    def _made(self, computed: Tensor, other: Array, selectors: Sequence[Selector]) -> Array:
        return other * _doubles(computed.array)

    def derive(self, cell: Cell) -> Node:
        return self._operand(cell) * cell.before(cell.index)

    def __str__(self) -> str:
        return f"{_enclosed(self.by)} · h"


class ProjectedOnto(Shift):
    """(h · v̂) v̂ along the last axis, of which ``by`` is a vector v of any length; v̂ has length 1."""

    goes_back = True

    def _made(self, computed: Tensor, other: Array, selectors: Sequence[Selector]) -> Array:
        h, unit = _doubles(computed.array), self._unit(computed, other, selectors)
        found: Array = (h * unit).sum(-1, keepdims=True) * unit
        return found

    def derive(self, cell: Cell) -> Node:
        unit = self._unit(cell.computed, self._other(cell), cell.selectors)[cell.place[:-1]]
        h = _doubles(cell.computed.array)[cell.place[:-1]]
        share = total(Number(float(x)) * Number(float(v)) for x, v in zip(h, unit, strict=True))
        return Named("h·v̂", share) * Number(float(unit[cell.place[-1]]), "v̂")

    def _unit(self, computed: Tensor, v: Array, selectors: Sequence[Selector]) -> Array:
        """v̂, for every vector of the computed part; raises `InputError` where there are none, or v has no direction."""
        address = written(computed.path, computed.at, selectors)
        if not computed.dims:
            raise InputError(_("{address} is one number, and a projection is of vectors").format(address=address))
        v = _doubles(v)
        length = np.sqrt((v * v).sum(-1, keepdims=True))
        if not length.all():
            raise InputError(
                _("{vector} is zero at {address}: it has no direction").format(vector=self.by, address=address)
            )
        found: Array = v / length
        return found

    def __str__(self) -> str:
        return f"(h·v̂)v̂, v = {self.by}"


class ProjectedOff(ProjectedOnto):
    """h − (h · v̂) v̂."""

    def _made(self, computed: Tensor, other: Array, selectors: Sequence[Selector]) -> Array:
        return _doubles(computed.array) - super()._made(computed, other, selectors)

    def derive(self, cell: Cell) -> Node:
        return cell.before(cell.index) - super().derive(cell)

    def __str__(self) -> str:
        return f"h − {super().__str__()}"


@dataclass(frozen=True, eq=False)
class Clamped(Value):
    """h, but no less than ``low`` and no more than ``high``."""

    goes_back = True

    low: float = -math.inf
    high: float = math.inf

    def put(self, computed: Tensor, selectors: Sequence[Selector]) -> Array:
        return np.clip(_doubles(computed.array), self.low, self.high)

    def back(self, gradient: Tensor, computed: Tensor, selectors: Sequence[Selector]) -> Array:
        return np.where(self._is_within(computed.array), gradient.array, 0)

    def derive_back(self, cell: Cell, computed: Tensor) -> Node:
        if self._is_within(computed.array)[cell.place]:
            return cell.before(cell.index)
        return Noted(Number(0.0), _("what was computed lies beyond the bounds"))

    def _is_within(self, h: Array) -> Array:
        found: Array = (self.low < h) & (h < self.high)
        return found

    def derive(self, cell: Cell) -> Node:
        """With min(h, high) as −max(−h, −high)."""
        node = cell.before(cell.index)
        if self.high < math.inf:
            node = Negation(Max((Negation(node), Number(-self.high))))
        return node if self.low == -math.inf else Max((node, Number(self.low)))

    def __str__(self) -> str:
        above = "h" if self.low == -math.inf else f"max(h, {self.low:g})"
        return above if self.high == math.inf else f"min({above}, {self.high:g})"


def _doubles(array: Array) -> Array:
    return array.astype(np.float64)


def _enclosed(value: Value) -> str:
    """An expression as an operand: a number, a name or a bracket."""
    text = str(value)
    return text if text.replace(".", "").replace("_", "").isalnum() else f"({text})"
