"""Where a lesson takes place: a sitting, and what the learner sees of it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from tracer.debugger.locations import Here
from tracer.errors import ExpectationError, TraceError

from ..performing import carry_out
from ..showing.presenting import Presenter
from ..showing.results import Result
from ..sitting import Sitting
from .lesson import Commands, Piece
from .live import Live
from .sheet import LessonError
from .witness import Witness


class Mute(Presenter):
    """Shows nothing."""

    def echo(self, line: str) -> None:
        """Nothing."""

    def show(self, result: Result) -> None:
        """Nothing."""

    def failed(self, command: str, line: int | None, message: str) -> None:
        """Nothing."""


class Stage:
    """A sitting for a lesson. ``presenter`` shows it to the learner."""

    def __init__(self, sitting: Sitting, presenter: Presenter) -> None:
        self.sitting = sitting
        self.witness = Witness(sitting)
        self.presenter = presenter
        self._mute = Mute(presenter.stream, presenter.look)

    def tell(self, markdown: str) -> None:
        """Say something of the coach's own, in Markdown."""
        from tracer.render.prose import prose

        self.show(Result(lambda: (), lambda: prose(markdown)))

    def show(self, result: Result) -> None:
        """Show a result, with a blank line before it."""
        self.presenter.write("\n")
        self.presenter.altered(self.sitting.preferences).show(result)

    def say(self, text: Live, here: Here | None = None) -> None:
        """Say a text of the lesson, as of a place, else the cursor's; raises as `Live.filled` does."""
        self.tell(self.filled(text, here))

    def filled(self, text: Live, here: Here | None = None) -> str:
        """A text with its numbers, as Markdown; raises as `Live.filled` does."""
        from tracer.render.markup import literal

        return text.filled(here or self.sitting.here, literal)

    def play(self, pieces: Iterable[Piece]) -> None:
        """What stands before or after a goal, as the learner sees it."""
        for piece in pieces:
            if isinstance(piece, Commands) and piece.shown:
                self.presenter.write("\n")
                self._perform(piece.lines, self.presenter)
            elif isinstance(piece, Commands):
                self.perform(piece.lines)
            else:
                self.say(piece.text)

    def replay(self, pieces: Iterable[Piece]) -> None:
        """The same commands, none of it seen."""
        for piece in pieces:
            if isinstance(piece, Commands):
                self.perform(piece.lines)

    def perform(self, lines: Iterable[Live]) -> None:
        """Run commands unseen; raises `LessonError` where one fails."""
        self._perform(lines, self._mute)

    def _perform(self, lines: Iterable[Live], presenter: Presenter) -> None:
        for line in lines:
            text = line.filled(self.sitting.here)
            presenter.echo(text)
            try:
                obey(text, self.sitting, presenter)
            except TraceError as error:
                raise LessonError(line.path, line.line, str(error)) from error


def obey(text: str, sitting: Sitting, presenter: Presenter) -> None:
    """Run a line; that a check of the model does not hold is no failure of the lesson's. Raises as the commands do."""
    with suppress(ExpectationError):
        carry_out(text, sitting, presenter)
