"""An interactive session from its beginning to its end: what it begins with, and what is kept of it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from tracer.errors import InputError
from tracer.i18n import _

from ..grammar.lines import Line
from ..output.present import Look, TerminalPresenter, complain
from ..settings import SETTINGS
from ..sitting import Sitting
from .config import configure, remember
from .folders import config_folder
from .resume import resume, save, session_file
from .shell import Shell


@dataclass(frozen=True)
class Conversation:
    """A person at a terminal. ``begin`` opens a session afresh; look and language are those of the command line."""

    begin: Callable[[], Sitting]
    look: Look
    lang: str | None = None

    def hold(self, lines: Iterable[Line], *, resumed: bool = False) -> int:
        """Open the shell, run the lines given beforehand, and keep the session however it ends; the exit status."""
        sitting = self._sitting(resumed=resumed)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _leave)
        try:
            return Shell(sitting, TerminalPresenter(sys.stdout, self.look, sitting.title)).open(lines)
        finally:
            _keep(sitting)

    def _sitting(self, *, resumed: bool) -> Sitting:
        sitting = self._resumed() if resumed else self.begin()
        furnish(sitting, self.look, self.lang)
        return sitting

    def _resumed(self) -> Sitting:
        try:
            return resume(session_file(), complain)
        except InputError as error:
            complain(_("{error}; this is a fresh one").format(error=error))
            return self.begin()


def furnish(sitting: Sitting, look: Look, lang: str | None) -> None:
    """Set what the configuration file says, and then what the command line does, which wins.

    A language that is chosen from now on, on the command line or at the prompt, is that of the next start too.
    """
    path = config_folder() / "config"
    for problem in configure(sitting, path):
        complain(problem)
    sitting.remember = partial(_remember, path)
    for name, value in _given(look, lang):
        SETTINGS[name].put(sitting, value)


def _given(look: Look, lang: str | None) -> Iterable[tuple[str, Any]]:
    """The settings that the command line names."""
    chosen = ((field.name, getattr(look, field.name), field.default) for field in fields(look))
    yield from ((name, value) for name, value, default in chosen if value != default)
    if lang is not None:
        yield "lang", lang


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
