"""Damaged files: each is read in its time and its memory, or refused in a sentence."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tracer.errors import InputError

from .apart import Ended, heard, is_linux
from .cage import confine
from .files import Fuzzer, judged

pytestmark = pytest.mark.skipif(not is_linux(), reason="there are no such bounds here")

SEED, MUTATIONS = 1, 30


def test_nothing_escapes() -> None:
    assert [*Fuzzer(SEED).run(0, MUTATIONS)] == []


def refuse(_path: Path) -> None:
    raise InputError("no")


@pytest.mark.parametrize(
    ("opens", "what"),
    [
        (refuse, None),
        (lambda _path: 2, None),
        (lambda _path: 5, "status 5"),
        (lambda _path: print("\x1b]"), "raw '\\x1b'"),
        (lambda _path: 1 / 0, "ZeroDivisionError: test_files.py:<lambda>"),
    ],
)
def test_what_escapes_is_found(tmp_path: Path, opens, what) -> None:
    wrong = judged(opens, tmp_path)
    assert (wrong and wrong.what) == what


def test_a_process_that_takes_too_much_ends_alone(tmp_path: Path) -> None:
    def greedy(tell) -> None:
        confine(tmp_path, 1 << 26)
        tell("begun")
        bytearray(1 << 28)

    told, ended = heard(greedy, 60)
    assert told == "begun"
    assert isinstance(ended, Ended)
    assert "MemoryError" in ended.said


def test_one_that_says_nothing_is_ended() -> None:
    [ended] = heard(lambda _tell: time.sleep(60), 0.2)
    assert ended.how == "silent for 0.2 s"


def test_nothing_outside_of_the_cage_is_touched(tmp_path: Path) -> None:
    (tmp_path / "cage").mkdir()
    outside = tmp_path / "outside"

    def reach(tell) -> None:
        confine(tmp_path / "cage")
        (tmp_path / "cage" / "inside").touch()
        for act in (outside.touch, outside.mkdir, lambda: (tmp_path / "cage" / "inside").rename(outside)):
            with pytest.raises(PermissionError):
                act()
        tell("all refused")

    assert [*heard(reach, 60)] == ["all refused"]
    assert not outside.exists()
