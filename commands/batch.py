"""Scripts: lines run in order, without a terminal and without questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tracer.errors import ExpectationError, TraceError
from tracer.i18n import _
from tracer.namedtuple import NamedTuple

from .execute import execute
from .grammar.blocks import whole
from .grammar.lines import Line
from .guard import FAILED, FINE, UNEXPECTED
from .output.present import Presenter, complain
from .registry import UnknownCommandError
from .session import Session


class Batch(NamedTuple):
    """A session that is played from a script."""

    debugger: Session
    presenter: Presenter
    keep_going: bool = False

    def play(self, lines: Iterable[Line]) -> int:
        """Run the lines in order, up to the first that fails unless told to keep going, and return the status.

        Expectations that do not hold yield 3, any other failure 1, also beside those: a script that failed has not
        asked what it was to ask.
        """
        statuses = set()
        following = iter(lines)
        for line in following:
            try:
                status = self._run(line, (more.text for more in following))
            except EOFError:
                break
            if status != FINE:
                statuses.add(status)
                if not self.keep_going:
                    break
        return min(statuses, default=FINE)

    def _run(self, line: Line, following: Iterator[str]) -> int:
        if not line.text.strip():
            return FINE
        try:
            text = whole(line.text, following)
            self.presenter.echo(text)
            if not text.startswith("#"):
                execute(text, self.debugger, self.presenter)
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
