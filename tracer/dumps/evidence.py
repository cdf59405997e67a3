"""What a dump has of the numbers of one tensor: all of them, some of them as text, or figures that sum them up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import ClassVar, Literal

from ..dataclass import dataclass
from ..tensor import Array

Kind = Literal["values", "text", "statistics", "hash"]
"""How much numbers prove: the first kind alone can say that two tensors are the same."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What there is of a tensor whose axes have the lengths of ``shape``, in the order that NumPy gives them.

    ``dtype`` is the type of its numbers as safetensors calls it (F32, BF16, …), empty where nobody says it.
    """

    kind: ClassVar[Kind]

    shape: tuple[int, ...]
    dtype: str = "F32"


@dataclass(frozen=True, eq=False)
class Values(Evidence):
    """Every number, exactly; ``read`` has them from the file, and raises `InputError` where that can't be.

    What is stored as bf16 comes as float32, which has the same numbers.
    """

    kind: ClassVar[Kind] = "values"

    read: Callable[[], Array] = field(kw_only=True)


@dataclass(frozen=True, eq=False)
class Printed(Evidence):
    """Some of the numbers, as text has them.

    ``places`` [cell, axis] says where they stand and ``values`` [cell] what was printed; each number is within ``half``
    [cell] of that, which is half a unit of the last digit. ``total`` is the sum of all numbers, where it was printed.
    """

    kind: ClassVar[Kind] = "text"

    places: Array = field(kw_only=True)
    values: Array = field(kw_only=True)
    half: Array = field(kw_only=True)
    total: float | None = field(default=None, kw_only=True)


@dataclass(frozen=True, eq=False)
class Statistics(Evidence):
    """Figures over all the numbers, by name: min, max, mean, std (unbiased, as torch has it), norm (Σx²)^½, sum.

    Each is within ``share`` of itself as it was printed.
    """

    kind: ClassVar[Kind] = "statistics"

    figures: Mapping[str, float] = field(kw_only=True)
    share: float = field(default=1e-6, kw_only=True)


@dataclass(frozen=True, eq=False)
class Hash(Evidence):
    """One figure over all the numbers: Σ|x| in double precision."""

    kind: ClassVar[Kind] = "hash"

    total: float = field(kw_only=True)
