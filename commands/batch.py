"""Scripts: lines run in order, without a terminal and without questions."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tracer.debugger.session import Session
from tracer.errors import ExpectationError, InputError, TraceError
from tracer.i18n import _

from .parsing import Call, parse_line
from .presenting import Presenter, complain, whole_file
from .registry import UnknownCommandError

FINE, FAILED, UNUSABLE, UNEXPECTED, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 3, 130, 141
"""Exit statuses."""


class Line(NamedTuple):
    """A line of a script, and where it stands: the name of the file and the number of the line, from 1."""

    text: str
    source: str
    number: int


def given(commands: Iterable[str]) -> Iterator[Line]:
    """The commands of ``-e``."""
    return _numbered(commands, "-e")


def read(path: str) -> Iterator[Line]:
    """The lines of a script; ``-`` is standard input, read as it comes.

    Raises:
        InputError: it can't be read (a file: at once), or is not UTF-8.
    """
    if path == "-":
        return _numbered(_standard_input(), "stdin")
    try:
        return _numbered(Path(path).read_text(encoding="utf-8-sig").split("\n"), path)
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=error.strerror)) from error
    except UnicodeDecodeError as error:
        raise InputError(_("{path}: is not UTF-8 text ({reason})").format(path=path, reason=error)) from error


def _numbered(texts: Iterable[str], source: str) -> Iterator[Line]:
    return (Line(text.rstrip("\r\n"), source, number) for number, text in enumerate(texts, 1))


def _standard_input() -> Iterator[str]:
    try:
        yield from sys.stdin
    except UnicodeDecodeError as error:
        raise InputError(_("standard input is not UTF-8 text ({reason})").format(reason=error)) from error


def perform(text: str, session: Session, presenter: Presenter) -> Call:
    """Run a line and show what it has to say, here or in the file it names; raises what the command raises."""
    call = parse_line(text)
    with whole_file(call.file) if call.file else nullcontext() as stream:
        shown = presenter.onto(stream) if stream else presenter
        for result in call.run(session):
            shown.show(result)
    return call


@dataclass(frozen=True)
class Batch:
    """A session that is played from a script."""

    session: Session
    presenter: Presenter
    keep_going: bool = False

    def play(self, lines: Iterable[Line]) -> int:
        """Run the lines in order, up to the first that fails unless told to keep going, and return the status.

        A failed expectation yields 3, any other failure 1, whichever comes with it.
        """
        statuses = set()
        for line in lines:
            try:
                status = self._run(line)
            except EOFError:
                break
            if status != FINE:
                statuses.add(status)
                if not self.keep_going:
                    break
        return min(statuses, default=FINE)

    def _run(self, line: Line) -> int:
        if not line.text.strip():
            return FINE
        self.presenter.echo(line.text)
        if line.text.startswith("#"):
            return FINE
        try:
            perform(line.text, self.session, self.presenter)
        except TraceError as error:
            self._complain(line, error)
            return UNEXPECTED if isinstance(error, ExpectationError) else FAILED
        return FINE

    def _complain(self, line: Line, error: TraceError) -> None:
        message = str(error)
        if isinstance(error, UnknownCommandError) and not error.is_hinted:
            message += _("; a text to translate goes after run, or on the command line after -t")
        self.presenter.failed(line.text, line.number, message)
        complain(f"{line.source}:{line.number}: {message}")
