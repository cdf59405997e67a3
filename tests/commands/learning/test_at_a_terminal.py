"""Two lessons, played on a real terminal."""

import json
import re

import pytest
from rich.cells import cell_len
from terminal import Terminal

from commands.learning.course import find
from commands.learning.lesson_reader import read_lesson

ENTER, CONTROL_C, CONTROL_D = "\r", "\x03", "\x04"


class Learner(Terminal):
    """``tx-trace learn``."""

    always = ("learn",)


@pytest.fixture
def learn():
    """Take a lesson on a terminal of 80 columns."""
    opened = []

    def start(*arguments, **environ):
        opened.append(Learner(80, 40, *arguments, **environ))
        return opened[-1]

    yield start
    for there in opened:
        there.close()


def seen(text):
    return lambda lines: any(text in line for line in lines)


def at(place):
    """The bar tells a step, and the prompt above it is empty."""
    return lambda lines: lines[-1].startswith(f"{place}/") and [line for line in lines[:-1] if line][-1:] == ["(tx)"]


def test_a_lesson_in_english(learn, tmp_path):
    there = learn("4", "--lang", "en")
    there.wait(at(1))
    there.type("hint" + ENTER)
    there.wait(seen("then in brackets the head and the token"))
    there.type("solution" + ENTER)
    there.wait(seen('(tx) p scores[h0, "我"]'))
    there.type(ENTER)
    there.wait(at(2))
    there.type("你" + ENTER)
    there.wait(seen("Softmax keeps the order"))
    there.wait(at(3))
    there.type("exp(")
    there.wait(seen("(tx) exp("))
    there.type(CONTROL_C)
    there.wait(at(3))
    there.type("bogus" + ENTER)
    there.wait(seen("nothing is recorded at bogus"))
    there.wait(at(3))
    there.type(CONTROL_D)
    assert there.status() == 0
    kept = json.loads((tmp_path / "state/tx-trace/lessons.json").read_text())
    assert (kept["last"], kept["lessons"]["04-softmax"]["where"]) == ("04-softmax", "exp")
    again = learn("--lang", "en")
    lines = again.wait(at(3))
    assert seen("Welcome back")(lines)
    assert seen("step 3 of 11")(lines)
    assert seen("First: exp")(lines)
    assert not seen("A row of scores says")(lines)
    again.type("learn review" + ENTER)
    again.wait(seen("review 1/1"))
    again.type(CONTROL_D)
    again.wait(at(3))
    again.type("solution" + ENTER)
    again.wait(seen("(tx) answer exp(0.769)"))
    again.type(ENTER)
    again.wait(at(4))
    again.type("quit" + ENTER)
    assert again.status() == 0


def test_a_lesson_in_chinese(learn, tmp_path):
    (tmp_path / "config/tx-trace").mkdir(parents=True)
    (tmp_path / "config/tx-trace/config").write_text("lang = zh\n")
    there = learn("1", LANG="C.UTF-8", LC_ALL="", LANGUAGE="")
    count = len(read_lesson(find("1")).steps)
    for place in range(1, count + 1):
        lines = there.wait(at(place), 30)
        assert max(map(cell_len, lines)) <= 80
        there.type("skip" + ENTER)
    lines = there.wait(lambda lines: re.match("已完成", lines[-1]) is not None)
    assert any(re.search("[\u4e00-\u9fff]{6}", line) for line in lines)
    there.type(CONTROL_D)
    assert there.status() == 0


def test_progress_that_can_not_be_read_is_kept_aside_and_said(learn, tmp_path):
    folder = tmp_path / "state/tx-trace"
    folder.mkdir(parents=True)
    (folder / "lessons.json").write_text('{"version": 99}')
    there = learn("4", "--lang", "en")
    lines = there.wait(at(1))
    assert "holds no progress that this version can read" in " ".join(lines)
    assert (folder / "lessons.json.kept").read_text() == '{"version": 99}'


def test_a_lesson_within_the_shell_comes_back_to_it():
    there = Terminal(80, 40)
    try:
        there.wait(seen("not started"))
        there.type("learn 4" + ENTER)
        there.wait(at(1))
        there.type(CONTROL_D)
        there.wait(lambda lines: lines[-1].startswith("zh-en-tiny  not started"))
    finally:
        there.close()
