"""Parameters in memory: the room for all of them is set aside at once, and each is read into its place on first use.

The room is anonymous memory, for which NumPy asks for huge pages: products on parameters left in the 4 kB pages of a
mapped file are 15 % slower. Only what would fill half the machine stays in the file, where it is stored as computed.
What products are made with lies there in the order that is fast for them, which no index shows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from types import MappingProxyType

import numpy as np

from ..dataclass import dataclass
from ..errors import InputError
from ..i18n import N_, _
from ..products import Order
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

    ``place`` can be written to; of a mapped file it can't, and has the numbers already.
    """

    def __init__(self, stored: Stored, place: Array, reading: Reading) -> None:
        self.array = place.view()
        self.array.setflags(write=False)
        self._stored, self._reading = stored, reading
        self._lines = place.T if stored.order == "F" else place
        self._filled = False

    def __call__(self) -> None:
        if self._filled:
            return
        finite = 0
        for chunk in self._read():
            finite += int(np.count_nonzero(np.isfinite(chunk)))
            self._reading.advance(chunk.nbytes)
        if finite < self.array.size:
            self._reading.warn(self._stored, self.array.size - finite)
        self._filled = True

    def _read(self) -> Iterator[Array]:
        """The numbers in the order of the file, so many at a time, each time after they are put in their place."""
        if self._lines.flags.c_contiguous:
            return self._straight(self._lines.reshape(-1))
        return self._across(self._lines.reshape(-1, *self._lines.shape[-2:]))

    def _straight(self, row: Array) -> Iterator[Array]:
        """A place in which the numbers lie as they come."""
        for start in range(0, row.size, CHUNK):
            chunk = row[start : start + CHUNK]
            if row.flags.writeable:
                self._stored.read_into(chunk, start)
            yield chunk

    def _across(self, matrices: Array) -> Iterator[Array]:
        """A place in which the numbers lie the other way round, in each of several matrices: some lines at a time."""
        _several, height, width = matrices.shape
        count, start = min(max(CHUNK // width, 1), height), 0
        room = np.empty((count, width), matrices.dtype)
        for matrix in matrices:
            for first in range(0, height, count):
                lines = matrix[first : first + count]
                chunk = room[: len(lines)]
                chunk.fill(0)
                self._stored.read_into(chunk.reshape(-1), start)
                lines[...] = chunk
                start += chunk.size
                yield chunk


def set_aside(
    tensors: Mapping[str, Stored], dtype: DType, reading: Reading, orders: Mapping[str, Order] = MappingProxyType({})
) -> dict[str, Room]:
    """A room for each tensor, as numbers of ``dtype``.

    The last two axes of those that ``orders`` names lie in memory as it says, be that as in their file or not.

    Raises:
        InputError: the machine has too little memory.
    """
    reading.total = sum(stored.size for stored in tensors.values()) * np.dtype(dtype).itemsize
    large = reading.total > machine_memory() / 2
    mapped = {name: array for name, stored in tensors.items() if large and (array := stored.map(dtype)) is not None}
    rows = _rows([stored.size for name, stored in tensors.items() if name not in mapped], dtype)
    return {
        name: Room(
            stored,
            mapped[name] if name in mapped else _shaped(next(rows), stored.shape, orders.get(name, stored.order)),
            reading,
        )
        for name, stored in tensors.items()
    }


def _shaped(row: Array, shape: tuple[int, ...], order: Order) -> Array:
    """A row as an array whose last two axes lie in memory in that order."""
    if order == "C" or len(shape) < 2:
        return row.reshape(shape)
    *outer, height, width = shape
    return row.reshape(*outer, width, height).swapaxes(-1, -2)


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
