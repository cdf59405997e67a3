"""Two shells at once: each keeps what it was told, and what the other was."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from commands.terminal.config import remember, stated
from commands.terminal.history import TypedLines

from .apart import Tell, heard, is_linux

pytestmark = pytest.mark.skipif(not is_linux(), reason="processes are not copied here")

SHELLS, TIMES = 3, int(os.environ.get("TX_TRACE_MOMENTS", "25"))


def fail(message: str) -> None:
    raise AssertionError(message)


def at_once(act: Callable[[int, int], object]) -> None:
    """Let shells act at once, each with its number and how many times it has acted."""
    begins = time.monotonic() + 0.3

    def shell(number: int, tell: Tell) -> None:
        time.sleep(max(0.0, begins - time.monotonic()))
        for turn in range(TIMES):
            act(number, turn)
        tell(number)

    telling = [heard(partial(shell, number), 60) for number in range(SHELLS)]
    with ThreadPoolExecutor() as pool:
        assert [*pool.map(list, telling)] == [[number] for number in range(SHELLS)]


def test_the_history_has_the_lines_of_all(tmp_path: Path) -> None:
    file = tmp_path / "state" / "history"
    line = "p {}.{} " + "x" * 20_000
    typed = TypedLines(file, fail)
    at_once(lambda shell, turn: typed.add(line.format(shell, turn)))
    expected = {line.format(shell, turn) for shell in range(SHELLS) for turn in range(TIMES)}
    kept = typed.read()
    assert (len(kept), set(kept)) == (len(expected), expected)


def test_the_configuration_has_the_settings_of_all(tmp_path: Path) -> None:
    file = tmp_path / "config" / "config"
    at_once(lambda shell, turn: remember(file, f"alias.s{shell}n{turn}", "step"))
    names = [f"alias.s{shell}n{turn}" for shell in range(SHELLS) for turn in range(TIMES)]
    assert [name for name in names if stated(file, name) != "step"] == []
