"""Files that are written whole or not at all, and never over what somebody else has put there."""

import os
import stat
from pathlib import Path

import pytest

from tracer.errors import InputError
from tracer.whole import whole


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def write(path: Path, data: bytes = b"new") -> None:
    with whole(path) as stream:
        stream.write(data)


@pytest.mark.parametrize("before", [0o600, 0o640, 0o644, 0o755])
def test_a_file_that_was_there_keeps_its_mode(tmp_path: Path, before: int) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    file.chmod(before)
    write(file)
    assert (mode(file), file.read_bytes()) == (before, b"new")


def test_a_new_file_has_the_mode_that_the_system_gives(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch()
    write(tmp_path / "file")
    assert mode(tmp_path / "file") == mode(other)


def test_a_link_leads_to_the_file_that_is_written(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"old")
    link.symlink_to(file)
    write(link)
    assert (link.is_symlink(), file.read_bytes()) == (True, b"new")


def test_what_is_not_complete_has_a_name_that_nobody_can_foresee(tmp_path: Path) -> None:
    names = []
    for _time in range(2):
        with whole(tmp_path / "file") as stream:
            stream.write(b"half")
            names += [path.name for path in tmp_path.iterdir() if path.name != "file"]
    assert len(set(names)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_link_at_that_name_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"old")
    monkeypatch.setattr("os.urandom", lambda _n: b"foreseen")
    (tmp_path / f".tx-trace.{b'foreseen'.hex()}").symlink_to(victim)
    with pytest.raises(InputError, match="can't be written"):
        write(tmp_path / "file")
    assert victim.read_bytes() == b"old"


@pytest.mark.parametrize("length", [1, 250, 255])
def test_every_legal_name_can_be_that_of_a_file(tmp_path: Path, length: int) -> None:
    write(tmp_path / ("n" * length))
    assert [len(path.name) for path in tmp_path.iterdir()] == [length]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_fails_leaves_the_file_as_it_was(tmp_path: Path, error: type[BaseException]) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")

    def fail() -> None:
        with whole(file) as stream:
            stream.write(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"old")]


def test_a_device_is_written_to_as_it_is() -> None:
    write(Path(os.devnull))
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
