"""A .npz file of arrays by name, as NumPy and JAX write it: a zip archive of .npy files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar

from ...checkpoints.archive import Archive, Member
from ...errors import InputError
from ...i18n import N_, Message
from ...tensor import Array
from ..dump import Dump, Entry
from ..evidence import Values
from ..npy_array import LONGEST_HEADER, SUFFIX, NpyArray, no_arrays, npy_array, taken_for_bf16


class Npz(Dump):
    """Packed or not; an array of objects is refused, since such are pickles."""

    summary: ClassVar[Message] = N_("a .npz file of NumPy, JAX or MLX")

    @classmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        return head.startswith(b"PK\3\4") and head[30 : 30 + int.from_bytes(head[26:28], "little")].endswith(b".npy")

    @cached_property
    def entries(self) -> Sequence[Entry]:
        archive = Archive(self.path)
        arrays = [member for member in archive.members.values() if member.name.endswith(SUFFIX)]
        if others := [name for name in archive.members if not name.endswith((SUFFIX, "/"))]:
            self.notes.append(no_arrays(others))
        found = [_entry(archive, member) for member in arrays]
        self.notes += taken_for_bf16(found)
        return found


def _entry(archive: Archive, member: Member) -> Entry:
    name = member.name.removesuffix(SUFFIX)
    found = npy_array(archive.head(member, LONGEST_HEADER), member.size, partial(_error, archive, name))
    return Entry(name, Values(found.shape, found.dtype, read=partial(_read, archive, member, found)))


def _error(archive: Archive, name: str, what: str) -> InputError:
    """What is wrong with an array."""
    return archive.error(f"{name}: {what}")


def _read(archive: Archive, member: Member, found: NpyArray) -> Array:
    return found.array(memoryview(archive.read(member))[found.start :])
