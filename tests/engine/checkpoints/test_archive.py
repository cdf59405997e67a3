"""Zip archives against Python's own reader, and against directories that lie."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from tracer.checkpoints import archive
from tracer.checkpoints.archive import Archive
from tracer.errors import InputError

CONTENTS = {"a": b"first", "folder/b": bytes(range(256)) * 8, "empty": b"", "zeros": bytes(100_000), "é": b"accented"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.zip"


def write(path: Path, method: int = zipfile.ZIP_STORED, contents: dict[str, bytes] = CONTENTS, **stated: bool) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in contents.items():
            with file.open(name, "w", **stated) as member:
                member.write(data)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("large", [False, True])
def test_members_are_those_that_python_reads(path: Path, method: int, large: bool) -> None:
    found = Archive(write(path, method, force_zip64=large))
    assert list(found.members) == list(CONTENTS)
    assert {name: bytes(found.read(member)) for name, member in found.members.items()} == CONTENTS
    assert bytes(found.head(found.members["folder/b"], 3)) == b"\0\1\2"
    assert bytes(found.head(found.members["a"], 99)) == b"first"


def test_an_archive_that_is_streamed_is_read(path: Path) -> None:
    """What can't go back leaves the sizes out of the header of a member; a directory after it has them."""

    class Stream:
        def __init__(self) -> None:
            self.data = b""

        def write(self, data: bytes) -> int:
            self.data += data
            return len(data)

        def flush(self) -> None: ...

    stream = Stream()
    with zipfile.ZipFile(stream, "w") as file:  # type: ignore[call-overload]
        file.writestr("a", b"first")
    path.write_bytes(stream.data)
    found = Archive(path)
    assert bytes(found.read(found.members["a"])) == b"first"


def test_sizes_of_zip64_are_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a few members were too many, and a few bytes too large, for numbers of two and four bytes."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 3)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    found = Archive(write(path, force_zip64=True))
    assert {name: bytes(found.read(member)) for name, member in found.members.items()} == CONTENTS


def test_a_comment_and_bytes_after_it_change_nothing(path: Path) -> None:
    write(path)
    with zipfile.ZipFile(path, "a") as file:
        file.comment = b"a comment"
    path.write_bytes(path.read_bytes() + b"more")
    assert list(Archive(path).members) == list(CONTENTS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"PK\3\4", "is no zip archive, or cut short"),
        (b"PK\5\6" + bytes(17), "is no zip archive, or cut short"),
        (b"PK\5\6" + bytes(4) + struct.pack("<HHII", 1, 1, 46, 0) + bytes(2), "has a broken directory"),
        (b"PK\5\6" + bytes(4) + struct.pack("<HHII", 9, 9, 0, 0) + bytes(2), "has a broken directory"),
        (b"PK\5\6" + bytes(4) + struct.pack("<HHII", 0xFFFF, 0xFFFF, 0, 0) + bytes(2), "has a broken directory"),
        (bytes(46) + b"PK\5\6" + bytes(4) + struct.pack("<HHII", 1, 1, 46, 0) + bytes(2), "has a broken directory"),
        (b"<html></html>", "is a web page in place of the file"),
        (b"version https://git-lfs", "is a pointer of Git LFS"),
    ],
)
def test_what_is_no_archive_is_refused(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    refused(path, message)


def test_an_archive_cut_short_anywhere_is_refused(path: Path) -> None:
    whole = write(path, contents={"a": b"first", "b": b"second"}).read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        refused(path, "is empty|cut short")


def test_a_name_that_comes_twice_is_refused(path: Path) -> None:
    whole = write(path, contents={"a": b"first", "b": b"second"}).read_bytes()
    path.write_bytes(whole[::-1].replace(b"b", b"a", 1)[::-1])
    refused(path, "has a twice")


def test_members_that_overlap_are_refused(path: Path) -> None:
    """As those of a bomb, in which many members are the same bytes."""
    whole = bytearray(write(path, contents={"a": b"1" * 50, "b": b"2" * 50}).read_bytes())
    second = whole.rindex(b"PK\1\2")
    whole[second + 42 : second + 46] = bytes(4)
    path.write_bytes(whole)
    refused(path, "is broken: its bytes are not what the directory says")


@pytest.mark.parametrize(
    ("place", "number", "message"),
    [
        (8, 1, "a is encrypted, or packed in an unknown way"),
        (10, 12, "a is encrypted, or packed in an unknown way"),
        (20, 0x7FFFFFFF, "a is broken"),
        (24, 0x7FFFFFFF, "a is broken"),
        (42, 0x7FFFFFFF, "a is broken"),
        (28, 0xFFFF, "broken directory"),
    ],
)
def test_a_directory_that_lies_is_refused(path: Path, place: int, number: int, message: str) -> None:
    whole = bytearray(write(path, contents={"a": b"first", "b": b"second"}).read_bytes())
    start = whole.index(b"PK\1\2") + place
    size = 2 if place in (8, 10, 28) else 4
    whole[start : start + size] = number.to_bytes(size, "little")
    path.write_bytes(whole)
    refused(path, message)


def test_a_deflated_member_is_no_larger_than_it_can_be(path: Path) -> None:
    """Before any of it is unpacked: nothing that deflates comes out more than 1032 times as large."""
    whole = bytearray(write(path, zipfile.ZIP_DEFLATED, {"a": bytes(1000)}).read_bytes())
    start = whole.index(b"PK\1\2") + 24
    whole[start : start + 4] = (1 << 30).to_bytes(4, "little")
    path.write_bytes(whole)
    refused(path, "a is broken")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_bytes_that_were_changed_are_refused(path: Path, method: int) -> None:
    whole = bytearray(write(path, method, {"a": b"some text to be changed"}).read_bytes())
    whole[40] ^= 1
    path.write_bytes(whole)
    found = Archive(path)
    with pytest.raises(InputError, match="a is broken"):
        found.read(found.members["a"])


def test_too_many_members_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_MEMBERS", 4)
    refused(write(path), "one of too many members")


def test_a_name_that_can_not_be_printed_is_written_out(path: Path) -> None:
    assert list(Archive(write(path, contents={"a\nb": b""})).members) == ["a\\nb"]


def refused(path: Path, message: str) -> None:
    """One sentence, with the file in it."""
    with pytest.raises(InputError, match=message) as caught:
        Archive(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
