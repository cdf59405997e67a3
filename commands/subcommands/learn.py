"""``tx-trace learn``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from html import unescape
from typing import Any

from tracer.errors import InputError
from tracer.i18n import _, ngettext
from tracer.outward import visible

from ..grammar.lines import read
from ..guard import FAILED, FINE, UNEXPECTED
from ..launch import Output
from ..learning.asked import Asked
from ..learning.course import EXAM, INDEX, MENU, REVIEW, files, find, menu, names
from ..learning.index import index
from ..learning.lesson_reader import read_lesson
from ..learning.lesson_shell import LessonShell
from ..learning.player import begin
from ..learning.progress import Progress, progress_file
from ..learning.sheet_lesson import lesson_of
from ..learning.validate import validate
from ..output.formats import WIDTH
from ..output.present import Look, TerminalPresenter, TextPresenter, complain
from ..terminal.conversation import furnish, speak
from ..terminal.history import TypedLines, history_file
from ..terminal.shell import line_reader
from .echoing import echoing
from .exam import examine
from .grading import grade, write

Opening = Callable[[LessonShell], None]
"""What a shell is to begin with."""


def action(
    name: str | None, chosen: Mapping[str, Any], output: Output, *, checked: bool, graded: str | None, seed: str | None
) -> Callable[[], int]:
    """What the command line asks for: to be taught, examined or graded, the index, or that a lesson be checked.

    Raises:
        InputError: it asks for several of these.
    """
    if graded is not None:
        return partial(grade, graded, output)
    if name == EXAM:
        return partial(examine, seed, chosen, output)
    if name == INDEX and not checked and seed is None:
        return partial(show_index, output)
    for option, value in (("--seed", seed), ("--output", output.file), ("--format", output.format or None)):
        if value is not None:
            told = _("{option} is for learn {exam}, learn {index} and --grade; leave it out")
            raise InputError(told.format(option=option, exam=EXAM, index=INDEX))
    return partial(check_lesson, name) if checked else partial(learn, name, chosen)


def learn(name: str | None, chosen: Mapping[str, Any]) -> int:
    """Lead through lessons: a person at a terminal, else the answers on standard input; ``chosen`` are settings.

    Raises:
        InputError: there is no such lesson, or something is wrong with it.
    """
    if name == MENU:
        return _listed(chosen)
    is_terminal = sys.stdin.isatty()
    if name == REVIEW and not is_terminal:
        _piped(Look().altered(chosen), Progress.read(progress_file(), complain)).review()
        return FINE
    return _led(LessonShell.go_on if name is None and is_terminal else lambda shell: shell.open(name), chosen)


def sit(asked: Asked, chosen: Mapping[str, Any]) -> int:
    """Let a worksheet be filled in, box by box; raises as `Asked.sheet` does."""
    return _led(lambda shell: shell.teach(lesson_of(asked), asked.line), chosen, f"tx-trace {asked.line}")


def _led(opening: Opening, chosen: Mapping[str, Any], command: str = "tx-trace learn") -> int:
    """Lead through a lesson, with which ``command`` goes on."""
    return _at_terminal(opening, chosen, command) if sys.stdin.isatty() else _from_pipe(opening, Look().altered(chosen))


def _at_terminal(opening: Opening, chosen: Mapping[str, Any], command: str) -> int:
    shell = _shell(chosen)
    opening(shell)
    if shell.has_begun:
        shell.hold()
        print(_("{command} goes on from here").format(command=visible(command)))
    return FINE


def _shell(chosen: Mapping[str, Any]) -> LessonShell:
    """What leads a person at a terminal, whose session begins with it."""
    speak(chosen)
    progress = Progress.read(progress_file(), complain)
    presenter, typed = TerminalPresenter(sys.stdout, Look().altered(chosen)), TypedLines(history_file(), complain)
    progress.begin_session()
    return LessonShell(presenter, line_reader, progress, lambda session: furnish(session, chosen), typed)


def _from_pipe(opening: Opening, look: Look) -> int:
    """Play answers; the status says whether the lesson is passed. It begins at its first step, and nothing is kept."""
    shell = _piped(look, Progress.unkept())
    opening(shell)
    shell.hold(lambda: shell.coach.is_over)
    coach = shell.coach
    if coach.is_passed:
        return FINE
    count = len(coach.lesson.steps)
    if coach.is_over:
        complain(_("{lesson}: not passed; steps were skipped").format(lesson=coach.lesson.title))
    else:
        problem = _("{lesson}: not passed; the answers end at step {n} of {count}: {title}")
        title = unescape(coach.step.title)
        complain(problem.format(lesson=coach.lesson.title, n=coach.place + 1, count=count, title=title))
    return FAILED


def _piped(look: Look, progress: Progress) -> LessonShell:
    """What takes the answers on standard input."""
    presenter, lines = TextPresenter(sys.stdout, replace(look, width=look.width or WIDTH)), read("-")
    return LessonShell(presenter, lambda _session, _bar: echoing(presenter, lines), progress)


def _listed(chosen: Mapping[str, Any]) -> int:
    """List the lessons, with how far the learner is."""
    speak(chosen)
    look = Look().altered(chosen)
    TextPresenter(sys.stdout, replace(look, width=look.width or WIDTH)).show(
        menu(Progress.read(progress_file(), complain))
    )
    return FINE


def show_index(output: Output) -> int:
    """Show the index of the lecture, whose formulas are computed on the sentence of the first lesson.

    Raises:
        InputError: there is no such format, or the file can't be written.
    """
    session = begin(read_lesson(find(names()[1])))
    write(index(session.run), output, session.heading())
    return FINE


def check_lesson(name: str | None) -> int:
    """Play a lesson by itself and say what is wrong with it; without a name, all of the course in every language.

    Raises:
        InputError: there is no such lesson, or its file can't be read.
    """
    paths = [find(name)] if name else files()
    status, known = FINE, cache(read_lesson)
    for path in paths:
        problems = list(validate(path, begin, known))
        for problem in problems:
            complain(problem)
        if problems:
            status = UNEXPECTED
        else:
            count = len(known(path).steps)
            told = ngettext(
                "{path}: {n} step; its goal is reached, and not by itself",
                "{path}: {n} steps; every goal is reached, and none is reached by itself",
                count,
            )
            print(visible(told.format(path=path, n=count)))
    return status
