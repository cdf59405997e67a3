"""Tensors of GGUF files as transformers has them: out of blocks, and what llama.cpp changed on conversion undone."""

from __future__ import annotations

from math import prod

import numpy as np

from ...arithmetic import Number
from ...dataclass import dataclass
from ...i18n import _
from ...tensor import Array
from ..changed import Changed
from ..stored import Contiguous, Made, ParameterFile, Stored
from .blocks import PLAIN, QUANTISED
from .container import Info


@dataclass(frozen=True)
class Quantised(Stored):
    """A tensor in blocks, from byte ``start`` of its file on, which calls it ``label``."""

    file: ParameterFile
    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    label: str

    @property
    def bytes(self) -> int:
        kind = QUANTISED[self.dtype]
        return self.size // kind.numbers * kind.bytes

    def read_into(self, room: Array, first: int = 0) -> None:
        kind = QUANTISED[self.dtype]
        block, skipped = divmod(first, kind.numbers)
        count = -(-(skipped + room.size) // kind.numbers)
        raw = np.frombuffer(self.file.read(self.start + block * kind.bytes, count * kind.bytes), np.uint8)
        with np.errstate(invalid="ignore"):
            room[...] = kind.read(raw.reshape(-1, kind.bytes)).reshape(-1)[skipped : skipped + room.size]

    def made(self, index: tuple[int, ...]) -> Made:
        kind = QUANTISED[self.dtype]
        block, place = divmod(int(np.ravel_multi_index(index, self.shape)), kind.numbers)
        start = self.start + block * kind.bytes
        raw = np.frombuffer(self.file.read(start, kind.bytes), np.uint8)
        told = _("{type}: number {place} of {numbers} in block {block} of {name}, bytes {start} to {stop} of {file}")
        where = {"start": start, "stop": start + kind.bytes - 1, "file": self.file.path.name}
        told = told.format(type=self.dtype, place=place, numbers=kind.numbers, block=block, name=self.label, **where)
        return Made(kind.formula, kind.made(raw, place), told)


@dataclass(frozen=True)
class Halved(Changed):
    """Rows of queries or keys of so many ``heads``: the two halves of each, which the file has row by row in turn.

    llama.cpp turns features 2i and 2i + 1 of a head by one angle, transformers i and i + d/2.
    """

    heads: int

    def read_into(self, room: Array, first: int = 0) -> None:
        length = prod(self.shape[1:])
        row, skipped = divmod(first, length)
        rows = self._rows(np.arange(row, row + -(-(skipped + room.size) // length)))
        begin, end = int(rows.min()), int(rows.max()) + 1
        found = np.zeros((end - begin) * length, room.dtype)
        self.inner.read_into(found, begin * length)
        room[...] = found.reshape(-1, length)[rows - begin].reshape(-1)[skipped : skipped + room.size]

    def made(self, index: tuple[int, ...]) -> Made | None:
        return self.inner.made((int(self._rows(np.asarray(index[0]))), *index[1:]))

    def _rows(self, rows: Array) -> Array:
        """Where in the file rows lie."""
        size = self.shape[0] // self.heads
        head, row = np.divmod(rows, size)
        half, pair = np.divmod(row, size // 2)
        found: Array = head * size + 2 * pair + half
        return found


@dataclass(frozen=True)
class Lessened(Changed):
    """A norm's weight w that the file has as w + 1."""

    def read_into(self, room: Array, first: int = 0) -> None:
        self.inner.read_into(room, first)
        room -= 1

    def made(self, index: tuple[int, ...]) -> Made:
        inner, one = self.inner.made(index), Number(1.0)
        if inner is not None:
            return inner._replace(formula=f"{inner.formula} − 1", expression=inner.expression - one)
        room = np.zeros(1)
        self.inner.read_into(room, int(np.ravel_multi_index(index, self.shape)))
        told = _("{name} stands in {file} as w + 1").format(name=self.name, file=self.file.path.name)
        return Made("w = x − 1", Number(float(room[0]), "x") - one, told)


def tensor(file: ParameterFile, info: Info, name: str) -> Stored:
    """What a header says of, under its name in transformers."""
    if info.kind in PLAIN:
        return Contiguous(file, name, info.kind, info.shape, info.start, info.stop)
    return Quantised(file, name, info.kind, info.shape, info.start, info.name)
