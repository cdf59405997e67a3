"""What a viewer looks at: a tensor, what it is called, and where its cells come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from tracer.dataclass import dataclass
from tracer.tensor import Tensor

if TYPE_CHECKING:
    from tracer.views.view import View

Index = tuple[int, ...]


class Asked(Protocol):
    """A cell that is asked about."""

    @property
    def view(self) -> View:
        """Where it comes from, with numbers before the cells that this leads to."""

    @property
    def operands(self) -> Sequence[Asked]:
        """Those cells, in the order of their numbers."""


class Origin(Protocol):
    """Where the cells of a tensor come from."""

    @property
    def address(self) -> str:
        """What stands before the index in the name of a cell."""

    def index(self, index: Index) -> Index:
        """The index, under that address, of the cell at ``index`` of the tensor."""

    def asked(self, index: Index) -> Asked | None:
        """A cell, to be explained; None where no operation was recorded that yielded it."""


@dataclass(frozen=True)
class Subject:
    """A tensor, its title, and the origin of its cells; ``probabilities`` says how they are coloured."""

    tensor: Tensor
    title: str
    origin: Origin
    probabilities: bool = False
    decimals: int | None = None


@dataclass(frozen=True)
class Computed:
    """The value of an expression."""

    text: str

    @property
    def address(self) -> str:
        """The expression in parentheses."""
        return f"({self.text})"

    def index(self, index: Index) -> Index:
        """The same."""
        return index

    def asked(self, index: Index) -> None:
        """None: what an expression computes is not recorded."""
