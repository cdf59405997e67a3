"""Lessons from within the shell."""

from __future__ import annotations

from shlex import quote
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
    from ..learning.course import EXAM, INDEX, REVIEW, titles

    review = _("the predictions that went wrong, when they come back")
    exam = _("an examination, from the words of a sentence to those of its translation")
    return {**titles(), INDEX: _("the lecture, slide by slide"), EXAM: exam, REVIEW: review}


Lesson = Annotated[str, Kind("LESSON|FILE", str, words(_titles))]


@command("learn", group="shell", outward=True, basic=True)
def learn(session: Session, lesson: Lesson | None = None, *, presenter: Presenter) -> Results:
    """List the lessons, or take one.

    A lesson is given by its number, its name or a file; it has a session of its own, and quit comes back to this one.
    Within a lesson, learn goes on with the next. tx-trace learn goes on where you were, and tx-trace learn review asks
    again what was predicted wrong.

    learn index shows the lecture slide by slide, with the lessons that teach it, and its formulas, each with the
    address at which the model here computes it. learn exam asks about a sentence, from its words to the words of its
    translation.

    (tx) learn
    (tx) learn index
    """
    from ..learning.course import EXAM, INDEX, MENU, menu
    from ..learning.index import index

    if lesson == INDEX:
        yield index(session.run)
    elif lesson == EXAM:
        _take_exam(presenter)
    elif session.learn is not None:
        session.learn(lesson)
    elif lesson is not None and lesson != MENU:
        _attend(lesson, session, presenter)
    else:
        from ..learning.progress import Progress, progress_file

        yield menu(Progress.read(progress_file(), complain))


def _take_exam(presenter: Presenter) -> None:
    from ..learning.examination import held, next_seed
    from ..learning.progress import Progress, progress_file

    if not isinstance(presenter, TerminalPresenter):
        raise InputError(_("an examination needs a terminal, or answers from a file: tx-trace learn exam < FILE"))
    progress = Progress.read(progress_file(), complain)
    held(next_seed(progress), presenter, progress)


def _attend(lesson: str, session: Session, presenter: Presenter) -> None:
    from ..learning.lesson_shell import LessonShell
    from ..learning.progress import Progress, progress_file
    from ..terminal.shell import line_reader

    if not isinstance(presenter, TerminalPresenter):
        raise InputError(
            _("a lesson needs a terminal, or answers from a file: tx-trace learn {lesson} < FILE").format(
                lesson=quote(lesson)
            )
        )

    def furnish(other: Session) -> None:
        other.preferences, other.aliases, other.lines = dict(session.preferences), session.aliases, session.lines
        other.remember = session.remember

    shell = LessonShell(presenter, line_reader, Progress.read(progress_file(), complain), furnish)
    shell.open(lesson)
    if shell.has_begun:
        shell.hold()
