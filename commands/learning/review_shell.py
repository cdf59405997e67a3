"""A round of questions that have come back, at the prompt: short, and left by one word or one key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from tracer.errors import InputError, TraceError
from tracer.i18n import _

from ..keyboard import understood
from ..output.present import Presenter, complain
from ..session import Session
from ..terminal.shell import Reader, Shell, following
from ..terminal.toolbar import place
from .answers import answered
from .course import find, now
from .lesson import Lesson
from .lesson_file import LessonError
from .listening import attend
from .progress import Progress
from .reviews import Item
from .revision import Revision

Readers = Callable[[Session, Callable[[], str]], Reader]
"""Makes what asks for lines, with what the bar at the bottom says."""
NEXT, LEAVE = "skip", "quit"
"""The words that leave a question, and the round."""


ELSEWHERE = ("menu", "solution", "back", "play")
"""Words of the coach's that a review does not have."""


class SkippedError(Exception):
    """A question is left for another time."""


class ReviewShell:
    """Puts questions one after the other, and notes in ``progress`` what became of each."""

    def __init__(
        self, presenter: Presenter, readers: Readers, progress: Progress, begin: Callable[[Lesson], Session]
    ) -> None:
        self._presenter = presenter
        self._readers = readers
        self._progress = progress
        self._begin = begin
        self.was_left = False
        self.wanted: str | None = None

    def hold(self, items: Sequence[Item]) -> None:
        """Put questions until one is left, perhaps for a lesson that is ``wanted`` in place of it."""
        revisions = list(self._found(items))
        for number, revision in enumerate(revisions, 1):
            try:
                self._ask(revision, number, len(revisions))
            except SkippedError:
                continue
            except EOFError:
                self.was_left = True
                return
            except LessonError as error:
                complain(str(error))

    def _found(self, items: Sequence[Item]) -> Iterator[Revision]:
        """The questions that can be put; one that is no more is forgotten, one that can't be put today is left."""
        for item in items:
            try:
                revision = Revision(item, self._begin, self._presenter, self._keeping(item))
            except InputError:
                self._progress.forget(item)
            except TraceError as error:
                complain(str(error))
            else:
                revision.was_looked_up = item.step in self._progress.of(item.lesson).looked_up
                yield revision

    def _keeping(self, item: Item) -> Callable[[bool], None]:
        """What notes how a question was answered."""
        at = now(self._progress)
        return lambda is_right: self._progress.reviewed(item, at, is_right=is_right)

    def _ask(self, revision: Revision, number: int, count: int) -> None:
        """Put a question, and take lines until it is answered; raises EOFError where it is left."""
        revision.put(number, count)
        revision.session.learn = self._go_elsewhere
        shell = Shell(revision.session, self._presenter)
        read = self._readers(revision.session, partial(_bar, revision, number, count))
        attend(read, lambda line: _take(line, revision, shell, read), lambda: revision.is_right is not None)

    def _go_elsewhere(self, lesson: str | None) -> None:
        """End the round for another lesson; raises `InputError` where there is no such lesson."""
        if lesson is not None:
            find(lesson)
        self.wanted = lesson
        raise EOFError


def _take(line: str, revision: Revision, shell: Shell, read: Reader) -> None:
    """A word, an answer, or a line for the shell."""
    heard = understood(line).strip()
    if heard == NEXT:
        raise SkippedError
    if heard == LEAVE:
        raise EOFError
    if heard in ELSEWHERE:
        told = _("{word} is not for a review: skip leaves this question for another time, quit all of them")
        raise InputError(told.format(word=heard))
    if heard in WORDS:
        WORDS[heard](revision)
    elif (answer := answered(line, revision.question, revision.session)) is not None:
        revision.answer(answer)
    else:
        shell.obey(line, following(read))


WORDS: dict[str, Callable[[Revision], None]] = {
    "hint": Revision.hint,
    "info": Revision.describe,
    "again": Revision.describe,
}
"""What is heard beside answers and commands."""


def _bar(revision: Revision, number: int, count: int) -> str:
    """The line at the bottom."""
    told = _("review {n}/{count}  hint skip quit info   {place}")
    return told.format(n=number, count=count, place=place(revision.session))
