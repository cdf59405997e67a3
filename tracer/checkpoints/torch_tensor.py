"""Tensors as torch's files hold them: views of storages, each checked before a number of it is read."""

from __future__ import annotations

from math import prod
from typing import Any, Literal

import numpy as np

from ..dataclass import dataclass
from ..i18n import _
from ..tensor import Array
from .archive import Archive, Member
from .stored import DTYPES, FLOATS, LONGEST, Contiguous, ParameterFile, Stored, fits_an_array, put, unsupported, widened

TYPES = {
    "float64": ("F64", "Double"),
    "float32": ("F32", "Float"),
    "float16": ("F16", "Half"),
    "bfloat16": ("BF16", "BFloat16"),
    "int64": ("I64", "Long"),
    "int32": ("I32", "Int"),
    "int16": ("I16", "Short"),
    "int8": ("I8", "Char"),
    "uint64": ("U64", None),
    "uint32": ("U32", None),
    "uint16": ("U16", None),
    "uint8": ("U8", "Byte"),
    "bool": ("BOOL", "Bool"),
    "complex64": ("C64", "ComplexFloat"),
    "complex128": ("C128", "ComplexDouble"),
    "float8_e4m3fn": ("F8_E4M3", None),
    "float8_e5m2": ("F8_E5M2", None),
}
"""What safetensors and torch's classes of storages call each of torch's types; not all can be read."""

STORAGES = {f"torch.{kind}Storage": dtype for dtype, kind in TYPES.values() if kind}
NUMBERS = {f"torch.{name}": dtype for name, (dtype, _kind) in TYPES.items()}

MOST_REPEATED = 1 << 22
EACH_REPEATED = 64
"""A view that repeats its storage may have so many cells, or so many times as many as that."""


@dataclass(frozen=True, eq=False)
class Storage:
    """The numbers that tensors are views of: a member of an archive, of the type that is said of it, if one is."""

    archive: Archive
    member: Member
    dtype: str | None
    order: Literal["<", ">"]

    def numbers(self, dtype: str, first: int = 0) -> Array:
        """Its numbers from number ``first`` on as the file has them, not to be written to; pages come when touched."""
        kind = np.dtype(DTYPES[dtype]).newbyteorder(self.order)
        data = self.archive.bytes_of(self.member)
        return data[first * kind.itemsize : data.size // kind.itemsize * kind.itemsize].view(kind)

    def place(self, dtype: str, first: int) -> int | None:
        """Where number ``first`` lies in the file; None where numbers are packed, or of the other order of bytes."""
        if self.member.method or self.order == ">":
            return None
        return self.archive.start(self.member) + first * itemsize(dtype)

    def view(self, dtype: str, offset: Any, shape: Any, strides: Any) -> TorchTensor:
        """A view of it from number ``offset`` on, every cell of which lies in it."""
        sound = _are_sizes((offset,)) and _are_sizes(shape) and _are_sizes(strides) and len(shape) == len(strides)
        if not sound or not fits_an_array(shape):
            raise self.archive.error(_("its pickle has a tensor whose shape is broken"))
        held = self.member.size // itemsize(dtype)
        told = ""
        if offset + span(shape, strides) > held:
            told = _(
                "a tensor of shape {shape} needs more numbers than the {n} of storage {key}; is the file cut short?"
            )
        elif prod(shape) > max(MOST_REPEATED, EACH_REPEATED * held):
            told = _("a tensor of shape {shape} repeats the {n} numbers of storage {key} too often; save a copy of it")
        if told:
            key = self.member.name.rpartition("/")[2]
            raise self.archive.error(told.format(shape=list(shape), n=held, key=key))
        return TorchTensor(self, dtype, offset, shape, strides)


@dataclass(frozen=True, eq=False)
class TorchTensor(Stored):
    """A view of a storage, every cell of which lies in it. ``dtype`` may be one that can't be read."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    name: str = ""

    @property
    def file(self) -> ParameterFile:  # type: ignore[override]
        """The file that it lies in."""
        return self.storage.archive.file

    @property
    def bytes(self) -> int:
        return self.size * itemsize(self.dtype)

    @property
    def is_float(self) -> bool:
        return self.dtype in FLOATS

    def read(self) -> Array:
        """Its numbers, in memory of their own; those of bf16 as float32."""
        numbers = self._view()
        if self.dtype == "BF16":
            return widened(numbers)
        return numbers.astype(numbers.dtype.newbyteorder("="), "C")

    def read_into(self, room: Array, first: int = 0) -> None:
        put(room, self._view().flat[first : first + room.size], self.dtype)

    def _view(self) -> Array:
        numbers = self.storage.numbers(self.dtype, self.offset)
        strides = [stride * numbers.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(numbers, self.shape, strides, writeable=False)

    def named(self, name: str) -> Stored:
        """The same as a tensor of a checkpoint: by a name, and as it lies in the file where it does so as it is.

        Raises:
            InputError: its numbers can't be read.
        """
        if self.dtype not in DTYPES:
            raise self.file.error(unsupported(name, self.dtype))
        start = self.storage.place(self.dtype, self.offset) if self._is_in_order() else None
        if start is None:
            return self.called(name)
        return Contiguous(self.file, name, self.dtype, self.shape, start, start + self.bytes)

    def _is_in_order(self) -> bool:
        """Whether its numbers lie one after another."""
        after = 1
        for length, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if length > 1 and stride != after:
                return self.size == 0
            after *= length
        return True


def _are_sizes(stated: Any) -> bool:
    """Whether these can be lengths of axes, or steps along them."""
    return isinstance(stated, tuple) and all(type(n) is int and 0 <= n <= LONGEST for n in stated)


def span(shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    """How many numbers of a storage lie from the first to the last of a view."""
    if 0 in shape:
        return 0
    return 1 + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))


def itemsize(dtype: str | None) -> int:
    """The bytes of a number, where it can be read; else one, which is the least."""
    return np.dtype(DTYPES[dtype]).itemsize if dtype in DTYPES else 1
