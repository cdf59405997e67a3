"""An interactive session from its beginning to its end: what it begins with, and what is kept of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tracer import i18n
from tracer.dataclass import dataclass
from tracer.errors import InputError
from tracer.i18n import _

from ..folders import config_folder
from ..grammar.lines import Line
from ..output.present import Look, TerminalPresenter, complain
from ..session import Session
from ..settings import LOOK
from .config import configure, remember, stated
from .resume import resume, save, session_file
from .shell import Shell


@dataclass(frozen=True)
class Conversation:
    """A person at a terminal. ``begin`` opens a session afresh; ``chosen`` are the settings of the command line."""

    begin: Callable[[], Session]
    chosen: Mapping[str, Any]

    def hold(self, lines: Iterable[Line], *, resumed: bool = False) -> int:
        """Open the shell, run the lines given beforehand, and keep the session however it ends; the exit status."""
        session = self._session(resumed=resumed)
        try:
            presenter = TerminalPresenter(sys.stdout, Look().altered(self.chosen), session.title)
            return Shell(session, presenter).open(lines)
        finally:
            _keep(session)

    def _session(self, *, resumed: bool) -> Session:
        speak(self.chosen)
        session = self._resumed() if resumed else self.begin()
        furnish(session, self.chosen)
        return session

    def _resumed(self) -> Session:
        try:
            return resume(session_file(), complain)
        except InputError as error:
            complain(_("{error}; this is a fresh one").format(error=error))
            return self.begin()


def speak(chosen: Mapping[str, Any]) -> None:
    """Speak the language of the configuration file before there is a session, unless one is ``chosen``."""
    value = stated(config_folder() / "config", "lang")
    if value in i18n.LANGUAGES and "lang" not in chosen:
        i18n.use(value)


def furnish(session: Session, chosen: Mapping[str, Any]) -> None:
    """Set what the configuration file says, and then what was ``chosen`` on the command line, which wins.

    A language that is chosen from now on, on the command line or at the prompt, is that of the next start too.
    """
    path = config_folder() / "config"
    for problem in configure(session, path):
        complain(problem)
    session.remember = partial(_remember, path)
    for name, setting in LOOK.items():
        if name in chosen:
            setting.put(session, chosen[name])


def _remember(path: Path, name: str, value: str) -> None:
    """Keep a setting for the next start; the first time, say so and how to change it."""
    try:
        is_new = remember(path, name, value)
    except InputError as error:
        complain(str(error))
        return
    if is_new:
        told = _("{name} {value} is kept for the next start; set {name} VALUE changes it at any time")
        complain(told.format(name=name, value=value))


def _keep(session: Session) -> None:
    for keep in (partial(session.log_to, None), partial(save, session, session_file())):
        try:
            keep()
        except InputError as error:
            complain(str(error))
