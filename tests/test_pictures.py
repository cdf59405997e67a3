"""The pictures of the README are what the commands above them draw."""

import re
import shlex
import subprocess
import sys

import pytest

from .documented import README, ROOT

COMMAND = re.compile(r"<!-- tx-trace (.*) -o (tests/pictures/\S+) -->")
DRAWN = COMMAND.findall(README.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("arguments", "picture"), DRAWN, ids=[picture for _arguments, picture in DRAWN])
def test_a_picture_is_what_its_command_draws(arguments, picture, tmp_path):
    drawn = tmp_path / "picture.svg"
    subprocess.run([sys.executable, "-m", "commands", *shlex.split(arguments), "-o", drawn], cwd=ROOT, check=True)
    assert drawn.read_text(encoding="utf-8") == (ROOT / picture).read_text(encoding="utf-8")


def test_every_picture_has_its_command():
    assert {f"tests/pictures/{path.name}" for path in (ROOT / "tests" / "pictures").iterdir()} == {
        picture for _, picture in DRAWN
    }
