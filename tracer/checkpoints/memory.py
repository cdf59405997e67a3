"""Parameters in memory: the room for all of them is set aside at once, and each is read into its place on first use.

The room is anonymous memory, for which NumPy asks for huge pages: products on parameters left in the 4 kB pages of a
mapped file are 15 % slower. Only what would fill half the machine stays in the file, where it is stored as computed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import InputError
from ..i18n import _
from ..tensor import Array
from .stored import FLOATS, Stored

Progress = Callable[[int, int], None]
"""Called with the bytes read so far, and those to be read in all."""

CHUNK = 1 << 18
"""numbers read at a time: few enough to be in the processor's cache still when they are converted and checked"""

ALIGNMENT = 64
"""bytes; where a tensor begins is a multiple of it"""

DType = type[np.floating[Any]]


@dataclass
class Reading:
    """How far the reading of a checkpoint has come, in bytes, and ``warnings`` about what was read."""

    progress: Progress | None = None
    done: int = 0
    total: int = 0
    warnings: list[str] = field(default_factory=list)

    def advance(self, count: int) -> None:
        """So many bytes more have been read."""
        self.done += count
        if self.progress is not None:
            self.progress(self.done, self.total)

    def warn(self, stored: Stored, count: int) -> None:
        """A tensor has numbers that are not finite."""
        self.warnings.append(_("tensor {name} holds NaN or infinity in {n} places").format(name=stored.name, n=count))


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
        numbers, finite = self.array.reshape(-1), True
        for start in range(0, numbers.size, CHUNK):
            part = numbers[start : start + CHUNK]
            if self._row is not None:
                _read(self._stored, start, self._row[start : start + CHUNK])
            finite &= _is_finite(part)
            self._reading.advance(part.size * self._stored.bytes_each)
        if not finite:
            self._reading.warn(self._stored, numbers.size - np.count_nonzero(np.isfinite(numbers)))
        self._filled = True


def set_aside(tensors: Mapping[str, Stored], dtype: DType, reading: Reading) -> dict[str, Room]:
    """A room for each tensor, as numbers of ``dtype``.

    Raises:
        InputError: the machine has too little memory.
    """
    reading.total = sum(stored.stop - stored.start for stored in tensors.values())
    large = sum(stored.size for stored in tensors.values()) * np.dtype(dtype).itemsize > machine_memory() / 2
    mapped = {name: stored for name, stored in tensors.items() if large and _is_computable_in_place(stored, dtype)}
    placed = {name: stored for name, stored in tensors.items() if name not in mapped}
    rows = _rows([stored.size for stored in placed.values()], dtype)
    return {name: Room(stored, stored.file.map(stored), None, reading) for name, stored in mapped.items()} | {
        name: Room(stored, row.reshape(stored.shape), row, reading)
        for (name, stored), row in zip(placed.items(), rows, strict=True)
    }


def machine_memory() -> float:
    """The bytes of memory that the machine has, as far as the system tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):
        return float("inf")


def _is_computable_in_place(stored: Stored, dtype: DType) -> bool:
    return stored.dtype != "BF16" and FLOATS[stored.dtype] == np.dtype(dtype) and stored.start % stored.bytes_each == 0


def _rows(sizes: list[int], dtype: DType) -> Iterator[Array]:
    """One row of memory for each size, all of one piece; the system gives it when it is written to."""
    each = np.dtype(dtype).itemsize
    strides = [-(-size * each // ALIGNMENT) * ALIGNMENT for size in sizes]
    total = sum(strides)
    try:
        if total > machine_memory():
            raise MemoryError
        whole = np.zeros(total + ALIGNMENT, np.uint8)
    except MemoryError:
        raise InputError(
            _("the parameters need {n:.1f} GB as {dtype}, which is more memory than there is").format(
                n=total / 1e9, dtype=np.dtype(dtype).name
            )
        ) from None
    start = -whole.ctypes.data % ALIGNMENT
    for size, stride in zip(sizes, strides, strict=True):
        yield whole[start : start + size * each].view(dtype)
        start += stride


def _read(stored: Stored, start: int, room: Array) -> None:
    """Fill ``room``, a row, with the numbers of a tensor from number ``start`` on."""
    kind, place = np.dtype(FLOATS[stored.dtype]), stored.start + start * stored.bytes_each
    if stored.dtype != "BF16" and kind == room.dtype:
        stored.file.read_into(memoryview(room).cast("B"), place)
        return
    numbers = np.frombuffer(stored.file.read(place, len(room) * kind.itemsize), kind)
    if stored.dtype != "BF16":
        with np.errstate(over="ignore"):
            room[...] = numbers
    elif room.dtype == np.float32:
        room.view(np.uint16)[1::2] = numbers
    else:
        room[...] = (numbers.astype(np.uint32) << 16).view(np.float32)


def _is_finite(row: Array) -> bool:
    """Whether all numbers are finite, in one fast pass unless their squares are too large to add up."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(np.dot(row, row)) or np.isfinite(row).all())
