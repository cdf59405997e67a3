"""Tensors as torch's files hold them: views of storages, each checked before a number of it is read."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np

from ..i18n import _
from ..tensor import Array
from .archive import Archive, Member
from .stored import DTYPES, LONGEST, ParameterFile, fits_an_array

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

    def numbers(self, dtype: str, first: int, count: int) -> Array:
        """So many of its numbers, in memory of their own; those of bf16 as float32."""
        kind = np.dtype(DTYPES[dtype]).newbyteorder(self.order)
        found = np.frombuffer(self._bytes(first * kind.itemsize, count * kind.itemsize), kind)
        native = found.astype(kind.newbyteorder("="), copy=False)
        return (native.astype(np.uint32) << 16).view(np.float32) if dtype == "BF16" else native

    def _bytes(self, start: int, count: int) -> bytearray:
        if not self.member.method:
            return self.archive.file.read(self.archive.start(self.member) + start, count)
        data = self.archive.head(self.member, start + count)[start:]
        if len(data) < count:
            raise self.archive.broken(self.member)
        return data

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
class TorchTensor:
    """A view of a storage, every cell of which lies in it. ``dtype`` may be one that can't be read."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def file(self) -> ParameterFile:
        """The file that it lies in."""
        return self.storage.archive.file

    def read(self) -> Array:
        """Its numbers, in memory of their own; those of bf16 as float32."""
        numbers = self.storage.numbers(self.dtype, self.offset, span(self.shape, self.strides))
        strides = [stride * numbers.itemsize for stride in self.strides]
        return np.ascontiguousarray(np.lib.stride_tricks.as_strided(numbers, self.shape, strides)).reshape(self.shape)


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
