"""The prompt."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from tracer import __version__
from tracer.errors import TraceError
from tracer.i18n import _

from ..execute import execute
from ..grammar.blocks import whole
from ..grammar.lines import Line
from ..guard import FINE
from ..interrupts import turns
from ..output.present import Presenter, complain
from ..registry import PROMPT, UnknownCommandError
from ..results.result import Result
from ..results.shared import record_result, tokens_so_far
from ..session import Session
from ..settings import SETTINGS
from .history import TypedLines, history_file

MORE = "   > "
"""The prompt for a line that goes on with the one before."""

Reader = Callable[[str], str]
"""Asks for a line with a prompt. Raises EOFError for Ctrl-D on an empty one, KeyboardInterrupt for Ctrl-C."""


class Shell:
    """A session with a person at a terminal."""

    def __init__(self, session: Session, presenter: Presenter, typed: TypedLines | None = None) -> None:
        self.session = session
        self.presenter = presenter
        self._typed = typed or TypedLines(history_file(), complain)
        self._last_motion = ""

    def open(self, lines: Iterable[Line], reader: Callable[[Session], Reader] | None = None) -> int:
        """Show the banner, run the lines given beforehand, and then those that are typed."""
        self._greet()
        try:
            beforehand = iter(lines)
            for line in beforehand:
                self.presenter.echo(line.text)
                self.obey(line.text, (more.text for more in beforehand))
            self.session.lines[:0] = self._typed.read()
            read = (reader or line_reader)(self.session)
            turns(partial(self._ask, read))
        except EOFError:
            pass
        return FINE

    def obey(self, line: str, following: Iterator[str] | None = None) -> None:
        """Run a line, an empty one as the last motion again; a failure is shown, and nothing is lost by it.

        ``following`` are the lines that go on with it, taken as far as it needs them.
        """
        text = line.strip() or (self._last_motion if SETTINGS["repeat"].get(self.session) else "")
        if not text or line.startswith("#"):
            return
        try:
            text = whole(text, following or iter(()))
            if execute(text, self.session, self.presenter).command.repeats:
                self._last_motion = text
        except UnknownCommandError as error:
            complain(str(error) + ("" if error.is_hinted else _("; to translate a text: run TEXT")))
        except TraceError as error:
            complain(str(error))
        except KeyboardInterrupt:
            cursor = self.session.cursor
            complain(
                _("interrupted; the cursor stands at @{step} #{index}").format(step=cursor.step, index=cursor.index)
            )

    def forget_motion(self) -> None:
        """An empty line repeats nothing until there is another motion."""
        self._last_motion = ""

    def _ask(self, read: Reader) -> None:
        line = read(PROMPT)
        self._typed.add(line.strip())
        self.obey(line, following(read))

    def _greet(self) -> None:
        self._say(f"tx-trace {__version__}   {self.session.run.card.describe()}")
        self._show(tokens_so_far(self.session, "tokens"))
        if record := self.session.here.record:
            self._show(record_result(record))
        else:
            self._say(_("new here? type learn   s one operation   t a token   h help   q quit"))
        if SETTINGS["chat"].get(self.session) is not None:
            self._say(_("the next question: set chat TEXT"))

    def _say(self, sentence: str) -> None:
        self._show(Result(lambda: (), lambda: sentence))

    def _show(self, result: Result) -> None:
        self.presenter.altered(self.session.preferences).show(result)


def following(read: Reader) -> Iterator[str]:
    """The lines that go on with one, up to Ctrl-D."""
    while True:
        try:
            yield read(MORE)
        except EOFError:
            return


def line_reader(session: Session, bar: Callable[[], str] | None = None) -> Reader:
    """Line editing where the terminal can do it, else a plain prompt; ``bar`` tells the line at the bottom."""
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown") or not sys.stdout.isatty():
        return input
    from .prompt import Prompt

    return Prompt(session, session.lines, bar)
