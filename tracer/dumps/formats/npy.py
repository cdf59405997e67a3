"""A .npy file, or a directory of them; those of directories within it have dotted names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar

from ...checkpoints.stored import ParameterFile
from ...errors import InputError
from ...i18n import N_, Message, _
from ...outward import visible
from ...tensor import Array
from ..dump import Dump, Entry
from ..evidence import Values
from ..files import files, has_any
from ..npy_array import LONGEST_HEADER, MAGIC, SUFFIX, NpyArray, no_arrays, npy_array, taken_for_bf16

_NUMBER = re.compile(r"([0-9]{1,18})")


class Npy(Dump):
    """The arrays come in the order of their names, with numbers counted: nothing says in which they were computed."""

    summary: ClassVar[Message] = N_("a directory of .npy files, or one of them")

    @classmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        return head.startswith(MAGIC) or any(map(_is_one, names)) or (bool(names) and has_any(path, _is_one))

    @cached_property
    def entries(self) -> Sequence[Entry]:
        arrays = self._arrays() if self.path.is_dir() else {visible(self.path.stem): self.path}
        found = [_entry(path, name) for name, path in sorted(arrays.items(), key=_counted)]
        self.notes += taken_for_bf16(found)
        return found

    def _arrays(self) -> Mapping[str, Path]:
        """The files of a directory by the names of their arrays; the others are noted."""
        found: dict[str, Path] = {}
        others = []
        for path in files(self.path):
            name = visible(".".join(path.relative_to(self.path).parts))
            if not name.endswith(SUFFIX):
                others.append(name)
            elif found.setdefault(name.removesuffix(SUFFIX), path) is not path:
                raise InputError(_("{path}: has {name} twice").format(path=self.path, name=name.removesuffix(SUFFIX)))
        if not found:
            raise InputError(_("{path}: holds no .npy file").format(path=self.path))
        if others:
            self.notes.append(no_arrays(others))
        return found


def _is_one(name: str) -> bool:
    return name.endswith(SUFFIX)


def _counted(named: tuple[str, Path]) -> list[tuple[int, str]]:
    """A name by which ``layer.10`` comes after ``layer.2``."""
    return [(int(part) if part.isdecimal() else -1, part) for part in _NUMBER.split(named[0])]


def _entry(path: Path, name: str) -> Entry:
    _file, found = _opened(path)
    return Entry(name, Values(found.shape, found.dtype, read=partial(_read, path, found)))


def _opened(path: Path) -> tuple[ParameterFile, NpyArray]:
    file = ParameterFile(path)
    return file, npy_array(file.read(0, min(LONGEST_HEADER, file.size)), file.size, file.error)


def _read(path: Path, expected: NpyArray) -> Array:
    """The array, from a file that is opened for it alone: there may be more than can stay open."""
    file, found = _opened(path)
    if found != expected:
        raise file.error(_("has changed since it was opened"))
    return found.array(file.read(found.start, found.stop - found.start))
