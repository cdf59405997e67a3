"""Steps as handles, and what whatever has steps gives of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .tape import Record, Tape
from .tensor import Tensor

if TYPE_CHECKING:
    from .trace import Trace


class Step:
    """One step of a run, as a handle: its tape is computed, or computed again, when it is touched."""

    __slots__ = ("_run", "number")

    def __init__(self, run: Trace, number: int) -> None:
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


class Stepped:
    """A trace by its steps: a sequence of handles."""

    @property
    def numbers(self: Trace) -> range:
        """The numbers of the steps there are so far."""
        return range(self.first, self.computed + 1)

    @property
    def steps(self: Trace) -> list[Step]:
        """These steps, in order."""
        return [Step(self, number) for number in self.numbers]

    @property
    def output_ids(self: Trace) -> list[int]:
        """The ids yielded so far, in order, with the final end token."""
        return [token.id for token in self.tokens]

    def save(self: Trace, path: str | Path, only: str | None = None) -> None:
        """Write the steps there are so far to a trace file, whole or not at all; `tracer.open` reads it.

        ``only`` is an address, which may be shortened and have globs: ``dec.*.cross.weights``. Other records are left
        out.

        Raises:
            AddressError: ``only`` is no address.
            InputError: nothing was recorded at it, or the file can't be written.
        """
        from .saved.writing import save

        save(self, path, only)

    def __iter__(self: Trace) -> Iterator[Step]:
        return (Step(self, number) for number in self.numbers)

    def __len__(self: Trace) -> int:
        return len(self.numbers)

    def __getitem__(self: Trace, number: int) -> Step:
        """The step of that number, computed if need be; raises as `step` does."""
        self.step(number)
        return Step(self, number)
