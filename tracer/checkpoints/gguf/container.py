"""GGUF files: the header is walked through once and checked; what it states is read from the file when it is asked for.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (magic, version, counts, metadata, tensors, data).
The package `gguf` makes objects of every text on opening, and believes what a file says of itself.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...errors import InputError
from ...i18n import _, cause, spoken
from ...listed import and_more
from ...outward import visible
from ..kinds import ENOUGH, TOLD, kind_of
from ..stored import ParameterFile, fits_an_array
from .blocks import TYPES, called

MAGIC = b"GGUF"
VERSIONS = (2, 3)
BEGINNING = struct.Struct("<4sIQQ")
"""Magic, version, how many tensors and how many keys."""
SCALARS = {
    0: "<u1",
    1: "<i1",
    2: "<u2",
    3: "<i2",
    4: "<u4",
    5: "<i4",
    6: "<f4",
    7: "?",
    10: "<u8",
    11: "<i8",
    12: "<f8",
}
"""The NumPy types of numbers, by what the file calls them."""
TEXT, ARRAY, FLOAT = 8, 9, 6
SHORT, LONG = struct.Struct("<I"), struct.Struct("<Q")
ITEMS = struct.Struct("<IQ")
"""Of an array, the type of its items and how many there are."""

MOST_KEYS, MOST_TENSORS, MOST_TEXTS = 1 << 16, 1 << 17, 1 << 24
"""So many there are at most: of texts and of arrays within arrays, in all of a file."""
DEEPEST = 4
"""arrays within arrays"""
MOST_DIMENSIONS, LONGEST_NAME, LARGEST_ALIGNMENT = 4, 1 << 16, 1 << 20
FARTHEST = 1 << 50
"""bytes from where the data begin to those of a tensor"""
LARGEST_VALUE = 1 << 28
"""bytes of a value of the metadata that is read"""


class Value(NamedTuple):
    """Where a value of the metadata stands: its type, and its bytes from ``start`` to ``stop``."""

    kind: int
    start: int
    stop: int


class Info(NamedTuple):
    """What the header says of a tensor: its shape as NumPy has it, its type, and where its data begin."""

    name: str
    shape: tuple[int, ...]
    kind: str
    start: int

    @property
    def stop(self) -> int:
        """Where its data end."""
        return self.start + prod(self.shape) // TYPES[self.kind].numbers * TYPES[self.kind].bytes


class Metadata(Mapping[str, Any]):
    """What a file states, by key: numbers, texts, arrays of numbers, lists of others; each is read when asked for."""

    def __init__(self, file: ParameterFile, values: Mapping[str, Value]) -> None:
        self._file, self._values = file, values

    def __getitem__(self, key: str) -> Any:
        kind, start, stop = self._values[key]
        if stop - start > LARGEST_VALUE:
            told = _("the value of {key} has {n} bytes; expected {most} at most")
            raise self._file.error(told.format(key=key, n=stop - start, most=LARGEST_VALUE))
        try:
            return _decoded(kind, bytes(self._file.read(start, stop - start)))
        except UnicodeDecodeError:
            raise self._file.error(_("{key} is no text in UTF-8").format(key=key)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class GgufFile:
    """One file: its ``metadata``, and what it says of its tensors, ``infos``.

    Raises:
        InputError: it can't be read, is of another version, is cut short, or lies about its tensors.
    """

    def __init__(self, path: Path) -> None:
        self.file = ParameterFile(path)
        with _mapped(self.file) as data:
            header = _Header(self.file, data)
            tensors, keys = header.counts()
            self.metadata = Metadata(self.file, header.values(keys))
            stated = list(header.infos(tensors))
        self.infos = self._placed(stated, header.at)

    def _placed(self, stated: list[Info], end: int) -> Mapping[str, Info]:
        """The tensors with their places in the file, after a header that ends at ``end``."""
        alignment = self._alignment()
        base = -(-end // alignment) * alignment
        found: dict[str, Info] = {}
        self._check_known(stated)
        for info in stated:
            if info.name in found:
                raise self.file.error(_("its header has {name} twice").format(name=info.name))
            found[info.name] = self._checked(info, base, alignment)
        self._check_apart(found)
        return found

    def _check_known(self, stated: list[Info]) -> None:
        unknown = [info for info in stated if info.kind not in TYPES]
        if unknown:
            more = and_more(len(unknown) - 1)
            told = _("tensor {name} is of type {type}, which can't be read{more}; known are {known}")
            first, types = unknown[0].name, ", ".join(dict.fromkeys(info.kind for info in unknown))
            raise self.file.error(told.format(name=first, type=types, more=more, known=", ".join(TYPES)))

    def _alignment(self) -> int:
        alignment = self.metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 0 < alignment <= LARGEST_ALIGNMENT or alignment & (alignment - 1):
            raise self.file.error(
                _("general.alignment is {value}; expected a power of two").format(value=repr(alignment)[:40])
            )
        return alignment

    def _checked(self, info: Info, base: int, alignment: int) -> Info:
        """A tensor at its place in the file, where it fits in."""
        self._check_rows(info)
        if info.start % alignment:
            told = _("tensor {name}: its data begin at {start}, which is no multiple of {alignment}")
            raise self.file.error(told.format(name=info.name, start=info.start, alignment=alignment))
        placed = info._replace(start=base + info.start)
        if placed.stop > self.file.size:
            told = _("tensor {name}: {shape} needs {needed} bytes, and the file holds {held} there; is it truncated?")
            sizes = {"needed": placed.stop - placed.start, "held": max(0, self.file.size - placed.start)}
            raise self.file.error(told.format(name=info.name, shape=list(info.shape), **sizes))
        return placed

    def _check_rows(self, info: Info) -> None:
        length, numbers = prod(info.shape[-1:]), TYPES[info.kind].numbers
        if length % numbers:
            told = _("tensor {name}: its rows of {length} can't be cut into blocks of {n}, as those of {type} are")
            raise self.file.error(told.format(name=info.name, length=length, n=numbers, type=info.kind))

    def _check_apart(self, infos: Mapping[str, Info]) -> None:
        by_place = sorted(infos.values(), key=lambda info: (info.start, info.stop))
        for first, second in pairwise(by_place):
            if second.start < first.stop:
                raise self.file.error(
                    _("tensors {first} and {second} overlap").format(first=first.name, second=second.name)
                )


class _Header:
    """The place ``at`` which a header is being read."""

    def __init__(self, file: ParameterFile, data: mmap.mmap | bytes) -> None:
        self._file, self._data, self._size = file, data, len(data)
        self._texts = 0
        self.at = 0

    def counts(self) -> tuple[int, int]:
        """How many tensors and keys there are."""
        if self._data[: len(MAGIC)] != MAGIC:
            kind = kind_of(self._data[:ENOUGH])
            raise self._file.error(spoken(TOLD[kind]) if kind else _("is no GGUF file"))
        _magic, version, tensors, keys = self._numbers(BEGINNING)
        if version not in VERSIONS:
            raise self._file.error(_version(version))
        for count, most, least, what in (
            (keys, MOST_KEYS, 13, _("{n} keys")),
            (tensors, MOST_TENSORS, 24, _("{n} tensors")),
        ):
            self._check_count(count, most, least, what)
        return tensors, keys

    def values(self, count: int) -> Mapping[str, Value]:
        """Where the values of so many keys stand."""
        found: dict[str, Value] = {}
        for _key in range(count):
            key = self._name()
            if key in found:
                raise self._file.error(_("its header has {name} twice").format(name=key))
            (kind,) = self._numbers(SHORT)
            start = self.at
            self._skip(kind, 1, DEEPEST)
            found[key] = Value(kind, start, self.at)
        return found

    def infos(self, count: int) -> Iterator[Info]:
        """What is said of so many tensors; their data begin where they do after the header."""
        for _tensor in range(count):
            name = self._name()
            (dimensions,) = self._numbers(SHORT)
            if dimensions > MOST_DIMENSIONS:
                raise self._broken(name)
            shape = self._numbers(struct.Struct(f"<{dimensions}Q"))[::-1]
            kind, start = self._numbers(ITEMS)
            if not fits_an_array(shape) or start > FARTHEST:
                raise self._broken(name)
            yield Info(name, shape, called(kind), start)

    def _broken(self, name: str) -> InputError:
        return self._file.error(_("tensor {name}: its entry in the header is broken").format(name=name))

    def _name(self) -> str:
        (length,) = self._numbers(LONG)
        if length > LONGEST_NAME:
            raise self._file.error(_("a name in its header is {n} bytes long; is it broken?").format(n=length))
        try:
            return visible(self._bytes(length).decode("utf-8"))
        except UnicodeDecodeError:
            raise self._file.error(_("a name in its header is no text in UTF-8")) from None

    def _skip(self, kind: int, count: int, depth: int) -> None:
        """Go past ``count`` values of a type."""
        if kind in SCALARS:
            self._pass(count * np.dtype(SCALARS[kind]).itemsize)
        elif kind == TEXT:
            self._skip_texts(count)
        elif kind == ARRAY and depth:
            self._check_count(count, MOST_TEXTS, ITEMS.size, _("{n} arrays"))
            for _array in range(count):
                inner, length = self._numbers(ITEMS)
                self._skip(inner, length, depth - 1)
        else:
            what = _("arrays within arrays, more than {n} deep").format(n=DEEPEST) if depth == 0 else f"{kind}"
            raise self._file.error(_("its metadata have values of an unknown type ({type})").format(type=what))

    def _skip_texts(self, count: int) -> None:
        self._check_count(count, MOST_TEXTS, LONG.size, _("{n} texts"))
        at, length_at, data, last = self.at, LONG.unpack_from, self._data, self._size - LONG.size
        for _text in range(count):
            if at > last:
                raise self._cut()
            at += 8 + length_at(data, at)[0]
        self.at = at
        self._pass(0)

    def _check_count(self, count: int, most: int, least: int, what: str) -> None:
        """Insist that there may be so many of something, each of ``least`` bytes, in what is left."""
        self._texts += count
        if count > most or self._texts > MOST_TEXTS:
            raise self._file.error(
                _("says that it has {what}, which is more than a file can hold").format(what=what.format(n=count))
            )
        if count * least > self._size - self.at:
            raise self._cut()

    def _numbers(self, layout: struct.Struct) -> tuple[Any, ...]:
        start = self.at
        self._pass(layout.size)
        return layout.unpack_from(self._data, start)

    def _bytes(self, count: int) -> bytes:
        start = self.at
        self._pass(count)
        return self._data[start : self.at]

    def _pass(self, count: int) -> None:
        self.at += count
        if self.at > self._size:
            raise self._cut()

    def _cut(self) -> InputError:
        return self._file.error(_("is cut short: {size} bytes can't hold its header").format(size=self._size))


def _mapped(file: ParameterFile) -> mmap.mmap:
    """The bytes of a file, to be looked at."""
    try:
        with file.path.open("rb") as opened:
            return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise file.error(spoken(TOLD["empty"])) from None
    except OSError as error:
        raise file.error(_("can't be read ({reason})").format(reason=cause(error))) from error


def _version(version: int) -> str:
    """What to say of a version that is not read."""
    if version and not version & 0xFFFF:
        return _("is big-endian GGUF, which can't be read; convert it with gguf-convert-endian, of the package gguf")
    return _("is GGUF of version {version}, which can't be read; expected version 2 or 3").format(version=version)


def _decoded(kind: int, data: bytes) -> Any:
    """A value of the metadata from its bytes, which were checked to hold it."""
    if kind in SCALARS:
        return _scalar(np.frombuffer(data, SCALARS[kind])[0])
    if kind == TEXT:
        return data[LONG.size :].decode("utf-8")
    return _items(data, 0)[0]


def _scalar(value: Any) -> Any:
    """A number of Python's: of those in single precision, the shortest decimal that is rounded to it."""
    return float(str(value)) if isinstance(value, np.float32) else value.item()


def _items(data: bytes, at: int) -> tuple[Any, int]:
    """An array that stands at a place, and the place after it."""
    kind, count = ITEMS.unpack_from(data, at)
    at += ITEMS.size
    if kind in SCALARS:
        numbers = np.frombuffer(data, SCALARS[kind], count, at)
        return numbers, at + numbers.nbytes
    if kind == TEXT:
        return _texts(data, at, count)
    found = []
    for _item in range(count):
        item, at = _items(data, at)
        found.append(item)
    return found, at


def _texts(data: bytes, at: int, count: int) -> tuple[list[str], int]:
    """So many texts from a place on, and the place after them."""
    found, length_at = [], LONG.unpack_from
    for _text in range(count):
        start = at + 8
        at = start + length_at(data, at)[0]
        found.append(data[start:at].decode())
    return found, at
