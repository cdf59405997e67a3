"""A matrix of a checkpoint with what an adapter adds to it: W + s·BA, worked out as its numbers are read.

Source: Hu et al. 2021, LoRA, section 4.1; that s is α/r, or α/√r: Kalajdzievski 2023, rank-stabilized LoRA.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from ..arithmetic import Number, Sum, dot
from ..dataclass import dataclass
from ..i18n import _
from ..tensor import IN_FEATURE, OUT_FEATURE, Array, Axis, Tensor
from .stored import Made, ParameterFile, Stored

FORMULA = "w = W + s · Σ B·A"
RANK = Axis("rank")


class Factors(NamedTuple):
    """The two matrices of an adapter: ``b`` is [out, rank] and ``a`` [rank, in]; ``scale`` is s.

    ``turned`` says that the matrix to which they are added lies in its file as [in, out].
    """

    b: Stored
    a: Stored
    scale: float
    turned: bool


@dataclass(frozen=True, eq=False)
class Merged(Stored):
    """The ``base`` matrix with the product of the factors added; the sum is one of doubles, and rounded once."""

    file: ParameterFile
    name: str
    dtype: str
    shape: tuple[int, ...]
    base: Stored
    factors: Factors

    @classmethod
    def of(cls, base: Stored, factors: Factors) -> Merged:
        """A matrix as its file has it, with what is added."""
        return cls(base.file, base.name, base.dtype, base.shape, base, factors)

    @property
    def order(self) -> Literal["C", "F"]:  # type: ignore[override]
        """As the base has it."""
        return self.base.order

    @property
    def bytes(self) -> int:
        return self.base.bytes

    def read_into(self, room: Array, first: int = 0) -> None:
        wide = np.zeros(room.size)
        self.base.read_into(wide, first)
        left, right = _matrices(self)
        columns = right.shape[1]
        start, stop = first // columns, -(-(first + room.size) // columns)
        added = (left[start:stop] @ right).reshape(-1)[first - start * columns :][: room.size]
        with np.errstate(over="ignore", invalid="ignore"):
            room[...] = wide + self.factors.scale * added

    def made(self, index: tuple[int, ...]) -> Made:
        base = self.base.made(index)
        stands = self._there(index) if base is None else base.expression
        where = _("W in {file}, A and B in {adapter}").format(
            file=self.file.path.name if base is None else base.place, adapter=self.factors.a.file.path
        )
        formula = FORMULA if base is None else f"{FORMULA}, W{base.formula.removeprefix('w')}"
        return Made(formula, stands + Number(self.factors.scale, "s") * self._product(index), where)

    def _there(self, index: tuple[int, ...]) -> Number:
        """The number of the base at a place."""
        room = np.zeros(1)
        self.base.read_into(room, int(np.ravel_multi_index(index, self.shape, order=self.order)))
        return Number(float(room[0]), "W")

    def _product(self, index: tuple[int, ...]) -> Sum:
        """What is added there, of cells of the factors."""
        into, out = index if self.factors.turned else index[::-1]
        b, a = _both(self)
        return dot(B=b.row(out), A=a.column(into))


def _matrices(merged: Merged) -> tuple[Array, Array]:
    """Two matrices, the product of which is added to one, in the order in which the numbers of that are read."""
    b, a = (factor.array for factor in _both(merged))
    return (a.T, b.T) if merged.factors.turned != (merged.order == "F") else (b, a)


@lru_cache(maxsize=1)
def _both(merged: Merged) -> tuple[Tensor, Tensor]:
    """The factors, read; those of the last one asked for stay."""
    b, a, _scale, _turned = merged.factors
    return _whole(b, (OUT_FEATURE, RANK)), _whole(a, (RANK, IN_FEATURE))


def _whole(stored: Stored, axes: tuple[Axis, Axis]) -> Tensor:
    row = np.zeros(stored.size)
    stored.read_into(row)
    return Tensor(row.reshape(stored.shape), axes, stored.name)
