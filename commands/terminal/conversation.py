"""An interactive session from its beginning to its end: what it begins with, and what is kept of it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from tracer.errors import InputError
from tracer.i18n import _

from ..grammar.lines import Line
from ..output.present import Look, TerminalPresenter, complain
from ..settings import LOOK
from ..sitting import Sitting
from .config import configure, remember
from .folders import config_folder
from .resume import resume, save, session_file
from .shell import Shell


@dataclass(frozen=True)
class Conversation:
    """A person at a terminal. ``begin`` opens a session afresh; ``chosen`` are the settings of the command line."""

    begin: Callable[[], Sitting]
    chosen: Mapping[str, Any]

    def hold(self, lines: Iterable[Line], *, resumed: bool = False) -> int:
        """Open the shell, run the lines given beforehand, and keep the session however it ends; the exit status."""
        sitting = self._sitting(resumed=resumed)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _leave)
        try:
            presenter = TerminalPresenter(sys.stdout, Look().altered(self.chosen), sitting.title)
            return Shell(sitting, presenter).open(lines)
        finally:
            _keep(sitting)

    def _sitting(self, *, resumed: bool) -> Sitting:
        sitting = self._resumed() if resumed else self.begin()
        furnish(sitting, self.chosen)
        return sitting

    def _resumed(self) -> Sitting:
        try:
            return resume(session_file(), complain)
        except InputError as error:
            complain(_("{error}; this is a fresh one").format(error=error))
            return self.begin()


def furnish(sitting: Sitting, chosen: Mapping[str, Any]) -> None:
    """Set what the configuration file says, and then what was ``chosen`` on the command line, which wins.

    A language that is chosen from now on, on the command line or at the prompt, is that of the next start too.
    """
    path = config_folder() / "config"
    for problem in configure(sitting, path):
        complain(problem)
    sitting.remember = partial(_remember, path)
    for name, setting in LOOK.items():
        if name in chosen:
            setting.put(sitting, chosen[name])


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


def _leave(number: int, _frame: object) -> NoReturn:
    """End as the signal asks, by way of keeping the session."""
    raise SystemExit(128 + number)


def _keep(sitting: Sitting) -> None:
    try:
        save(sitting, session_file())
    except InputError as error:
        complain(str(error))
