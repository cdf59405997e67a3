"""Parameters in memory: the room for all of them is set aside at once, and each is read into its place on first use.

The room is anonymous memory, for which NumPy asks for huge pages: products on parameters left in the 4 kB pages of a
mapped file are 15 % slower. Only what would fill half the machine stays in the file, where it is stored as computed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field

import numpy as np

from ..dataclass import dataclass
from ..errors import InputError
from ..i18n import N_, _
from ..tensor import Array
from .stored import DType, Stored

Progress = Callable[[int, int], None]
"""Called with the bytes of memory filled so far, and those to be filled in all."""

CHUNK = 1 << 18
"""numbers read at a time: few enough to be in the processor's cache still when they are converted and checked"""

ALIGNMENT = 64
"""bytes; where a tensor begins is a multiple of it"""


@dataclass
class Reading:
    """How far the reading of a checkpoint has come, in bytes of memory, and ``warnings`` about what was read."""

    progress: Progress | None = None
    done: int = 0
    total: int = 0
    warnings: list[str] = field(default_factory=list)

    def advance(self, count: int) -> None:
        """So many bytes more have been filled."""
        self.done += count
        if self.progress is not None:
            self.progress(self.done, self.total)

    def warn(self, stored: Stored, count: int) -> None:
        """A tensor has numbers that are not finite."""
        told = N_("{path}: tensor {name} holds NaN or infinity, {n} in all")
        message = told.format(path=stored.file.path, name=stored.name, n=count)
        if message not in self.warnings:
            self.warnings.append(message)


class Room:
    """The place of one tensor in memory. ``array`` is it, not to be written to; calling this reads the numbers, once.

    ``row`` is the same memory as one row that can be written to; None for a mapped file, which has the numbers already.
    """

    def __init__(self, stored: Stored, array: Array, row: Array | None, reading: Reading) -> None:
        array.setflags(write=False)
        self.array = array
        self._stored, self._row, self._reading = stored, row, reading
        self._filled = False

    def __call__(self) -> None:
        if self._filled:
            return
        numbers, finite = self.array.reshape(-1, order=self._stored.order), 0
        for start in range(0, numbers.size, CHUNK):
            chunk = numbers[start : start + CHUNK]
            if self._row is not None:
                self._stored.read_into(self._row[start : start + CHUNK], start)
            finite += int(np.count_nonzero(np.isfinite(chunk)))
            self._reading.advance(chunk.nbytes)
        if finite < numbers.size:
            self._reading.warn(self._stored, numbers.size - finite)
        self._filled = True


def set_aside(tensors: Mapping[str, Stored], dtype: DType, reading: Reading) -> dict[str, Room]:
    """A room for each tensor, as numbers of ``dtype``.

    Raises:
        InputError: the machine has too little memory.
    """
    reading.total = sum(stored.size for stored in tensors.values()) * np.dtype(dtype).itemsize
    large = reading.total > machine_memory() / 2
    mapped = {name: array for name, stored in tensors.items() if large and (array := stored.map(dtype)) is not None}
    rows = _rows([stored.size for name, stored in tensors.items() if name not in mapped], dtype)
    rooms: dict[str, Room] = {}
    for name, stored in tensors.items():
        row = None if name in mapped else next(rows)
        array = mapped[name] if row is None else row.reshape(stored.shape, order=stored.order)
        rooms[name] = Room(stored, array, row, reading)
    return rooms


def machine_memory() -> float:
    """The bytes of memory that the machine has, as far as the system tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):
        return float("inf")


def _rows(sizes: Sequence[int], dtype: DType) -> Iterator[Array]:
    """A row of zeros for each size, all in one piece of memory, which the system gives as it is written to."""
    each = np.dtype(dtype).itemsize
    strides = [-(-size * each // ALIGNMENT) * ALIGNMENT for size in sizes]
    try:
        if sum(strides) > machine_memory():
            raise MemoryError
        whole = np.zeros(sum(strides) + ALIGNMENT, np.uint8)
    except MemoryError:
        raise InputError(
            _("the parameters need {n:.1f} GB as {dtype}, which is more memory than there is").format(
                n=sum(strides) / 1e9, dtype=np.dtype(dtype).name
            )
        ) from None
    start = -whole.ctypes.data % ALIGNMENT
    for size, stride in zip(sizes, strides, strict=True):
        yield whole[start : start + size * each].view(dtype)
        start += stride
