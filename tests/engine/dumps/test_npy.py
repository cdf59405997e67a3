"""Directories of arrays, and single ones."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tracer.dumps import files
from tracer.dumps.opening import open_dump
from tracer.errors import InputError

from .samples import DUMPS, opened, read, refused

TABLE = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """An empty one."""
    (tmp_path / "dump").mkdir()
    return tmp_path / "dump"


def save(directory: Path, *names: str) -> Path:
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(directory / name, TABLE)
    return directory


def test_names_of_directories_are_joined_and_numbers_counted(directory: Path) -> None:
    save(directory, "layers/10/out.npy", "layers/2/out.npy", "layers.1.out.npy", "logits.npy")
    found = opened(directory)
    assert list(found) == ["layers.1.out", "layers.2.out", "layers.10.out", "logits"]
    np.testing.assert_array_equal(read(found["layers.10.out"]), TABLE)


def test_the_sample_is_what_was_saved() -> None:
    found = opened(DUMPS / "npy" / "nested")
    assert {name: (entry.evidence.dtype, entry.evidence.shape) for name, entry in found.items()} == {
        "decoder.layers.2": ("F64", (3, 4)),
        "decoder.layers.10": ("F16", (2,)),
        "logits": ("F32", (1, 3, 4)),
    }
    np.testing.assert_array_equal(read(found["decoder.layers.2"]), TABLE)


def test_one_file_has_the_name_that_it_begins_with(tmp_path: Path) -> None:
    assert list(opened(save(tmp_path, "decoder.0.npy") / "decoder.0.npy")) == ["decoder.0"]


def test_other_files_are_left_aside(directory: Path) -> None:
    save(directory, "x.npy")
    (directory / "notes.txt").write_text("")
    (directory / "y.json").write_text("{}")
    os.mkfifo(directory / "pipe.npy")
    dump = open_dump(directory)
    assert [entry.name for entry in dump.entries] == ["x"]
    assert dump.notes == ["left aside, since they are no .npy files: notes.txt, y.json"]


def test_links_to_directories_are_not_followed(directory: Path) -> None:
    save(directory, "x.npy")
    (directory / "again").symlink_to(directory)
    assert list(opened(directory)) == ["x"]


def test_two_files_of_one_name_are_refused(directory: Path) -> None:
    refused(save(directory, "a/b.npy", "a.b.npy"), "has a.b twice")


def test_a_directory_with_none_is_no_dump(directory: Path) -> None:
    (directory / "notes.txt").write_text("")
    refused(directory, "is no dump of a known format")
    refused(directory, "holds no .npy file", "npy")


def test_too_many_files_are_refused(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST", 3)
    refused(save(directory, *(f"{n}.npy" for n in range(4))), "has more than 3 files")


def test_a_file_that_changes_while_it_is_read_is_refused(directory: Path) -> None:
    (entry,) = open_dump(save(directory, "x.npy")).entries
    np.save(directory / "x.npy", TABLE[:1])
    with pytest.raises(InputError, match="has changed since it was opened"):
        read(entry)


def test_many_files_are_not_open_at_once(directory: Path) -> None:
    save(directory, *(f"{n}.npy" for n in range(50)))
    before = len(os.listdir("/proc/self/fd"))
    dump = open_dump(directory)
    assert len(dump.entries) == 50
    assert len(os.listdir("/proc/self/fd")) <= before + 1


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_is_read(tmp_path: Path, version: tuple[int, int]) -> None:
    with (tmp_path / "x.npy").open("wb") as file:
        np.lib.format.write_array(file, TABLE, version)
    np.testing.assert_array_equal(read(opened(tmp_path / "x.npy")["x"]), TABLE)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"no array", r"\Ax\.npy: is no \.npy file\Z"),
        (b"\x93NUMPY\1\0\4\0{}  ", r"\Ax\.npy: its header is broken\Z"),
        (b"\x93NUMPY\1\0\0\1{}  ", r"\Ax\.npy: its header is cut short, or too long\Z"),
    ],
)
def test_a_file_is_named_once(directory: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, told: str) -> None:
    monkeypatch.chdir(directory)
    Path("x.npy").write_bytes(content)
    refused(Path("x.npy"), told, "npy")
