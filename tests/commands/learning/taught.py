"""A coach who teaches a lesson, and what he says."""

import io
import re

from commands.learning.coach import Coach
from commands.learning.lesson_reader import read_lesson
from commands.learning.player import begin, obey
from commands.output.present import Look, TextPresenter


class Taught:
    """A lesson being taught, with what was said since it was last heard."""

    def __init__(self, path, marks=None, look=None):
        self._stream = io.StringIO()
        self.presenter = TextPresenter(self._stream, look or Look(80, "never"))
        self.coach = Coach(read_lesson(path), begin, self.presenter, marks)

    def open(self):
        """Begin; what is said."""
        self.coach.open()
        return self.heard()

    def do(self, *lines):
        """Carry out lines before the eyes of the coach; what is seen."""
        for line in lines:
            self.coach.session.lines.append(line)
            obey(line, self.coach.session, self.presenter)
            self.coach.observe()
        return self.heard()

    def answer(self, text):
        """Give an answer; what is said of it."""
        self.coach.answer(text)
        return self.heard()

    def solve(self):
        """Do and answer what the solution says; what is seen."""
        for line in self.coach.attempt.solution():
            if line.startswith("answer "):
                self.coach.answer(line.removeprefix("answer "))
            else:
                self.coach.session.lines.append(line)
                obey(line, self.coach.session, self.presenter)
                self.coach.observe()
        return self.heard()

    def heard(self):
        """What was written since, in one line."""
        text = self._stream.getvalue()
        self._stream.seek(0)
        self._stream.truncate()
        return one_line(text)


class Desk:
    """Where lines wait to be read, an exception in place of its key; with the drafts and the bars that were seen."""

    def __init__(self, lines):
        self._lines = iter([*lines, EOFError()])
        self.drafts = []
        self.bars = []

    def sit(self, session, bar):
        """What reads them."""
        self.session, self._bar = session, bar
        return self

    def __call__(self, _message):
        self.bars.append(self._bar())
        line = next(self._lines)
        if isinstance(line, BaseException):
            raise line
        return line

    def draft(self, text):
        self.drafts.append(text)


def one_line(text):
    """A text with single blanks in place of blanks and ends of lines."""
    return re.sub(r"\s+", " ", text).strip()
