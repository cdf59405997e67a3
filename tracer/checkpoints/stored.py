"""Tensors as files hold them: where each lies, and reading it."""

from __future__ import annotations

import weakref
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from ..i18n import _
from ..tensor import Array

FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
"""The types that parameters may have, and the NumPy type of the same bytes; BF16 is the upper half of an F32."""


class ParameterFile:
    """A file of parameters, open as long as something may still be read from it.

    Raises:
        InputError: it can't be opened, or it ends before what is asked of it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb", buffering=0)
            self.size = path.stat().st_size
        except OSError as error:
            raise self.error(_("can't be read ({reason})").format(reason=error.strerror)) from error
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
                    raise self.error(_("has become shorter while it was open"))
                room = room[count:]
        except OSError as error:
            raise self.error(_("can't be read ({reason})").format(reason=error.strerror)) from error

    def map(self, stored: Stored) -> Array:
        """A tensor as it lies in the file, without reading it: pages come when they are touched."""
        return np.memmap(self._file, FLOATS[stored.dtype], "r", stored.start, stored.shape).view(np.ndarray)

    def error(self, what: str) -> InputError:
        """What is wrong with this file."""
        return InputError(f"{self.path}: {what}")


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
    def bytes_each(self) -> int:
        """The bytes of one number."""
        return np.dtype(FLOATS[self.dtype]).itemsize
