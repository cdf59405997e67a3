"""What lies in a directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracer.dumps import files
from tracer.dumps.opening import open_dump
from tracer.errors import InputError


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "b" / "within").mkdir(parents=True)
    (tmp_path / "b" / "within" / "x.npy").write_bytes(b"")
    (tmp_path / "a").write_bytes(b"")
    return tmp_path


def test_names_and_files_are_sorted(directory: Path) -> None:
    assert files.names(directory) == ["a", "b"]
    assert files.files(directory) == [directory / "a", directory / "b" / "within" / "x.npy"]


@pytest.mark.parametrize(("depth", "expected"), [(0, False), (1, False), (2, True)])
def test_whether_there_is_any(directory: Path, depth: int, expected: bool) -> None:
    assert files.has_any(directory, lambda name: name.endswith(".npy"), depth) == expected


@pytest.mark.parametrize("listed", [files.names, files.files])
def test_too_much_is_refused(directory: Path, monkeypatch: pytest.MonkeyPatch, listed) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(files, "MOST", 1)
    with pytest.raises(InputError, match="has more than 1 files"):
        listed(directory)
    with pytest.raises(InputError, match="has more than 1 files"):
        open_dump(directory)


@pytest.mark.parametrize("listed", [files.names, files.files])
def test_what_can_t_be_listed_is_said(directory: Path, listed) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=r"a: can't be read \(Not a directory\)"):
        listed(directory / "a")
