"""Every format over its samples: recognised, read, and, whatever happens to their bytes, refused in one sentence."""

from __future__ import annotations

import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tracer.dumps.opening import kinds, open_dump
from tracer.errors import InputError

from .samples import DUMPS, read_all, samples

KINDS = list(kinds())
SAMPLES = [(kind, path) for kind in KINDS for path in samples(kind)]
MOST_FILES = 2
"""of a sample, that are broken one after the other"""

MOST_MEMORY = 200 << 20
HTML = b"<!DOCTYPE html><html><body>404</body></html>\n"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 1234\n"


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_has_a_sample(kind: str) -> None:
    assert samples(kind), f"tests/fixtures/dumps/{kind} has none"


@pytest.mark.parametrize(("kind", "path"), SAMPLES, ids=lambda value: getattr(value, "name", value))
def test_a_sample_is_recognised_and_read(kind: str, path: Path) -> None:
    dump = open_dump(path)
    assert dump.format == kind
    assert len(dump.entries) > 0
    read_all(dump)


@pytest.mark.parametrize(("kind", "path"), SAMPLES, ids=lambda value: getattr(value, "name", value))
def test_no_other_format_takes_it_for_its_own(kind: str, path: Path) -> None:
    head = path.read_bytes()[:4096] if path.is_file() else b""
    names = sorted(file.name for file in path.iterdir()) if path.is_dir() else []
    assert [name for name, found in kinds().items() if found.recognises(path, head, names)] == [kind]


@pytest.mark.parametrize(("kind", "path"), SAMPLES, ids=lambda value: getattr(value, "name", value))
def test_a_broken_sample_is_refused_or_read(kind: str, path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    (shutil.copytree if path.is_dir() else shutil.copy)(path, copy)
    files = sorted(file for file in copy.rglob("*") if file.is_file()) if copy.is_dir() else [copy]
    tracemalloc.start()
    try:
        for file in files[:: max(1, len(files) // MOST_FILES)]:
            whole = file.read_bytes()
            for n, content in enumerate(broken(whole)):
                file.write_bytes(content)
                attempt(copy, kind if n % 4 else None)
            file.write_bytes(whole)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


def broken(whole: bytes) -> Iterator[bytes]:
    """A file cut short, with bits and bytes changed, grown, emptied, and with something else in its place."""
    random = np.random.default_rng(len(whole))
    for length in np.linspace(0, len(whole), 8, endpoint=False, dtype=int):
        yield whole[:length]
    for place in random.integers(0, len(whole), 10):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(random.integers(8))
        yield bytes(flipped)
    for place in random.integers(0, len(whole), 8):
        changed = bytearray(whole)
        changed[place] = int(random.choice([0, 0x7F, 0xFF]))
        yield bytes(changed)
    yield whole + bytes(1)
    yield whole + whole
    yield whole[len(whole) // 2 :]
    yield from (HTML, LFS)


def attempt(path: Path, kind: str | None) -> None:
    """Read all of a dump, or be told in one sentence why not."""
    told = complaint(path, kind)
    assert len(told.splitlines()) == bool(told)
    assert told == "" or told.startswith(str(path))


def complaint(path: Path, kind: str | None) -> str:
    """What is said of a dump that can't be read."""
    try:
        read_all(open_dump(path, kind))
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_dump_is_refused_by_every_format(kind: str, tmp_path: Path) -> None:
    for name, content in {"page": HTML, "pointer": LFS, "empty": b"", "noise": bytes(range(256)) * 20}.items():
        (tmp_path / name).write_bytes(content)
        attempt(tmp_path / name, kind)
    attempt(tmp_path, kind)


def test_a_format_is_named_or_suggested(tmp_path: Path) -> None:
    path = DUMPS / "npz" / "plain.npz"
    assert open_dump(path, "npz").format == "npz"
    with pytest.raises(InputError, match="there is no format 'npzz'; did you mean npz"):
        open_dump(path, "npzz")
    with pytest.raises(InputError, match="is missing"):
        open_dump(tmp_path / "gone")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a text", "is no dump of a known format; --as names one of"),
        (HTML, "is a web page in place of the file"),
        (LFS, "is a pointer of Git LFS in place of the file"),
        (b"", "is empty"),
    ],
)
def test_a_file_of_no_format_is_told_for_what_it_is(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(InputError, match=message):
        open_dump(tmp_path / "x")
    with pytest.raises(InputError, match="is no dump of a known format"):
        open_dump(tmp_path)
