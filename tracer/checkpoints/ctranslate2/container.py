"""CTranslate2's model.bin, walked through once and checked: where each variable lies, and the attributes among them.

Format: python/ctranslate2/specs/model_spec.py of https://github.com/OpenNMT/CTranslate2 (version, the name of the
specification and its revision, the variables, each with its data, and then aliases).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...errors import InputError
from ...i18n import _, spoken
from ...outward import visible
from ..kinds import ENOUGH, TOLD, kind_of
from ..stored import DTYPES, ParameterFile, fits_an_array, widened

VERSIONS = (5, 6)
TYPES = ("F32", "I8", "I16", "I32", "F16", "BF16")
"""What the numbers of a variable are, by what the file calls them."""
BYTE, SHORT, LONG = struct.Struct("<B"), struct.Struct("<H"), struct.Struct("<I")
MOST_VARIABLES, MOST_DIMENSIONS, LONGEST_NAME = 1 << 16, 4, 256
AHEAD = 512
"""bytes read at a time"""
SCALE = "_scale"
"""How the name of what a quantised variable was multiplied by goes on after that of the variable."""


class Variable(NamedTuple):
    """What the file says of a variable: its name, its type, its shape, and the bytes it lies in."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int

    @property
    def stop(self) -> int:
        """Where its data end."""
        return self.start + prod(self.shape) * np.dtype(DTYPES[self.dtype]).itemsize


class ModelFile:
    """The variables of a file by name, aliases among them, and those that are one number each, read, as ``attributes``.

    ``spec`` is the name of the specification that they follow, and ``revision`` which one of it.

    Raises:
        InputError: the file can't be read, is of an unknown version, or lies about what is in it.
    """

    def __init__(self, path: Path) -> None:
        self.file = ParameterFile(path)
        self._place, self._ahead = 0, (0, b"")
        self._check_version()
        self.spec, self.revision = self._text(), self._number(LONG)
        named = dict(self._named(self._count()))
        self.attributes: dict[str, float] = {name: self._read(v) for name, v in named.items() if not v.shape}
        self.variables: Mapping[str, Variable] = {name: v for name, v in named.items() if v.shape}
        self._add_aliases(named)
        if left := self.file.size - self._place:
            raise self.error(_("has {n} bytes after its last variable").format(n=left))

    def _check_version(self) -> None:
        head = bytes(self.file.read(0, min(ENOUGH, self.file.size)))
        kind = kind_of(head)
        if kind not in (None, "ctranslate2"):
            raise self.error(spoken(TOLD[kind]))
        version = self._number(LONG)
        if version not in VERSIONS:
            told = _("is of version {version} of CTranslate2's format; expected {known}")
            raise self.error(told.format(version=version, known=" or ".join(map(str, VERSIONS))))

    def _count(self) -> int:
        count = self._number(LONG)
        if count > MOST_VARIABLES:
            told = _("says that it holds {n} variables; at most {most} are read")
            raise self.error(told.format(n=count, most=MOST_VARIABLES))
        return count

    def _named(self, count: int) -> Iterator[tuple[str, Variable]]:
        known: set[str] = set()
        for _each in range(count):
            variable = self._variable()
            if variable.name in known:
                raise self.error(_("has {name} twice").format(name=variable.name))
            known.add(variable.name)
            self._place = variable.stop
            yield variable.name, variable

    def _variable(self) -> Variable:
        """The next variable, whose data come after it."""
        name = self._text()
        axes = self._number(BYTE)
        shape = tuple(self._number(LONG) for _axis in range(axes)) if axes <= MOST_DIMENSIONS else ()
        dtype, size = self._number(BYTE), self._number(LONG)
        if axes > MOST_DIMENSIONS or dtype >= len(TYPES) or not fits_an_array(shape):
            raise self.error(_("{name}: its shape or its type is broken").format(name=name))
        variable = Variable(name, TYPES[dtype], shape, self._place)
        if variable.stop - variable.start != size or variable.stop > self.file.size:
            told = _("{name}: {shape} needs {needed} bytes, and the file holds {held} there; is it cut short?")
            held = min(size, self.file.size - variable.start)
            needed = variable.stop - variable.start
            raise self.error(told.format(name=name, shape=list(shape), needed=needed, held=held))
        return variable

    def _add_aliases(self, named: dict[str, Variable]) -> None:
        """Other names of variables, at the end of the file."""
        found = dict(self.variables)
        for _each in range(self._count()):
            alias, name = self._text(), self._text()
            if name not in named or alias in named or alias in found:
                raise self.error(
                    _("its list of other names is broken: {alias} for {name}").format(alias=alias, name=name)
                )
            if name in self.attributes:
                self.attributes[alias] = self.attributes[name]
            else:
                found[alias] = named[name]
        self.variables = found

    def _text(self) -> str:
        """A name, which ends with a zero that its length counts."""
        data = self._bytes(min(self._number(SHORT), LONGEST_NAME))
        try:
            text = data.removesuffix(b"\0").decode()
        except UnicodeDecodeError:
            text = ""
        if not text or "\0" in text or not data.endswith(b"\0"):
            raise self.error(_("the name of one of its variables is broken"))
        return visible(text)

    def _number(self, kind: struct.Struct) -> int:
        return int(kind.unpack(self._bytes(kind.size))[0])

    def _bytes(self, count: int) -> bytes:
        """The next bytes."""
        if self._place + count > self.file.size:
            raise self.error(_("is cut short"))
        start = self._place - self._ahead[0]
        if not 0 <= start <= len(self._ahead[1]) - count:
            start, some = 0, max(count, min(AHEAD, self.file.size - self._place))
            self._ahead = self._place, bytes(self.file.read(self._place, some))
        self._place += count
        return self._ahead[1][start : start + count]

    def _read(self, variable: Variable) -> float:
        """The number that an attribute is, a whole one as `int`."""
        number: float = self.numbers(variable)[0].item()
        return number

    def numbers(self, variable: Variable, first: int = 0, count: int | None = None) -> np.ndarray[Any, np.dtype[Any]]:
        """So many numbers of a variable, all of them by default; those of bf16 as float32."""
        kind = np.dtype(DTYPES[variable.dtype])
        count = prod(variable.shape) - first if count is None else count
        found = np.frombuffer(self.file.read(variable.start + first * kind.itemsize, count * kind.itemsize), kind)
        return widened(found) if variable.dtype == "BF16" else found

    def error(self, what: str) -> InputError:
        """What is wrong with this file."""
        return self.file.error(what)
