"""A file that is told everything that is shown."""

from __future__ import annotations

from contextlib import ExitStack
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
        try:
            stream = self._open.enter_context(path.open("a", encoding="utf-8"))
        except OSError as error:
            reason = cause(error)
            raise InputError(_("{path}: can't be written ({reason})").format(path=path, reason=reason)) from error
        self.path = path
        self.presenter = self._open.enter_context(presenter.onto(stream, title))

    def complain(self, command: str, message: str) -> None:
        """Note that a command failed."""
        self.presenter.show(Result(lambda: [jsonl.error(command, None, message)], lambda: message))

    def close(self) -> None:
        """Write no more."""
        self._open.close()
