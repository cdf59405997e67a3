"""A file that is told everything that is shown."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from tracer.errors import InputError
from tracer.export import jsonl
from tracer.i18n import _, cause

from ..results.result import Result
from .present import Presenter, Titled, untitled


class Log:
    """What is appended to a file: every line that is run, what it shows, and what goes wrong.

    ``title`` tells what it is about.

    Raises:
        InputError: the file can't be written.
    """

    def __init__(self, path: Path, presenter: Presenter, title: Titled = untitled) -> None:
        self._open = ExitStack()
        self.path = path
        self._failure: InputError | None = None
        try:
            stream = self._open.enter_context(path.open("a", encoding="utf-8", errors="backslashreplace"))
        except OSError as error:
            raise self._unwritten(error) from error
        self.presenter = self._open.enter_context(presenter.onto(stream, title))

    def echo(self, line: str) -> None:
        """Note a line that is run."""
        self._write(lambda: self.presenter.echo(line))

    def show(self, result: Result) -> None:
        """Note what a command has to say."""
        self._write(lambda: self.presenter.show(result))

    def complain(self, command: str, message: str) -> None:
        """Note that a command failed."""
        self.show(Result(lambda: [jsonl.error(command, None, message)], lambda: message))

    def close(self) -> None:
        """Write no more."""
        self._write(self._open.close)

    def check(self) -> None:
        """Insist that all that was noted has been written; where it could not be, the log has ended."""
        if self._failure:
            with suppress(OSError):
                self._open.close()
            raise self._failure

    def _write(self, write: Callable[[], None]) -> None:
        if self._failure is None:
            try:
                write()
            except OSError as error:
                self._failure = self._unwritten(error)

    def _unwritten(self, error: OSError) -> InputError:
        return InputError(_("{path}: can't be written ({reason})").format(path=self.path, reason=cause(error)))
