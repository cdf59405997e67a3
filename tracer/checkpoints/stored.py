"""Tensors as files hold them: where each lies, and reading it."""

from __future__ import annotations

import weakref
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import InputError
from ..i18n import _, cause
from ..tensor import Array
from .names import visible
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

    def map(self, stored: Stored) -> Array:
        """A tensor as it lies in the file, not to be written to: its pages come when they are touched."""
        return np.memmap(self._file, DTYPES[stored.dtype], "r", stored.start, stored.shape).view(np.ndarray)

    def error(self, what: str) -> InputError:
        """What is wrong with this file."""
        return InputError(f"{self.path}: {visible(what)}")


class Stored(NamedTuple):
    """A tensor in a file: its name and type there, its shape, and its bytes from ``start`` to ``stop``."""

    file: ParameterFile
    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)

    @property
    def kind(self) -> np.dtype[Any]:
        """The NumPy type of its bytes."""
        return np.dtype(DTYPES[self.dtype])

    @property
    def is_float(self) -> bool:
        """Whether its numbers are floating, as parameters are."""
        return self.dtype in FLOATS

    def is_stored_as(self, dtype: DType) -> bool:
        """Whether its bytes are numbers of ``dtype`` as they are."""
        return self.dtype != "BF16" and self.kind == np.dtype(dtype)

    def holds_the_same_as(self, other: Stored) -> bool:
        """Whether another tensor of the shape has the same numbers, as whatever type; read as far as they agree."""
        pieces = (slice(first, min(first + PIECE, self.size)) for first in range(0, self.size, PIECE))
        return all(self._agrees(other, piece) for piece in pieces)

    def _agrees(self, other: Stored, piece: slice) -> bool:
        if self.dtype == other.dtype and self._bytes(piece) == other._bytes(piece):
            return True
        return np.array_equal(self._numbers(piece), other._numbers(piece))

    def _bytes(self, piece: slice) -> bytearray:
        size = self.kind.itemsize
        return self.file.read(self.start + piece.start * size, (piece.stop - piece.start) * size)

    def _numbers(self, piece: slice) -> Array:
        room = np.zeros(piece.stop - piece.start)
        self.read_into(room, piece.start)
        return room

    def read_into(self, room: Array, first: int = 0) -> None:
        """Fill ``room``, a row of zeros in float32 or float64, with the numbers from number ``first`` on."""
        start = self.start + first * self.kind.itemsize
        if self.is_stored_as(room.dtype.type):
            self.file.read_into(memoryview(room).cast("B") if room.size else memoryview(b""), start)  # type: ignore[arg-type]
            return
        numbers = np.frombuffer(self.file.read(start, room.size * self.kind.itemsize), self.kind)
        if self.dtype != "BF16":
            with np.errstate(over="ignore"):
                room[...] = numbers
        elif room.dtype == np.float32:
            room.view(np.uint16)[1::2] = numbers
        else:
            room[...] = (numbers.astype(np.uint32) << 16).view(np.float32)
