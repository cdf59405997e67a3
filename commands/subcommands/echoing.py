"""Lines of a file in place of what a person types."""

from __future__ import annotations

from collections.abc import Iterator

from ..grammar.lines import Line
from ..output.present import Presenter
from ..terminal.shell import Reader


def echoing(presenter: Presenter, lines: Iterator[Line]) -> Reader:
    """What takes the next line of a file and repeats it on the screen."""

    def reader(_message: str) -> str:
        line = next(lines, None)
        if line is None:
            raise EOFError
        presenter.echo(line.text)
        return line.text

    return reader
