"""Text on its way out: to a terminal, and to the system."""

import os
from pathlib import Path

import pytest

import tracer
from tracer.errors import InputError
from tracer.outward import path_of, short, visible, visible_lines

INSTRUCTIONS = "\x1b]52;c;eA==\x07\x00\x7f\x9b31m\u202e\u2066\u200d\ufe0f\u2028"


def test_nothing_in_a_visible_text_is_an_instruction() -> None:
    assert visible("我 a") == "我 a"
    assert visible(INSTRUCTIONS).isprintable()
    assert visible("a\nb") == r"a\nb"
    assert visible_lines("a\nb\x1b") == "a\nb\\x1b"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a\0b", "zero character"),
        ("\ud800", "half a character"),
        ("é" * 200, "name of a file; 255 bytes"),
        ("a/" * 3000, "path; 4095 bytes"),
        ("~nosuchuser", "nobody here has this name"),
        ("~nosuchuser/x", "nobody here has this name"),
        ("~" + "n" * 200 + "é" * 60, "too long"),
    ],
)
def test_what_no_file_can_be_called_is_one_sentence(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        path_of(name)
    assert len(str(raised.value)) < 200
    with pytest.raises(InputError):
        tracer.load(name)


def test_a_value_is_bare_however_long_it_is() -> None:
    assert short("x" * 60) == "x" * 60
    assert short("a" * 40 + "b" * 21) == "a" * 28 + "..." + "a" * 7 + "b" * 21
    assert short([1] * 99) == str([1] * 99)[:28] + "..." + str([1] * 99)[-28:]
    assert short(0.5) == "0.5"


def test_a_name_that_is_not_utf_8_is_one_all_the_same(tmp_path: Path) -> None:
    place = Path(os.fsdecode(os.fsencode(tmp_path / "a") + b"\xff"))
    os.symlink(tracer.load("zh-en-tiny").path, place)
    assert path_of(str(place)) == place
    assert tracer.load(str(place)).describe()
