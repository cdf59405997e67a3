"""Steps as handles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .tape import Record, Tape
from .tensor import Tensor

if TYPE_CHECKING:
    from .run import Run


class Step:
    """One step of a run, as a handle: its tape is computed, or computed again, when it is touched."""

    __slots__ = ("_run", "number")

    def __init__(self, run: Run, number: int) -> None:
        self._run = run
        self.number = number

    @property
    def tape(self) -> Tape:
        """The sealed tape."""
        return self._run.step(self.number)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.tape)

    def __len__(self) -> int:
        return len(self.tape)

    def __getitem__(self, address: str) -> Tensor:
        return self.tape[address]

    def __repr__(self) -> str:
        return f"<Step @{self.number}>"
