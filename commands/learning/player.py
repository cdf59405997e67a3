"""What plays a lesson: its texts are said and its commands run in a session, before the eyes of the learner or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from tracer import views
from tracer.debugger.locations import Here
from tracer.errors import ExpectationError, InputError, TraceError
from tracer.i18n import _

from ..execute import carry_out
from ..grammar.parsing import Call, parse_line
from ..opener import Opener, open_model
from ..output.present import Presenter, complain
from ..results.result import Result
from ..session import Session
from .lesson import Commands, Lesson, LiveText, Piece, Prose
from .lesson_file import LessonError


def begin(lesson: Lesson) -> Session:
    """A session as a lesson wants it; raises `TraceError` for a model or text that can't be had."""
    opener = Opener(open_model(lesson.model, "float32"), lesson.text, target=lesson.target, warn=complain)
    return Session(opener)


class Mute(Presenter):
    """Shows nothing."""

    def echo(self, line: str) -> None:
        """Nothing."""

    def show(self, result: Result) -> None:
        """Nothing."""

    def failed(self, command: str, line: int | None, message: str) -> None:
        """Nothing."""


class Player:
    """Plays a lesson in a session. ``presenter`` shows it to the learner."""

    def __init__(self, session: Session, presenter: Presenter) -> None:
        self.session = session
        self.presenter = presenter
        self._mute = Mute(presenter.stream, presenter.look)

    def tell(self, markdown: str) -> None:
        """Say something, in Markdown."""
        self.show(Result(lambda: (), lambda: views.prose.prose(markdown)))

    def show(self, result: Result) -> None:
        """Show a result, with a blank line before it."""
        self.presenter.write("\n")
        self.presenter.altered(self.session.preferences).show(result)

    def pause(self) -> None:
        """A blank line: the learner has the word."""
        self.presenter.write("\n")

    def say(self, text: LiveText, here: Here) -> None:
        """Say a text of the lesson as of a place; raises `LessonError` where a number in it can't be had there."""
        self.tell(text.filled(here, views.markup.literal))

    def play(self, pieces: Iterable[Piece]) -> list[Here]:
        """Say and do what stands before or after a goal; the places as of which each text was said.

        Raises:
            LessonError: a number can't be had, or a command fails.
        """
        told = []
        for piece in pieces:
            if isinstance(piece, Prose):
                told.append(self.session.here)
                self.say(piece.text, told[-1])
            elif piece.shown:
                self.presenter.write("\n")
                self._perform(piece.lines, self.presenter)
            else:
                self.perform(piece.lines)
        return told

    def replay(self, pieces: Iterable[Piece]) -> None:
        """Do the same, none of it seen; raises as `play` does."""
        for piece in pieces:
            if isinstance(piece, Commands):
                self.perform(piece.lines)

    def perform(self, lines: Sequence[LiveText]) -> None:
        """Run commands unseen, all filled as of the place where the first begins; raises as `play` does."""
        self._perform(lines, self._mute)

    def _perform(self, lines: Sequence[LiveText], presenter: Presenter) -> None:
        here = self.session.here
        with self._unseen():
            for line, text in [(line, line.filled(here)) for line in lines]:
                presenter.echo(text)
                try:
                    obey(text, self.session, presenter)
                except TraceError as error:
                    raise LessonError(line.path, line.line, str(error)) from error

    @contextmanager
    def _unseen(self) -> Iterator[None]:
        """What is shown meanwhile counts for nothing, also where it ends early."""
        see, self.session.see = self.session.see, None
        try:
            yield
        finally:
            self.session.see = see


def obey(text: str, session: Session, presenter: Presenter) -> None:
    """Run a line of a lesson: it means the commands themselves, whatever is short for them, and stays in the session.

    That a check of the model does not hold is no failure.

    Raises:
        InputError: it would reach outside the session.
        TraceError: what the command raises.
    """
    with suppress(ExpectationError):
        carry_out(text, session, presenter, _read)


def _read(text: str) -> Call:
    call = parse_line(text)
    if call.is_outward:
        problem = _("{line} is not for a lesson to run: it would write a file, start a program or outlast the step")
        raise InputError(problem.format(line=text))
    return call
