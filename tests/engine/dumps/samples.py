"""Dumps of every format: what lies in `fixtures/dumps/FORMAT`, each a sample of it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tracer.dumps.dump import Dump, Entry
from tracer.dumps.evidence import Values
from tracer.dumps.opening import open_dump
from tracer.errors import InputError

from ..conftest import FIXTURES

DUMPS = FIXTURES / "dumps"


def samples(kind: str) -> list[Path]:
    """The samples of a format."""
    return sorted((DUMPS / kind).glob("*"))


def opened(path: Path) -> Mapping[str, Entry]:
    """The entries of a dump by name."""
    return {entry.name: entry for entry in open_dump(path).entries}


def read(entry: Entry) -> Any:
    """All the numbers of an entry that has them."""
    assert isinstance(entry.evidence, Values)
    return entry.evidence.read()


def read_all(dump: Dump) -> None:
    """Whatever there is of the numbers, which is what the entries say."""
    for entry in dump.entries:
        assert entry.meaning
        if isinstance(entry.evidence, Values):
            assert read(entry).shape == entry.evidence.shape


def refused(path: Path, message: str, kind: str | None = None) -> None:
    """One sentence, with the file in it."""
    with pytest.raises(InputError, match=message) as caught:
        read_all(open_dump(path, kind))
    assert str(caught.value).startswith(str(path))
    assert str(caught.value).isprintable()


def rezipped(path: Path, change: Callable[[str, bytes], tuple[str, bytes]], packed: int = zipfile.ZIP_STORED) -> None:
    """A zip file written again, with its members changed."""
    found = BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(found, "w", packed) as new:
        for name in old.namelist():
            new.writestr(*change(name, old.read(name)))
    path.write_bytes(found.getvalue())
