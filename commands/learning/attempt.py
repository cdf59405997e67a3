"""One step as a learner tries it: what was asked from where, and how much help was given."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from tracer.errors import TraceError

from ..sitting import Sitting
from .lesson import ANSWER, Asking, Doing, Remark, Step
from .live import Live
from .question import Question
from .witness import Witness

PATIENCE = 4
"""After so many commands that lead nowhere the learner is told of the hints."""


class Attempt:
    """A step that was presented at a place of the run, as of which its texts are filled."""

    def __init__(self, step: Step, sitting: Sitting) -> None:
        self.step = step
        self.here = sitting.here
        self._traced = sitting.opener.text, sitting.opener.model
        self._hints = 0
        self._lines = 0
        self._tries = 0
        self._remark: Remark | None = None

    @property
    def question(self) -> Question | None:
        """What is asked, None where something is to be done."""
        return Question(self.step.goal, self.here) if isinstance(self.step.goal, Asking) else None

    def is_reached(self, witness: Witness) -> bool:
        """Whether the goal is, where it is something to be done."""
        return isinstance(self.step.goal, Doing) and all(check.holds(witness) for check in self.step.goal.checks)

    def remark(self, witness: Witness) -> Live | None:
        """What there is to say of a state beside the goal; nothing again while that lasts."""
        before, self._tries = self._remark, self._tries + 1
        remarks = self.step.goal.remarks if isinstance(self.step.goal, Doing) else ()
        self._remark = next((known for known in remarks if known.when.holds(witness)), None)
        return None if self._remark is None or self._remark is before else self._remark.text

    def is_astray(self, sitting: Sitting) -> bool:
        """Whether something is traced that the step does not speak of; not said again while that lasts."""
        before, self._traced = self._traced, (sitting.opener.text, sitting.opener.model)
        is_wanted = isinstance(self.step.goal, Doing) and any(
            c.word in ("text", "model") for c in self.step.goal.checks
        )
        return before != self._traced and not is_wanted

    @property
    def is_long(self) -> bool:
        """Whether so many commands led nowhere that it is time to speak of hints."""
        return self._tries == PATIENCE

    def explanation(self, question: Question, given: Collection[float]) -> Live:
        """What is said of a wrong answer: of a slip that it equals, else of any."""
        for slip in question.asking.slips:
            with suppress(TraceError):
                if question.equals(given, slip.of):
                    return slip.text
        return question.asking.otherwise

    def hint(self) -> Live | None:
        """The next hint; None when there is no other."""
        self._hints += 1
        return self.step.hints[self._hints - 1] if self._hints <= len(self.step.hints) else None

    def solution(self) -> list[str]:
        """The lines that reach the goal; raises `LessonError` where a number in them can't be had."""
        lines = [line.filled(self.here) for line in self.step.solution]
        question = self.question
        if question and not any(line.startswith(ANSWER) for line in lines):
            lines.append(f"{ANSWER} {question.shown_truth}")
        return lines

    def next_line(self) -> str:
        """The first line of the solution, then the next, and so on; after the last, the first again."""
        lines = self.solution()
        self._lines += 1
        return lines[(self._lines - 1) % len(lines)]
