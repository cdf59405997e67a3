"""One cell -> the arithmetic it came from."""

from __future__ import annotations

from dataclasses import dataclass

from .arithmetic import Leaf, Node
from .tape import Record


@dataclass(frozen=True)
class Derivation:
    """A recorded cell and the expression, over recorded cells and parameters, that yields it."""

    record: Record
    index: tuple[int, ...]
    expression: Node

    @property
    def address(self) -> str:
        """Where the cell was recorded, with its step."""
        return self.record.output.address

    @property
    def value(self) -> float:
        """The recorded value."""
        return float(self.record.output.array[self.index])

    @property
    def formula(self) -> str:
        """The operation's formula in symbols."""
        return self.record.op.formula

    @property
    def terms(self) -> list[Leaf]:
        """The recorded cells and parameters of the expression, left to right, each once."""
        return list(dict.fromkeys(self.expression.leaves()))


def derive(record: Record, index: tuple[int, ...]) -> Derivation:
    """The derivation of the cell of ``record`` at ``index``, an integer for every axis."""
    return Derivation(record, index, record.op.derive(index, *record.inputs, **record.parameters))
