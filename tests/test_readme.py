"""Every transcript in the README is what the program prints."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from commands.learning.checks import WORDS
from commands.learning.lesson_reader import BLOCKS
from commands.learning.player import begin
from commands.learning.validate import validate

from .documented import BLOCK, README, alike, commands, run

EXAMPLES = [pair for block in BLOCK.findall(README.read_text(encoding="utf-8")) for pair in commands(block)]


@pytest.mark.parametrize(("command", "expected"), EXAMPLES, ids=[command for command, _output in EXAMPLES])
def test_a_transcript_is_true(command: str, expected: str) -> None:
    found = run(command)
    assert alike(expected, found), found


def test_there_are_transcripts() -> None:
    assert len(EXAMPLES) >= 4


def test_the_first_session_runs_as_it_is_printed() -> None:
    lines = re.findall(r"^\(tx\) (.*?)(?:  +.*)?$", README.read_text(encoding="utf-8"), re.MULTILINE)
    session = lines[lines.index("run 他昨天去了北京。") : lines.index("help") + 1]
    done = subprocess.run(
        [sys.executable, "-m", "commands", "--batch"],
        input="\n".join(session),
        capture_output=True,
        encoding="utf-8",
        cwd=README.parent,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_lesson_that_it_shows_can_be_played(tmp_path: Path) -> None:
    [text] = re.findall(r"^````markdown\n(.*?)^````$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    path = tmp_path / "lesson.md"
    path.write_text(text, encoding="utf-8")
    assert list(validate(path, begin)) == []


def test_every_block_and_check_of_a_lesson_is_told() -> None:
    text = README.read_text(encoding="utf-8").partition("## Write a lesson")[2].partition("\n## Speed")[0]
    assert [word for word in (*BLOCKS, *WORDS) if f"`{word}" not in text] == []
