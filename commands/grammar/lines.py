"""The lines of a script, each with the place where it stands."""

from __future__ import annotations

import os
import stat
import sys
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from tracer.errors import InputError
from tracer.i18n import _, cause
from tracer.namedtuple import NamedTuple

LONGEST, LONGEST_LINE = 1 << 24, 1 << 20
"""bytes of a script, and characters of one of its lines where it comes from standard input"""


class Line(NamedTuple):
    """A line of a script, and where it stands: the name of the file and the number of the line, from 1."""

    text: str
    source: str
    number: int


def given(commands: Iterable[str]) -> Iterator[Line]:
    """The commands of ``-e``."""
    return _numbered((line for command in commands for line in command.split("\n")), "-e")


def read(path: str) -> Iterator[Line]:
    """The lines of a script; ``-`` is standard input, read as it comes.

    Raises:
        InputError: it can't be read (a file: at once), or is not UTF-8.
    """
    if path == "-":
        return _numbered(_standard_input(), "stdin")
    try:
        return _numbered(text_of(Path(path)).split("\n"), path)
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error
    except UnicodeDecodeError as error:
        raise InputError(_("{path}: is not UTF-8 text ({reason})").format(path=path, reason=cause(error))) from error


def text_of(path: Path) -> str:
    """A file of lines that a person wrote.

    Raises:
        InputError: it is longer than such a file, or has no end.
        OSError: it can't be read.
        UnicodeDecodeError: it is not UTF-8.
    """
    with path.open("rb") as file:
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise InputError(_("{path}: is longer than {n} bytes; is it a text?").format(path=path, n=LONGEST))
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def is_waiting(stream: IO[str]) -> bool:
    """Whether somebody has piped in what nobody has read yet; nothing of it is read to find out."""
    try:
        handle = stream.fileno()
        state = os.fstat(handle)
        if stat.S_ISREG(state.st_mode):
            return state.st_size > 0 == os.lseek(handle, 0, os.SEEK_CUR)
        return stat.S_ISFIFO(state.st_mode) and _in_pipe(handle) > 0
    except (OSError, ValueError):
        return False


def _in_pipe(handle: int) -> int:
    """The bytes that wait in a pipe, as far as the system tells."""
    try:
        import fcntl
        import termios
    except ImportError:
        return 0
    count = array("i", [0])
    fcntl.ioctl(handle, termios.FIONREAD, count)
    return count[0]


def _numbered(texts: Iterable[str], source: str) -> Iterator[Line]:
    return (Line(text.rstrip("\r\n"), source, number) for number, text in enumerate(texts, 1))


def _standard_input() -> Iterator[str]:
    try:
        while line := sys.stdin.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise InputError(_("standard input: a line is longer than {n} characters").format(n=LONGEST_LINE))
            yield line
    except UnicodeDecodeError as error:
        raise InputError(_("standard input is not UTF-8 text ({reason})").format(reason=cause(error))) from error
