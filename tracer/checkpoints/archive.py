"""Reading zip archives: their directory is checked whole before a byte of a member is used.

Format: PKWARE's APPNOTE 6.3: the members, each after a header of its own, then a directory of them; Zip64 where
numbers are large.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import InputError
from ..i18n import _, spoken
from ..outward import visible
from ..tensor import Array
from .kinds import ENOUGH, TOLD, kind_of
from .stored import ParameterFile

STORED, DEFLATED = 0, 8
"""How members are packed that can be read."""

MOST_MEMBERS = 100_000
LONGEST_DIRECTORY = 1 << 25
"""bytes; names of 300 characters for the most members"""

RATIO = 1032
"""How much larger than its packed bytes a deflated member is at most."""

LARGEST_UNPACKED = 1 << 30
"""bytes of a deflated member that are kept in memory"""

PIECE = 1 << 18
"""bytes read at a time"""

LOCAL = struct.Struct("<4s5HIIIHH")
LISTED = struct.Struct("<4s6HIIIHHHHHII")
END = struct.Struct("<4sHHHHIIH")
LOCATOR = struct.Struct("<4sIQI")
END_64 = struct.Struct("<4sQHHIIQQQQ")
LONGEST_COMMENT = 0xFFFF
LARGE, MANY = 0xFFFFFFFF, 0xFFFF
"""What stands for a number of bytes, and of members, that Zip64 says elsewhere."""

ENCRYPTED, UTF_8 = 0x1, 0x800
"""Flags of a member."""


class Member(NamedTuple):
    """A file in an archive: ``packed`` bytes after the header that begins at ``header``, ``size`` when unpacked."""

    name: str
    method: int
    header: int
    packed: int
    size: int
    crc: int


class Archive:
    """The members of a zip file by name, in the order in which it lists them; each is read when asked for.

    Raises:
        InputError: the file can't be read, is none or cut short, or its directory lies about the members.
    """

    def __init__(self, path: Path) -> None:
        self.file = ParameterFile(path)
        place, length, count = self._directory()
        self.members: Mapping[str, Member] = self._listed(self.file.read(place, length), count)
        self._stops = self._apart(place)
        self._unpacked_last: tuple[Member, Array] | None = None

    def _directory(self) -> tuple[int, int, int]:
        """Where the directory begins, its bytes, and how many members it has."""
        first = max(0, self.file.size - END.size - LONGEST_COMMENT)
        tail = self.file.read(first, self.file.size - first)
        at = tail.rfind(b"PK\5\6", 0, max(0, len(tail) - END.size + 4))
        if at < 0:
            raise self.error(self._without_directory())
        _sign, _disk, _start, _here, count, length, place, _comment = END.unpack_from(tail, at)
        if LARGE in (length, place) or count == MANY:
            place, length, count = self._directory_64(first + at) or (place, length, count)
        if place + length > first + at or length > LONGEST_DIRECTORY or count > MOST_MEMBERS:
            raise self.error(_("has a broken directory, or one of too many members; is it cut short?"))
        return place, length, count

    def _without_directory(self) -> str:
        """What the file is instead, where that can be told."""
        kind = kind_of(bytes(self.file.read(0, min(ENOUGH, self.file.size))))
        if kind is not None and kind not in ("pickle", "zip"):
            return spoken(TOLD[kind])
        return _("is no zip archive, or cut short: its directory is missing")

    def _directory_64(self, end: int) -> tuple[int, int, int] | None:
        """The same as Zip64 says it, where it does."""
        found = self._unpacked(LOCATOR, end - LOCATOR.size)
        if found is None or found[0] != b"PK\6\7":
            return None
        stated = self._unpacked(END_64, found[2])
        if stated is None or stated[0] != b"PK\6\6":
            raise self.error(_("has a broken directory, or one of too many members; is it cut short?"))
        return stated[9], stated[8], stated[7]

    def _unpacked(self, kind: struct.Struct, place: int) -> tuple[Any, ...] | None:
        if not 0 <= place <= self.file.size - kind.size:
            return None
        return kind.unpack(self.file.read(place, kind.size))

    def _listed(self, directory: bytearray, count: int) -> Mapping[str, Member]:
        found: dict[str, Member] = {}
        for member in self._members(directory, count):
            if member.name in found:
                raise self.error(_("has {name} twice").format(name=member.name))
            found[member.name] = member
        return found

    def _members(self, directory: bytearray, count: int) -> Iterator[Member]:
        place = 0
        for _number in range(count):
            if place + LISTED.size > len(directory) or directory[place : place + 4] != b"PK\1\2":
                raise self.error(_("has a broken directory, or one of too many members; is it cut short?"))
            stated = LISTED.unpack_from(directory, place)
            lengths, start = stated[10:13], place + LISTED.size
            name = _name(directory[start : start + lengths[0]], stated[3])
            extra = directory[start + lengths[0] : start + lengths[0] + lengths[1]]
            if stated[3] & ENCRYPTED or stated[4] not in (STORED, DEFLATED):
                raise self.error(_("{name} is encrypted, or packed in an unknown way").format(name=name))
            size, packed, header = _widened((stated[9], stated[8], stated[16]), extra)
            yield Member(name, stated[4], header, packed, size, stated[7])
            place = start + sum(lengths)

    def _apart(self, directory: int) -> Mapping[int, int]:
        """Where what follows a member begins, by where its header does; insist that none reaches there."""
        places = sorted((member.header, member) for member in self.members.values())
        starts = [*(start for start, _member in places), directory]
        for (start, stop), (_start, member) in zip(pairwise(starts), places, strict=True):
            most = member.packed * RATIO if member.method == DEFLATED else member.packed
            if start + LOCAL.size + member.packed > stop or member.size > most:
                raise self.broken(member)
        return dict(pairwise(starts))

    def start(self, member: Member) -> int:
        """Where the bytes of a member begin."""
        stated = LOCAL.unpack(self.file.read(member.header, LOCAL.size))
        start: int = member.header + LOCAL.size + stated[9] + stated[10]
        if stated[0] != b"PK\3\4" or start + member.packed > self._stops[member.header]:
            raise self.broken(member)
        return start

    def read(self, member: Member) -> bytearray:
        """All of a member.

        Raises:
            InputError: it is not what the directory says.
        """
        data = self.head(member, member.size)
        if len(data) != member.size or zlib.crc32(data) != member.crc:
            raise self.broken(member)
        return data

    def bytes_of(self, member: Member) -> Array:
        """All of a member as bytes, not to be written to: mapped, or unpacked and kept until another one is asked for.

        Raises:
            InputError: it is not what the directory says, or too large for being packed.
        """
        if member.method == STORED:
            start = self.start(member)
            return self._mapped[start : start + member.size]
        if self._unpacked_last is None or self._unpacked_last[0] != member:
            self._unpacked_last = None
            self._unpacked_last = member, self._whole(member)
        return self._unpacked_last[1]

    @cached_property
    def _mapped(self) -> Array:
        return self.file.map(np.dtype(np.uint8), 0, (self.file.size,))

    def _whole(self, member: Member) -> Array:
        if member.size > LARGEST_UNPACKED:
            told = _("{name} is packed and has more than {n} bytes; write the file again with torch.save")
            raise self.error(told.format(name=member.name, n=LARGEST_UNPACKED))
        data = np.frombuffer(self.read(member), np.uint8)
        data.setflags(write=False)
        return data

    def head(self, member: Member, count: int) -> bytearray:
        """The first ``count`` bytes of a member, or as many as there are."""
        count, start = min(count, member.size), self.start(member)
        if member.method == STORED:
            return self.file.read(start, count)
        return self._inflated(member, start, count)

    def _inflated(self, member: Member, start: int, count: int) -> bytearray:
        found, stream = bytearray(), zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for place in range(start, start + member.packed, PIECE):
                if len(found) >= count:
                    break
                piece = self.file.read(place, min(PIECE, start + member.packed - place))
                found += stream.decompress(piece, count - len(found))
        except zlib.error as error:
            raise self.broken(member) from error
        return found

    def broken(self, member: Member) -> InputError:
        """That a member is not what it should be."""
        return self.error(_("{name} is broken: its bytes are not what the directory says").format(name=member.name))

    def error(self, what: str) -> InputError:
        """What is wrong with this archive."""
        return self.file.error(what)


def _name(data: bytearray, flags: int) -> str:
    return visible(data.decode("utf-8" if flags & UTF_8 else "cp437", "replace"))


def _widened(numbers: tuple[int, int, int], extra: bytearray) -> Iterator[int]:
    """Numbers of which those that Zip64 says are in its part of ``extra``, in the same order."""
    wide = iter(_zip64(extra))
    return (next(wide, number) if number == LARGE else number for number in numbers)


def _zip64(extra: bytearray) -> tuple[int, ...]:
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        if kind == 1:
            data = extra[place + 4 : place + 4 + length]
            return struct.unpack_from(f"<{len(data) // 8}Q", data)
        place += 4 + length
    return ()
