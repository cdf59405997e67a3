"""Tensors as model.bin has them: rows of a variable, as they are or quantised, and zeros that it leaves out."""

from __future__ import annotations

from math import prod

import numpy as np

from ...arithmetic import Number, Quotient
from ...dataclass import dataclass
from ...i18n import _
from ...tensor import Array
from ..changed import Changed
from ..stored import DTYPES, FLOATS, Contiguous, Made, ParameterFile, Stored
from .container import SCALE, ModelFile, Variable

WIDE = 1000.0
"""What numbers of 16 bits were multiplied by where the file does not say it (Quantize::global_int16_scale)."""


@dataclass(frozen=True)
class Scaled(Stored):
    """Rows of whole numbers, each row, or all of them, to be divided by a scale: w = q / scale."""

    binary: ModelFile
    name: str
    variable: Variable
    scale: Variable | float
    shape: tuple[int, ...]
    row: int

    @property
    def file(self) -> ParameterFile:  # type: ignore[override]
        return self.binary.file

    @property
    def dtype(self) -> str:  # type: ignore[override]
        return self.variable.dtype

    @property
    def width(self) -> int:
        """The numbers of a row."""
        return prod(self.shape[1:])

    @property
    def bytes(self) -> int:
        return self.size * np.dtype(DTYPES[self.dtype]).itemsize

    def read_into(self, room: Array, first: int = 0) -> None:
        if not room.size:
            return
        row, last = first // self.width, (first + room.size - 1) // self.width
        start, count = (self.row + row) * self.width, last + 1 - row
        q = self.binary.numbers(self.variable, start, count * self.width).reshape(count, self.width)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found = q / self._scales(row, count).astype(room.dtype)[:, None]
        room[...] = found.reshape(-1)[first - row * self.width :][: room.size]

    def _scales(self, row: int, count: int) -> Array:
        """The scales of so many rows."""
        if isinstance(self.scale, float):
            return np.full(count, self.scale, np.float32)
        return self.binary.numbers(self.scale, self.row + row, count)

    def made(self, index: tuple[int, ...]) -> Made:
        row = self.row + index[0]
        place = int(np.ravel_multi_index((row, *index[1:]), (row + 1, *self.shape[1:])))
        q = Number(float(self.binary.numbers(self.variable, place, 1)[0]), "q")
        scale = Number(float(self._scales(index[0], 1)[0]), "scale")
        told = _("row {row} of {name}, whole numbers of {bits} bits, and the scale of the row")
        if isinstance(self.scale, float):
            told = _("row {row} of {name}, whole numbers of {bits} bits, and the scale of all rows")
        bits = 8 * np.dtype(DTYPES[self.dtype]).itemsize
        return Made("w = q / scale", Quotient(q, scale), told.format(row=row, name=self.variable.name, bits=bits))


@dataclass(frozen=True)
class Padded(Changed):
    """A tensor of which the file leaves out the first ``lead`` numbers, or the last: these are zeros."""

    whole: tuple[int, ...]
    why: str
    lead: int = 0

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """That of the whole, zeros among it."""
        return self.whole

    def read_into(self, room: Array, first: int = 0) -> None:
        start = max(first, self.lead)
        stop = min(first + room.size, self.lead + self.inner.size)
        if start < stop:
            self.inner.read_into(room[start - first : stop - first], start - self.lead)

    def made(self, index: tuple[int, ...]) -> Made | None:
        place = int(np.ravel_multi_index(index, self.shape)) - self.lead
        if 0 <= place < self.inner.size:
            return self.inner.made(tuple(map(int, np.unravel_index(place, self.inner.shape))))
        return Made("w = 0", Number(0.0), self.why)


def rows(model: ModelFile, name: str, variable: Variable, first: int, count: int) -> Stored:
    """So many rows of a variable, as a tensor of that name.

    Raises:
        InputError: the variable is quantised, and its scales are missing or of another number than its rows.
    """
    shape = (count, *variable.shape[1:])
    if variable.dtype in ("I8", "I16"):
        return Scaled(model, name, variable, _scale_of(model, variable), shape, first)
    each = (variable.stop - variable.start) // max(variable.shape[0], 1)
    start = variable.start + first * each
    return Contiguous(model.file, name, variable.dtype, shape, start, start + count * each)


def zeros(model: ModelFile, name: str, shape: tuple[int, ...], why: str) -> Stored:
    """A tensor that the file does not have, as all of its numbers are zeros."""
    return Padded(Contiguous(model.file, name, "F32", (0,), 0, 0), shape, why)


def _scale_of(model: ModelFile, variable: Variable) -> Variable | float:
    name = variable.name + SCALE
    if name in model.attributes:
        return model.attributes[name]
    scale = model.variables.get(name)
    if scale is None and variable.dtype == "I16":
        return WIDE
    if scale is None or scale.dtype not in FLOATS or scale.shape != variable.shape[:1]:
        told = _("{name} is quantised, and {scale} is missing or broken")
        raise model.error(told.format(name=variable.name, scale=name))
    return scale
