"""Writing safetensors files: the header is worked out from shapes alone, then one tensor after the other is written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from ..errors import InputError
from ..i18n import _
from ..tensor import Array
from ..whole import whole
from .safetensors import LONGEST_HEADER
from .stored import DTYPES

ALIGNMENT = 64
"""bytes; where the tensors begin is a multiple of it"""
_NAMES = {np.dtype(kind): name for name, kind in DTYPES.items() if name != "BF16"}


class Planned(NamedTuple):
    """A tensor that is going to be written: its name, its shape and the type of its numbers.

    ``stored`` is what the file calls that type, where NumPy has none of the name.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    stored: str = ""

    @property
    def nbytes(self) -> int:
        """The bytes that it takes."""
        return prod(self.shape) * self.dtype.itemsize


Numbers = Iterable[tuple[str, Array]]
"""Tensors by name, each made when it is its turn."""


def write_tensors(path: Path, metadata: Mapping[str, str], planned: Sequence[Planned], numbers: Numbers) -> None:
    """Write a file whole or not at all; ``numbers`` are those of all the planned, in any order, one at a time.

    Raises:
        InputError: it can't be written there, two are of one name, or its header would be longer than a file may have.
    """
    check_distinct(path, [tensor.name for tensor in planned])
    places = dict(_places(planned))
    header = _header(path, metadata, planned, places)
    with whole(path) as stream:
        stream.write(header)
        for name, array in numbers:
            _put(stream, len(header) + places[name], array)


def check_distinct(path: Path, names: Sequence[str]) -> None:
    """Insist that no two tensors of a file are of one name.

    Raises:
        InputError: some are.
    """
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        told = _("{path}: two tensors are called {name}; write one of them, or each to a file of its own")
        raise InputError(told.format(path=path, name=twice[0]))


def _places(planned: Sequence[Planned]) -> Iterator[tuple[str, int]]:
    """Where each tensor begins: the widest numbers first, so that each lies where the processor likes it."""
    place = 0
    for tensor in sorted(planned, key=lambda tensor: -tensor.dtype.itemsize):
        yield tensor.name, place
        place += tensor.nbytes


def _header(path: Path, metadata: Mapping[str, str], planned: Sequence[Planned], places: Mapping[str, int]) -> bytes:
    entries = {
        tensor.name: {
            "dtype": _stored_as(path, tensor),
            "shape": tensor.shape,
            "data_offsets": (places[tensor.name], places[tensor.name] + tensor.nbytes),
        }
        for tensor in planned
    }
    text = json.dumps({"__metadata__": metadata, **entries}, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % ALIGNMENT)
    if len(text) > LONGEST_HEADER:
        told = _("{path}: {n} tensors are more than one file has room to describe; write fewer, as with --only GLOB")
        raise InputError(told.format(path=path, n=len(planned)))
    return len(text).to_bytes(8, "little") + text


def _stored_as(path: Path, tensor: Planned) -> str:
    """What the file calls the type of the numbers."""
    if tensor.stored:
        return tensor.stored
    if tensor.dtype not in _NAMES:
        told = _("{path}: {name} has numbers of type {dtype}, which are not written")
        raise InputError(told.format(path=path, name=tensor.name, dtype=tensor.dtype))
    return _NAMES[tensor.dtype]


def _put(stream: IO[bytes], place: int, array: Array) -> None:
    stream.seek(place)
    stream.write(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data)
