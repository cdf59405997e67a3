"""Every transcript in the README is what the program prints."""

import pytest

from .documented import BLOCK, README, alike, commands, run

EXAMPLES = [pair for block in BLOCK.findall(README.read_text(encoding="utf-8")) for pair in commands(block)]


@pytest.mark.parametrize(("command", "expected"), EXAMPLES, ids=[command for command, _output in EXAMPLES])
def test_a_transcript_is_true(command: str, expected: str) -> None:
    found = run(command)
    assert alike(expected, found), found


def test_there_are_transcripts() -> None:
    assert len(EXAMPLES) >= 4
