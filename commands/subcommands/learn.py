"""``tx-trace learn``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from tracer.i18n import _, ngettext

from ..batch import FAILED, FINE, UNEXPECTED
from ..grammar.lines import Line, read
from ..learning.course import all_languages, find, names
from ..learning.lesson_reader import read_lesson
from ..learning.lesson_shell import LessonShell
from ..learning.player import begin
from ..learning.progress import Progress, progress_file
from ..learning.validate import validate
from ..output.formats import WIDTH
from ..output.present import Look, Presenter, TerminalPresenter, TextPresenter, complain
from ..terminal.conversation import furnish, speak
from ..terminal.history import TypedLines, history_file
from ..terminal.shell import Reader, line_reader


def learn(name: str | None, chosen: Mapping[str, Any]) -> int:
    """Lead through lessons: a person at a terminal, else the answers on standard input; ``chosen`` are settings.

    Raises:
        InputError: there is no such lesson, or something is wrong with it.
    """
    return _at_terminal(name, chosen) if sys.stdin.isatty() else _from_pipe(name, Look().altered(chosen))


def _at_terminal(name: str | None, chosen: Mapping[str, Any]) -> int:
    speak(chosen)
    progress = Progress.read(progress_file(), complain)
    presenter, typed = TerminalPresenter(sys.stdout, Look().altered(chosen)), TypedLines(history_file(), complain)
    shell = LessonShell(presenter, line_reader, progress, lambda session: furnish(session, chosen), typed)
    shell.open(name)
    shell.hold()
    print(_("tx-trace learn goes on from here"))
    return FINE


def _from_pipe(name: str | None, look: Look) -> int:
    """Play answers; the status says whether the lesson is passed. It begins at its first step, and nothing is kept."""
    presenter = TextPresenter(sys.stdout, replace(look, width=look.width or WIDTH))
    lines = read("-")
    shell = LessonShell(presenter, lambda _session, _bar: _echoing(presenter, lines), Progress.unkept())
    shell.open(name)
    with suppress(EOFError):
        while not shell.coach.is_over:
            shell.ask()
    coach = shell.coach
    if coach.is_passed:
        return FINE
    count = len(coach.lesson.steps)
    if coach.is_over:
        complain(_("{lesson}: not passed; steps were skipped").format(lesson=coach.lesson.title))
    else:
        problem = _("{lesson}: not passed; the answers end at step {n} of {count}: {title}")
        title = coach.step.title
        complain(problem.format(lesson=coach.lesson.title, n=coach.place + 1, count=count, title=title))
    return FAILED


def _echoing(presenter: Presenter, lines: Iterator[Line]) -> Reader:
    """What takes the next line of a file and repeats it on the screen."""

    def reader(_message: str) -> str:
        line = next(lines, None)
        if line is None:
            raise EOFError
        presenter.echo(line.text)
        return line.text

    return reader


def check_lesson(name: str | None) -> int:
    """Play a lesson by itself and say what is wrong with it; without a name, all of the course in every language.

    Raises:
        InputError: there is no such lesson, or its file can't be read.
    """
    paths = [find(name)] if name else [path for known in names() for path in all_languages(known) if path.is_file()]
    status = FINE
    for path in paths:
        problems = list(validate(path, begin))
        for problem in problems:
            complain(problem)
        if problems:
            status = UNEXPECTED
        else:
            count = len(read_lesson(path).steps)
            told = ngettext(
                "{path}: {n} step; its goal is reached, and not by itself",
                "{path}: {n} steps; every goal is reached, and none is reached by itself",
                count,
            )
            print(told.format(path=path, n=count))
    return status
