"""What plays a lesson: its texts are said and its commands run in a session, before the eyes of the learner or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import NamedTuple

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
from .lesson import Commands, Lesson, LiveText, Piece, Prose, Sight, Step
from .lesson_file import LessonError


def begin(lesson: Lesson) -> Session:
    """A session as a lesson wants it; raises `TraceError` for a model or text that can't be had."""
    opener = Opener(open_model(lesson.model, "float32"), lesson.text, target=lesson.target, warn=complain)
    return Session(opener)


class Shown(NamedTuple):
    """A command as it was shown at work: its line, and what it had to say."""

    line: str
    results: Sequence[Result]


Told = Here | Sequence[Shown]
"""How a piece was told: a text as of a place, or commands that were shown."""


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
        self._unpaged = presenter.altered({"pager": False})

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

    def say(self, piece: Prose | Sight, here: Here) -> None:
        """Say a piece of the lesson as of a place; raises `LessonError` where a number in it can't be had there."""
        view = piece.view(here)
        self.show(Result(lambda: (), lambda: view))

    def play(self, pieces: Iterable[Piece]) -> list[Told]:
        """Say and do what stands before or after a goal; how each piece was told that was not done unseen.

        Raises:
            LessonError: a number can't be had, or a command fails.
        """
        told: list[Told] = []
        for piece in pieces:
            if not isinstance(piece, Commands):
                told.append(self.session.here)
                self.say(piece, self.session.here)
            elif piece.shown:
                self.presenter.write("\n")
                told.append(self._show(piece.lines))
            else:
                self.perform(piece.lines)
        return told

    def tell_again(self, pieces: Iterable[Piece], told: Iterable[Told]) -> None:
        """Say and show what was told once more, as it was; nothing is done for it."""
        texts = (piece for piece in pieces if not isinstance(piece, Commands) or piece.shown)
        for piece, how in zip(texts, told, strict=False):
            if isinstance(how, Here) and not isinstance(piece, Commands):
                self.say(piece, how)
            elif not isinstance(how, Here):
                self._show_again(how)

    def _show_again(self, shown: Iterable[Shown]) -> None:
        presenter = self._unpaged.altered(self.session.preferences)
        presenter.write("\n")
        for line, results in shown:
            presenter.echo(line)
            for result in results:
                presenter.show(result)

    def play_step(self, step: Step) -> list[Told]:
        """Say and do what stands before the goal of a step; as `play`. A step with a run of its own has it as r0."""
        self._make_ready(step)
        return self.play(step.before)

    def replay_step(self, step: Step) -> None:
        """Do the same, none of it seen."""
        self._make_ready(step)
        self.replay(step.before)

    def _make_ready(self, step: Step) -> None:
        if step.begins_anew:
            with self._silence():
                self.session.begin_anew()

    def replay(self, pieces: Iterable[Piece]) -> None:
        """Do the same, none of it seen; raises as `play` does."""
        for piece in pieces:
            if isinstance(piece, Commands):
                self.perform(piece.lines)

    def perform(self, lines: Sequence[LiveText]) -> None:
        """Run commands unseen, all filled as of the place where the first begins; raises as `play` does."""
        with self._seen_by(None), self._silence():
            self._perform(lines, self._mute)

    def _show(self, lines: Sequence[LiveText]) -> list[Shown]:
        """Run commands so that the learner sees them at work; what was shown of each. Raises as `play` does."""
        shown: list[Shown] = []
        with self._seen_by(lambda _call, results: shown.append(Shown(self.session.line, list(map(_kept, results))))):
            self._perform(lines, self._unpaged)
        return shown

    def _perform(self, lines: Sequence[LiveText], presenter: Presenter) -> None:
        here = self.session.here
        for line, text in [(line, line.filled(here)) for line in lines]:
            presenter.echo(text)
            try:
                obey(text, self.session, presenter)
            except TraceError as error:
                raise LessonError(line.path, line.line, str(error)) from error

    @contextmanager
    def _silence(self) -> Iterator[None]:
        """Nothing is told of what a fresh run has lost or keeps."""
        warn, self.session.opener.warn = self.session.opener.warn, lambda _message: None
        try:
            yield
        finally:
            self.session.opener.warn = warn

    @contextmanager
    def _seen_by(self, seer: Callable[[Call, list[Result]], None] | None) -> Iterator[None]:
        """Nothing that is shown meanwhile counts for the learner, also where it ends early."""
        see, self.session.see = self.session.see, seer
        try:
            yield
        finally:
            self.session.see = see


def brought(lesson: Lesson, place: int, session: Session, presenter: Presenter) -> Player:
    """A player in a fresh session, which is brought to a step by the solutions of the steps before.

    Raises:
        LessonError: one of them fails.
    """
    player = Player(session, presenter)
    player.replay(lesson.intro)
    for step in lesson.steps[:place]:
        player.replay_step(step)
        player.perform(step.commands)
        player.replay(step.after)
    return player


def _kept(result: Result) -> Result:
    """A result as it is now, whatever becomes of the session, to be seen in lines."""
    view = result.view()
    return replace(result, view=lambda: view, subject=None)


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
