"""Random command lines: nothing escapes, and what would is made short."""

from __future__ import annotations

import pytest

from . import commands
from .apart import is_linux
from .commands import Fuzzer, Trial, Wrong, shorter

pytestmark = pytest.mark.skipif(not is_linux(), reason="there are no such bounds here")

SEED, SESSIONS, LINES = 1, 6, 30


@pytest.fixture(scope="module")
def fuzzer() -> Fuzzer:
    return Fuzzer(SEED)


def test_nothing_escapes(fuzzer: Fuzzer) -> None:
    failures = [failure for number in range(SESSIONS) for failure in fuzzer.session(number, LINES)]
    assert "".join(map(commands.written, failures)) == ""
    assert fuzzer.lines == SESSIONS * LINES


def test_what_escapes_is_found_and_made_short(fuzzer: Fuzzer, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(_trial: Trial, _line: str, _status: int, shown: str, _told: str) -> Wrong | None:
        return Wrong("a three", shown) if "3" in shown else None

    monkeypatch.setattr(Trial, "_wrong", wrong)
    [failure, *_more] = fuzzer.session(0, LINES)
    assert failure.wrong.what == "a three"
    assert len(failure.lines) <= 2


def test_the_shortest_script_is_what_is_needed() -> None:
    def shows(lines: list[str]) -> bool:
        return "b" in lines and "x" in lines[-1]

    assert [*shorter(["a", "b", "c", "d xyz"], shows)][-1] == ["b", "x"]
    assert [*shorter(["a", "b", "xb"], lambda lines: "b" in lines[-1])][-1] == ["b"]
