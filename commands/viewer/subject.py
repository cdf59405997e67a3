"""What a viewer looks at: a tensor, what it is called, and where its cells come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tracer.addresses import Selector
from tracer.derive import Derivation, derive
from tracer.tape import Record
from tracer.tensor import Tensor

Index = tuple[int, ...]


class Origin(Protocol):
    """Where the cells of a tensor come from."""

    def name(self, index: Index) -> str:
        """What the cell at ``index`` of the tensor is called, its own index included."""

    def derivation(self, index: Index) -> Derivation | None:
        """The arithmetic of a cell; None where no operation was recorded that yielded it."""


@dataclass(frozen=True)
class Subject:
    """A tensor, its title, and the origin of its cells; ``is_softmax`` colours them as probabilities."""

    tensor: Tensor
    title: str
    origin: Origin
    is_softmax: bool = False
    decimals: int | None = None


@dataclass(frozen=True)
class Computed:
    """The value of an expression."""

    text: str

    def name(self, index: Index) -> str:
        """The expression and the index."""
        return f"({self.text})[{_written(index)}]"

    def derivation(self, index: Index) -> None:
        """None: what an expression computes is not recorded."""


class Recorded:
    """What selectors cut out of the output of a record; raises as `Tensor.locate` does."""

    def __init__(self, record: Record, selectors: tuple[Selector, ...] = ()) -> None:
        self._record = record
        self._where = record.output.locate(selectors)

    def name(self, index: Index) -> str:
        """The full address of a cell."""
        return f"{self._record.output.address}[{_written(self._whole(index))}]"

    def derivation(self, index: Index) -> Derivation:
        """The record's own arithmetic."""
        return derive(self._record, self._whole(index))

    def _whole(self, index: Index) -> Index:
        """The index into the record's output, on whose axes selectors took one place or some."""
        places = iter(index)
        lengths = zip(self._where, self._record.output.shape, strict=True)
        return tuple(where if isinstance(where, int) else range(n)[where][next(places)] for where, n in lengths)


def _written(index: Index) -> str:
    return ",".join(map(str, index))
