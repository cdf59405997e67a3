"""Tensors as files hold them: where each lies, and reading it."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from ..arithmetic import Node
from ..dataclass import dataclass
from ..errors import InputError
from ..i18n import _, cause
from ..namedtuple import NamedTuple
from ..outward import visible
from ..tensor import Array
from .regular import check_regular

DType = type[np.floating[Any]]

FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
INTEGERS = {f"{sign}{8 * size}": f"<{sign.lower()}{size}" for sign in "IU" for size in (8, 4, 2, 1)}
DTYPES = {**FLOATS, **INTEGERS, "BOOL": "?"}
"""What tensors can be stored as, and the NumPy type of the same bytes; BF16 is the upper half of an F32."""

PIECE = 1 << 20
"""numbers compared at a time"""

MOST_AXES, LONGEST = 64, 1 << 59
"""axes of an array of NumPy's, and numbers: with eight bytes each, it counts them in 63 bits"""


def unsupported(name: str, dtype: str) -> str:
    """That a tensor is stored as what can't be read."""
    told = _("tensor {name}: type {dtype} is not supported; known are {known}, none of them quantised")
    return told.format(name=name, dtype=dtype, known=", ".join(DTYPES))


def fits_an_array(shape: tuple[int, ...]) -> bool:
    """Whether NumPy can have an array of that shape, be there numbers in it or not."""
    return len(shape) <= MOST_AXES and prod(max(length, 1) for length in shape) <= LONGEST


class ParameterFile:
    """A file of tensors, open as long as something may still be read from it.

    Raises:
        InputError: it is no regular file, can't be opened, or ends before what is asked of it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        check_regular(path)
        try:
            self._file = path.open("rb", buffering=0)
            self.size = path.stat().st_size
        except OSError as error:
            raise self.error(_("can't be read ({reason})").format(reason=cause(error))) from error
        weakref.finalize(self, self._file.close)

    def read(self, start: int, count: int) -> bytearray:
        """``count`` bytes from ``start``."""
        data = bytearray(count)
        self.read_into(memoryview(data), start)
        return data

    def read_into(self, room: memoryview, start: int) -> None:
        """Fill ``room``, of bytes, from ``start`` on."""
        try:
            self._file.seek(start)
            while len(room):
                count = self._file.readinto(room)
                if not count:
                    raise self.error(_("has become shorter since it was opened"))
                room = room[count:]
        except OSError as error:
            raise self.error(_("can't be read ({reason})").format(reason=cause(error))) from error

    def map(self, kind: np.dtype[Any], start: int, shape: tuple[int, ...]) -> Array:
        """Numbers as they lie in the file from ``start`` on, not to be written to: pages come when they are touched."""
        if 0 in shape:
            return np.zeros(shape, kind)
        try:
            return np.memmap(self._file, kind, "r", start, shape).view(np.ndarray)
        except (OSError, ValueError) as error:
            raise self.error(_("can't be read ({reason})").format(reason=cause(error))) from error

    def error(self, what: str) -> InputError:
        """What is wrong with this file."""
        return InputError(f"{self.path}: {visible(what)}")


class Made(NamedTuple):
    """How a number of a tensor is made of what its file holds in its stead.

    The ``expression`` is of those numbers, with the symbols that they have in the ``formula``, or of cells of other
    tensors; its value is the number, rounded as the tensor's are. ``place`` says where they stand.
    """

    formula: str
    expression: Node
    place: str


class Stored(ABC):
    """A tensor of a checkpoint: its ``name`` and its type as the file calls them, its shape, and reading its numbers.

    ``file`` is the one to be named where something is wrong with it; ``order`` says which axis its numbers run along
    first, as NumPy does: the last one, or, of what the file has the other way round, the first ("F").
    A subclass is a frozen dataclass.
    """

    file: ParameterFile
    name: str
    dtype: str
    shape: tuple[int, ...]
    order: ClassVar[Literal["C", "F"]] = "C"

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)

    @property
    @abstractmethod
    def bytes(self) -> int:
        """How many bytes hold it."""

    @property
    def is_float(self) -> bool:
        """Whether its numbers are floating, as parameters are."""
        return True

    @abstractmethod
    def read_into(self, room: Array, first: int = 0) -> None:
        """Fill ``room``, a row of zeros in float32 or float64, with the numbers from number ``first`` on."""

    def map(self, dtype: DType) -> Array | None:
        """The tensor as it lies in the file, not to be written to, where that holds it as numbers of ``dtype``."""
        return None

    def made(self, index: tuple[int, ...]) -> Made | None:
        """How the number at a place is made of those of the file; None where it stands there as it is."""
        return None

    def called(self, name: str) -> Stored:
        """The same tensor by another name."""
        return replace(self, name=name)  # type: ignore[type-var]

    def holds_the_same_as(self, other: Stored) -> bool:
        """Whether another tensor of the shape has the same numbers, as whatever type; read as far as they agree."""
        pieces = (slice(first, min(first + PIECE, self.size)) for first in range(0, self.size, PIECE))
        return all(self._agrees(other, piece) for piece in pieces)

    def _agrees(self, other: Stored, piece: slice) -> bool:
        return np.array_equal(self._numbers(piece), other._numbers(piece))

    def _numbers(self, piece: slice) -> Array:
        room = np.zeros(piece.stop - piece.start)
        self.read_into(room, piece.start)
        return room


@dataclass(frozen=True)
class Contiguous(Stored):
    """A tensor whose numbers lie one after another in its file, in the bytes from ``start`` to ``stop``."""

    file: ParameterFile
    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int

    @property
    def bytes(self) -> int:
        return self.stop - self.start

    @property
    def kind(self) -> np.dtype[Any]:
        """The NumPy type of its bytes."""
        return np.dtype(DTYPES[self.dtype])

    @property
    def is_float(self) -> bool:
        return self.dtype in FLOATS

    def is_stored_as(self, dtype: DType) -> bool:
        """Whether its bytes are numbers of ``dtype`` as they are."""
        return self.dtype != "BF16" and self.kind == np.dtype(dtype)

    def map(self, dtype: DType) -> Array | None:
        in_place = self.is_stored_as(dtype) and self.start % self.kind.itemsize == 0
        return self.file.map(self.kind, self.start, self.shape) if in_place else None

    def holds_the_same_as(self, other: Stored) -> bool:
        is_it = isinstance(other, Contiguous) and self == other.called(self.name)
        return is_it or super().holds_the_same_as(other)

    def _agrees(self, other: Stored, piece: slice) -> bool:
        if isinstance(other, Contiguous) and self.dtype == other.dtype and self._bytes(piece) == other._bytes(piece):
            return True
        return super()._agrees(other, piece)

    def _bytes(self, piece: slice) -> bytearray:
        size = self.kind.itemsize
        return self.file.read(self.start + piece.start * size, (piece.stop - piece.start) * size)

    def read_into(self, room: Array, first: int = 0) -> None:
        start = self.start + first * self.kind.itemsize
        if self.is_stored_as(room.dtype.type):
            self.file.read_into(memoryview(room).cast("B") if room.size else memoryview(b""), start)  # type: ignore[arg-type]
            return
        put(room, np.frombuffer(self.file.read(start, room.size * self.kind.itemsize), self.kind), self.dtype)


def put(room: Array, numbers: Array, dtype: str) -> None:
    """Fill ``room``, a row of zeros in float32 or float64, with numbers of a file that calls them ``dtype``."""
    if dtype != "BF16":
        with np.errstate(over="ignore", invalid="ignore"):
            room[...] = numbers
    elif room.dtype == np.float32:
        room.view(np.uint16)[1::2] = numbers
    else:
        room[...] = widened(numbers)


def widened(numbers: Array) -> Array:
    """Numbers of bf16 as float32: two bytes each, the upper half of the four, in memory of their own."""
    wide = numbers.astype(np.uint32, "C")
    wide <<= 16
    return wide.view(np.float32)
