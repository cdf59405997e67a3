"""One step as a learner tries it: what was asked from where, what was seen since, and how much help was given."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from tracer.errors import TraceError
from tracer.i18n import _
from tracer.trace import Trace

from ..session import Session
from .checks import Seen
from .lesson import ANSWER, Asking, LiveText, Remark, Slip, Step
from .player import Told
from .question import Question

PATIENCE = 4
"""After so many commands that lead nowhere the learner is told of the hints."""
UNDO = "undo"
"""Takes back what was tried, and is no try."""
TRIES = 3
"""After so many wrong ones, and again after as many more, he is too."""


class Attempt:
    """A step that was presented where a session stands; all its texts are filled as of there.

    ``told`` is how what stands before the goal was told; ``is_told`` says that the solution was asked for. Whatever
    the session shows from now on is seen.
    """

    def __init__(self, step: Step, session: Session, told: Sequence[Told] = ()) -> None:
        self.step = step
        self.here = session.here
        self.told = told
        self.seen = Seen(session)
        self.question = Question.asked(step.goal, self.here) if isinstance(step.goal, Asking) else None
        self._session = session
        self._typed_before = len(session.lines)
        self._branches = _branches(session)
        self._hints = self._lines = self._idle = self._misses = 0
        self.is_told = self._was_astray = False
        self._remark: Remark | None = None
        self._traced = self._tracing

    def speak(self, step: Step) -> None:
        """Go on in the words of another language."""
        self.step = step
        if self.question and isinstance(step.goal, Asking):
            self.question = self.question.reworded(step.goal)

    @property
    def is_reached(self) -> bool:
        """Whether the goal is, where it is something to be done, on what the step speaks of."""
        return self._holds and not self.is_astray

    @property
    def _holds(self) -> bool:
        checks = self.step.goal.checks
        return bool(checks) and all(check.holds(self.seen) for check in checks)

    @property
    def is_astray(self) -> bool:
        """Whether another text or model is open than the step began with, though its goal speaks of neither."""
        return self._tracing != self._traced and not {"text", "model"} & {c.word for c in self.step.goal.checks}

    @property
    def ways(self) -> list[str]:
        """The commands of the solution, if they are not what the learner typed; raises as `solution` does."""
        lines = self.filled(self.step.commands)
        return [] if lines and self._session.lines[self._typed_before :][-len(lines) :] == lines else lines

    @property
    def has_strayed(self) -> bool:
        """Whether the learner has made or left branches in another way than the solution does."""
        typed = self._session.lines[self._typed_before :]
        return _branches(self._session) != self._branches and typed != self.filled(self.step.commands)

    def comments(self) -> Iterator[LiveText | str]:
        """What there is to say after a command that did not reach the goal."""
        if comment := self._comment():
            yield comment
        if self._remark and self._session.lines[-1:] != [UNDO]:
            yield from self.miss()

    def miss(self) -> Iterator[str]:
        """Note that something was wrong; after some of that, help is offered."""
        self._misses += 1
        if self._misses % TRIES:
            return
        if self._hints < len(self.step.hints):
            yield _("That makes {n} tries: `hint` gives a hint.").format(n=self._misses)
        else:
            yield _("That makes {n} tries: `solution` says what to type.").format(n=self._misses)

    def _comment(self) -> LiveText | str | None:
        """A remark, or that the learner is astray or stuck; nothing twice in a row."""
        if self._session.lines[-1:] == [UNDO]:
            return None
        before, self._remark = self._remark, self._remark_now()
        if self._remark and self._remark is not before:
            return self._remark.text
        was_astray, self._was_astray = self._was_astray, self.is_astray
        if self.is_astray:
            return self.astray if self._holds or not was_astray else None
        self._idle += 1
        if self._idle == PATIENCE:
            return _("If you are stuck: `hint` helps, and `info` says once more what this step asks for.")
        return None

    def _remark_now(self) -> Remark | None:
        return next((remark for remark in self.step.goal.remarks if remark.when.holds(self.seen)), None)

    @property
    def _tracing(self) -> tuple[str, str]:
        return self._session.opener.text, self._session.run.card.name

    @property
    def astray(self) -> str:
        """What is said of that."""
        return _("Another text or model is open now, and this step speaks of its own: `again` brings it back.")

    def explanation(self, question: Question, given: Collection[float]) -> LiveText:
        """What is said of a wrong answer: of the one slip that it equals, else of any."""
        told = {slip.text.text: slip.text for slip in question.asking.slips if _is_of(question, given, slip)}
        return next(iter(told.values())) if len(told) == 1 else question.asking.otherwise

    def hint(self) -> LiveText | None:
        """The next hint; None when there is no other."""
        self._hints += 1
        return self.step.hints[self._hints - 1] if self._hints <= len(self.step.hints) else None

    def solution(self) -> list[str]:
        """The lines that reach the goal, which are then told; raises `LessonError` where a number can't be had."""
        self.is_told = True
        lines = self.filled(self.step.commands)
        if self.question:
            known = self.step.answer.filled(self.here) if self.step.answer else self.question.shown_truth
            lines.append(f"{ANSWER} {known}")
        return lines

    def next_line(self) -> str:
        """The first line of the solution, then the next, and so on; after the last, the first again."""
        lines = self.solution()
        self._lines += 1
        return lines[(self._lines - 1) % len(lines)]

    def filled(self, lines: Sequence[LiveText]) -> list[str]:
        """Lines with their numbers."""
        return [line.filled(self.here) for line in lines]


def _is_of(question: Question, given: Collection[float], slip: Slip) -> bool:
    """Whether an answer equals what comes of a slip, if that can be had."""
    try:
        return question.equals(given, slip.of)
    except TraceError:
        return False


def _branches(session: Session) -> list[Trace]:
    """The runs of a session that were made by edits."""
    return [run for run in session.runs.values() if run.parent is not None]
