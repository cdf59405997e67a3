"""Recorded sessions print what they printed, and between them they use every command."""

from pathlib import Path

import pytest

from commands.registry import catalogue, lookup

from .recorded import SCRIPTS, played


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_session_is_as_it_was_recorded(script: Path) -> None:
    assert played(script) == script.with_suffix(".txt").read_text(encoding="utf-8")


def test_every_command_is_in_a_session() -> None:
    lines = [line for script in SCRIPTS for line in script.read_text(encoding="utf-8").splitlines()]
    used = {lookup(line.split()[0]).name for line in lines if not line.startswith("#") and line != "end"}
    assert set(catalogue()) - used == set()
