"""What another record of the same pass has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..addresses import Selector
from ..arithmetic import Node
from ..dataclass import dataclass
from ..errors import InputError
from ..i18n import _
from ..tensor import Tensor
from .values import Cell, Taken, Value


@dataclass(frozen=True, eq=False)
class Beside(Value):
    """What an earlier record of the same pass has at the same cells; ``there`` once it is computed."""

    path: str
    there: Tensor | None = None

    def put(self, computed: Tensor, selectors: Sequence[Selector]) -> Tensor:
        assert self.there is not None
        return self.there.select(selectors)

    def derive(self, cell: Cell) -> Node:
        assert self.there is not None
        return self.there.leaf(*cell.index)

    def within(self, tape: Taken) -> Value:
        there = tape[self.path]
        if there is None:
            told = _("an edit takes from {path}, which is not computed here; ask this of the run without that edit")
            raise InputError(told.format(path=self.path))
        return replace(self, there=there)

    @property
    def beside(self) -> Sequence[str]:
        return (self.path,)

    def __str__(self) -> str:
        return self.path
