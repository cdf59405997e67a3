"""Catchpoints: what must not happen, wherever it happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from ...addresses import Address
from ...arithmetic import Given, Leaf, Node, Noted, Number, Replaced
from ...dataclass import dataclass
from ...errors import AddressError
from ...operation import Trait
from ...tape import Record
from ...tensor import Array, Tensor
from .conditions import Condition
from .findings import Arisen, Holds, Unbalanced
from .sealed import Layout, Sealed, Tested

if TYPE_CHECKING:
    from .points import Kind

Trouble = Literal["nan", "inf"]

_SIGNS: dict[Trouble, Callable[[Any], Any]] = {"nan": np.isnan, "inf": np.isinf}
BALANCED = 1e-4
"""How far from 1 a row of a softmax may sum."""


@dataclass(frozen=True)
class CatchArising:
    """A record with nan, or with an infinity, where none of its inputs has one; a parameter of it may.

    The −∞ of a mask, or of a token that is ruled out, is meant: its derivation is a rule.
    """

    what: Trouble
    kind: ClassVar[Kind] = "catch"

    def indices(self, step: Sealed) -> Sequence[int]:
        return range(1, step.last + 1)

    def found(self, here: Tested) -> tuple[Arisen] | None:
        """How much of it there is."""
        cells = _SIGNS[self.what](here.record.output.array)
        if not cells.any() or self._is_explained(here.record, cells):
            return None
        trained = _trained(here.record, cells, _SIGNS[self.what])
        return (Arisen(self.what, int(np.count_nonzero(cells)), cells.size, trained),)

    def _is_explained(self, record: Record, cells: Array) -> bool:
        """Whether an input, or the operation itself, explains the cells."""
        if any(_has(tensor, _SIGNS[self.what]) for tensor in record.inputs):
            return True
        with suppress(AddressError):
            return self.what == "inf" and _is_ruled(_derived(record, int(cells.argmax())))
        return False

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True)
class CatchRowSum:
    """A softmax with a row that does not sum to 1."""

    kind: ClassVar[Kind] = "catch"

    def indices(self, step: Sealed) -> Sequence[int]:
        return [record.index for record in step.tape if record.has(Trait.DISTRIBUTION)]

    def found(self, here: Tested) -> tuple[Unbalanced] | None:
        sums = here.record.output.array.sum(-1, dtype=np.float64)
        wrong = np.argwhere(~(np.abs(sums - 1) <= BALANCED))
        if not len(wrong):
            return None
        index = tuple(map(int, wrong[0]))
        return (Unbalanced(index, float(sums[index])),)

    def __str__(self) -> str:
        return "rowsum"


@dataclass(frozen=True)
class CatchCondition:
    """A predicate, tested at every record that completes what it reads; at a step's last if it reads nothing of it."""

    condition: Condition
    kind: ClassVar[Kind] = "catch"
    _known: dict[tuple[Layout, tuple[Address, ...]], Sequence[int]] = field(default_factory=dict, compare=False)

    def indices(self, step: Sealed) -> Sequence[int]:
        read = step.inside(self.condition.expression.addresses)
        if not read:
            return () if read is None else (step.last,)
        key = (step.layout, read)
        if key not in self._known:
            self._known[key] = _completing(step, read)
        return self._known[key]

    def found(self, here: Tested) -> tuple[Holds] | None:
        holds = self.condition.found(here)
        return None if holds is None else (holds,)

    def __str__(self) -> str:
        return str(self.condition)


def _completing(step: Sealed, addresses: Sequence[Address]) -> list[int]:
    """The records from whose scope all addresses stand for something, and which are the last of that."""
    last = {scope: _last(step, addresses, scope) for scope in {record.scope for record in step.tape}}
    return [record.index for record in step.tape if last[record.scope] == record.index]


def _last(step: Sealed, addresses: Sequence[Address], scope: str) -> int:
    """The last record that addresses stand for, 0 where one of them stands for nothing."""
    found = [step.indices(address, scope) for address in addresses]
    return max(map(max, found)) if all(found) else 0


def _is_ruled(node: Node) -> bool:
    """Whether a value is what a rule puts there, and no arithmetic."""
    return _is_ruled(node.node) if isinstance(node, Noted) else isinstance(node, Number | Replaced | Given)


def _has(tensor: Tensor, sign: Callable[[Any], Any]) -> bool:
    """Whether a tensor has such a number; not where its numbers were not kept."""
    with suppress(AddressError):
        return bool(sign(tensor.array).any())
    return False


def _trained(record: Record, cells: Array, sign: Callable[[Any], Any]) -> Leaf | None:
    """The trained number, as the file has it, that makes the first of some cells what it is, if one does."""
    names = {parameter.address for _name, parameter in record.trained if _has(parameter, sign)}
    leaves = _derived(record, int(cells.argmax())).leaves() if names else ()
    return next((leaf for leaf in leaves if leaf.address in names and sign(leaf.value)), None)


def _derived(record: Record, cell: int) -> Node:
    """The arithmetic of a record's cell, counted through all its axes."""
    index = tuple(map(int, np.unravel_index(cell, record.output.shape)))
    return record.derive(index)
