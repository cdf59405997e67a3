"""Lines at a prompt: what is handed on, and what ends it."""

import pytest

from commands.learning.listening import attend
from tracer.errors import InputError


def reader(*lines):
    """What yields lines, an exception in place of its key."""
    following = iter(lines)

    def read(_message):
        line = next(following)
        if isinstance(line, BaseException):
            raise line
        return line

    return read


def test_lines_are_handed_on_without_blanks_until_it_is_over():
    taken = []
    attend(reader("a ", " b", "c"), taken.append, lambda: len(taken) == 2)
    assert taken == ["a", "b"]


def test_no_more_lines_end_it():
    with pytest.raises(EOFError):
        attend(reader(KeyboardInterrupt(), EOFError()), pytest.fail)


def test_what_can_not_be_read_ends_it():
    with pytest.raises(InputError, match="not UTF-8"):
        attend(reader(InputError("not UTF-8")), pytest.fail)


def test_what_fails_or_is_interrupted_is_told_and_the_next_line_taken(capsys):
    taken = []

    def take(line):
        taken.append(line)
        if line == "fail":
            raise InputError("no such thing")
        if line == "long":
            raise KeyboardInterrupt

    attend(reader("fail", "long", "end"), take, lambda: taken[-1:] == ["end"])
    assert capsys.readouterr().err == "no such thing\ninterrupted\n"
