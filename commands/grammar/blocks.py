"""Commands that go on over several lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tracer.errors import InputError
from tracer.i18n import _

from ..registry import UnknownCommandError, lookup
from .parsing import grammar, split_word

END = "end"
"""The last line of a block."""


def whole(line: str, following: Iterator[str]) -> str:
    """A line with the block that belongs to it, if one does, taken from the lines that follow.

    Raises:
        InputError: they end before the block does.
    """
    if not _opens_block(line):
        return line
    lines = [line]
    for next_line in following:
        if next_line.strip() == END:
            return "\n".join([*lines, END])
        lines.append(whole(next_line, following))
    raise InputError(_("{line} lacks its last line, which is {end}").format(line=line.strip(), end=END))


def commands_in(lines: Iterable[str]) -> Iterator[str]:
    """The commands that stand in some lines, each with its block; blank lines and comments left out."""
    following = iter(lines)
    commands = (whole(line, following).strip() for line in following)
    return (command for command in commands if command and not command.startswith("#"))


def _opens_block(line: str) -> bool:
    try:
        return bool(grammar(lookup(split_word(line.strip())[0])).blocks)
    except UnknownCommandError:
        return False
