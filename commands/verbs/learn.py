"""Lessons from within the shell."""

from __future__ import annotations

from typing import Annotated

from tracer.errors import InputError
from tracer.i18n import _

from ..grammar.parameters import Kind
from ..grammar.suggestions import words
from ..output.present import Presenter, TerminalPresenter, complain
from ..registry import command
from ..results.result import Results
from ..session import Session


def _titles(_debugger: object) -> dict[str, str]:
    from ..learning.course import titles

    return titles()


Lesson = Annotated[str, Kind("LESSON|FILE", str, words(_titles))]


@command("learn", group="shell", outward=True, basic=True)
def learn(session: Session, lesson: Lesson | None = None, *, presenter: Presenter) -> Results:
    """List the lessons, or take one.

    A lesson is given by its number, its name or a file; it has a session of its own, and quit comes back to this one.
    Within a lesson, learn goes on with the next. tx-trace learn goes on where you were.

    (tx) learn
    """
    if session.learn is not None:
        session.learn(lesson)
    elif lesson is not None:
        _attend(lesson, session, presenter)
    else:
        from ..learning.course import menu
        from ..learning.progress import Progress, progress_file

        yield menu(Progress.read(progress_file(), complain))


def _attend(lesson: str, session: Session, presenter: Presenter) -> None:
    from ..learning.lesson_shell import LessonShell
    from ..learning.progress import Progress, progress_file
    from ..terminal.shell import line_reader

    if not isinstance(presenter, TerminalPresenter):
        raise InputError(
            _("a lesson needs a terminal, or answers from a file: tx-trace learn {lesson} < FILE").format(lesson=lesson)
        )

    def furnish(other: Session) -> None:
        other.preferences, other.aliases, other.lines = dict(session.preferences), session.aliases, session.lines
        other.remember = session.remember

    shell = LessonShell(presenter, line_reader, Progress.read(progress_file(), complain), furnish)
    shell.open(lesson)
    shell.hold()
