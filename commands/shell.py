"""The prompt."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from tracer import __version__
from tracer.debugger.session import Session
from tracer.errors import TraceError
from tracer.i18n import _

from .batch import FINE, Line, perform
from .presenting import Presenter, complain
from .registry import PROMPT, UnknownCommandError
from .results import Result
from .showing import tokens_so_far

Reader = Callable[[], str]
"""Asks for a line. Raises EOFError for Ctrl-D on an empty one, KeyboardInterrupt for Ctrl-C."""


class Shell:
    """A session with a person at a terminal."""

    def __init__(self, session: Session, presenter: Presenter) -> None:
        self.session = session
        self.presenter = presenter
        self._last_motion = ""

    def open(self, lines: Iterable[Line], reader: Callable[[], Reader] | None = None) -> int:
        """Show the banner, run the lines given beforehand, and then those that are typed."""
        self._greet()
        try:
            for line in lines:
                self.presenter.echo(line.text)
                self.obey(line.text)
            read = (reader or _reader)()
            while True:
                self._ask(read)
        except EOFError:
            return FINE

    def obey(self, line: str) -> None:
        """Run a line, an empty one as the last motion again; a failure is shown, and nothing is lost by it."""
        text = line.strip() or self._last_motion
        if not text or line.startswith("#"):
            return
        try:
            if perform(text, self.session, self.presenter).command.repeats:
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

    def _ask(self, read: Reader) -> None:
        try:
            line = read()
        except KeyboardInterrupt:
            return
        self.obey(line)

    def _greet(self) -> None:
        self._say(f"tx-trace {__version__}   {self.session.run.model.describe()}")
        self.presenter.show(tokens_so_far(self.session, "tokens"))
        self._say(_("try  s one operation   t a token   p dec.0.self.weights[h0]   h help   q quit"))

    def _say(self, sentence: str) -> None:
        self.presenter.show(Result(lambda: (), lambda: sentence))


def history_file() -> Path:
    """Where typed lines are kept; its directory is made if need be."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    path = Path(state).expanduser() / "tx-trace" / "history"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _reader() -> Reader:
    """Line editing where the terminal can do it, a plain prompt where it can't."""
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown") or not sys.stdout.isatty():
        return lambda: input(PROMPT)
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory

    from .keys import bindings

    try:
        history: History = FileHistory(str(history_file()))
    except OSError:
        history = InMemoryHistory()
    prompt: PromptSession[str] = PromptSession(PROMPT, history=history, key_bindings=bindings())
    return prompt.prompt
