"""The coach: leads through the steps of a lesson, and looks at the state to tell whether a goal is reached."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress

from tracer.errors import TraceError
from tracer.i18n import _, ngettext
from tracer.render.bar import ProgressBar
from tracer.render.markup import literal

from ..showing.presenting import Presenter
from ..showing.results import Result
from ..sitting import Sitting
from .lesson import Asking, Commands, Doing, Lesson, Remark, Step
from .live import Live
from .progress import Marks
from .question import Question
from .stage import Stage

ANSWER = "answer"
"""The word before an answer."""
PATIENCE = 3
"""After so many commands that lead nowhere the learner is told of the hints."""


class Coach:
    """Teaches a lesson, and notes in ``marks`` how far the learner has come.

    ``begin`` makes a sitting as the lesson wants it; every time that the lesson is entered, or a step taken back, a
    fresh one is brought to where it should be by the solutions of the steps before.
    """

    def __init__(
        self, lesson: Lesson, begin: Callable[[Lesson], Sitting], presenter: Presenter, marks: Marks | None = None
    ) -> None:
        self.lesson = lesson
        self.marks = Marks() if marks is None else marks
        self._begin = begin
        self._presenter = presenter
        self._enter(self._place_to_go_on())

    def _place_to_go_on(self) -> int:
        """The step where the learner left; where a newer lesson lacks that, the first that is not done."""
        ids = [step.id for step in self.lesson.steps]
        if self.marks.where in ids:
            return ids.index(self.marks.where)
        done = {*self.marks.done, *self.marks.skipped} if self.marks.where else set()
        return next((place for place, step in enumerate(ids) if step not in done), 0)

    def _enter(self, place: int) -> None:
        """A fresh sitting, brought to a step by the steps before."""
        self.stage = Stage(self._begin(self.lesson), self._presenter)
        self.place = place
        self._ready()
        self.stage.replay(self.lesson.intro)
        for step in self.lesson.steps[:place]:
            self.stage.replay(step.before)
            self.stage.perform(_commands(step))
            self.stage.replay(step.after)

    def _ready(self) -> None:
        """Nothing was said or shown of this step yet."""
        self.stage.witness.forget()
        self._hints_given = 0
        self._lines_given = 0
        self._typed_before = len(self.sitting.lines)
        self._tries = 0
        self._remark: Remark | None = None
        self._asked_at = self.sitting.here

    @property
    def sitting(self) -> Sitting:
        """The sitting that the lesson takes place in."""
        return self.stage.sitting

    @property
    def is_over(self) -> bool:
        """Whether all steps are behind."""
        return self.place == len(self.lesson.steps)

    @property
    def step(self) -> Step:
        """The step that the learner is at; only while there is one."""
        return self.lesson.steps[self.place]

    @property
    def question(self) -> Question | None:
        """What is asked now, None where something is to be done."""
        if self.is_over or not isinstance(self.step.goal, Asking):
            return None
        return Question(self.step.goal, self._asked_at)

    @property
    def is_passed(self) -> bool:
        """Whether the lesson was gone through without skipping a step."""
        return self.is_over and not set(self.marks.skipped) & {step.id for step in self.lesson.steps}

    def open(self) -> None:
        """Say what the lesson is about, or where it goes on, and present the step."""
        minutes = self.lesson.minutes
        about = "" if minutes is None else " · " + ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
        self.stage.tell(f"# {self.lesson.heading}{about}")
        if not self.place:
            self.stage.play(self.lesson.intro)
        self.present()

    def present(self) -> None:
        """Show the step: what is said before its goal, and what is asked."""
        if self.is_over:
            self._finish()
            return
        count = len(self.lesson.steps)
        self.stage.show(Result(lambda: (), lambda: ProgressBar(self.place, count)))
        self.stage.tell(f"## {self.step.title}")
        self.stage.play(self.step.before)
        self._asked_at = self.sitting.here
        if question := self.question:
            self.stage.tell(literal(question.invitation))
        self.stage.witness.forget()
        self._pause()

    def _pause(self) -> None:
        """A blank line: the learner has the word."""
        self.stage.presenter.write("\n")

    def observe(self) -> None:
        """Look at the state after a command: the goal may be reached, or something in it be worth a word."""
        if self.is_over or not isinstance(self.step.goal, Doing):
            return
        witness = self.stage.witness
        if all(check.holds(witness) for check in self.step.goal.checks):
            self._pass(_("Done."))
            return
        self._tries += 1
        remark = next((known for known in self.step.goal.remarks if known.when.holds(witness)), None)
        if remark is not None and remark is not self._remark:
            self.stage.say(remark.text)
            self._pause()
        elif self._tries == PATIENCE:
            self.stage.tell(_("Not there yet. `hint` helps, and `info` says what is looked for."))
            self._pause()
        self._remark = remark

    def answer(self, text: str) -> None:
        """Take an answer; raises `TraceError` where there is no question, or the text is no answer to it."""
        question = self.question
        assert question is not None
        given = question.read(text, self.sitting.here)
        is_right = question.is_right(given)
        if not is_right:
            self._say(_explanation(question, given))
        if question.asking.is_guess:
            self.marks.predictions.setdefault(self.step.id, is_right)
        if is_right or question.asking.is_guess:
            self._pass(_("Right.") if is_right else "")
        else:
            self._pause()

    def hint(self) -> None:
        """Give the next hint, the last one again when there is no other."""
        hints = self.step.hints
        self._say(hints[min(self._hints_given, len(hints) - 1)])
        self._pause()
        self._hints_given += 1
        self.marks.hints += self._hints_given <= len(hints)

    def _say(self, text: Live) -> None:
        """Say a text of this step, as of the place where the step was presented."""
        self.stage.say(text, self._asked_at)

    def solution(self) -> list[str]:
        """The lines that reach the goal; raises `LessonError` where a number in them can't be had."""
        lines = [line.filled(self._asked_at) for line in self.step.solution]
        question = self.question
        if question and not any(line.startswith(ANSWER) for line in lines):
            lines.append(f"{ANSWER} {question.shown_truth}")
        return lines

    def next_line(self) -> str:
        """The first line of the solution, then the next, and so on; after the last, the first again."""
        lines = self.solution()
        self._lines_given += 1
        return lines[(self._lines_given - 1) % len(lines)]

    def describe(self) -> None:
        """Say what the lesson is, where in it the learner is, and what is looked for."""
        if self.is_over:
            self.stage.tell(_("{lesson}: all steps are done.").format(lesson=self.lesson.title))
            return
        place = _("step {n} of {count}").format(n=self.place + 1, count=len(self.lesson.steps))
        lines = [f"**{self.lesson.title}**, {place}: {self.step.title}", ""]
        if question := self.question:
            lines.append(literal(question.invitation))
        elif isinstance(self.step.goal, Doing):
            witness = self.stage.witness
            states = (
                (check.text, _("yes") if check.holds(witness) else _("not yet")) for check in self.step.goal.checks
            )
            lines += [f"- `{literal(text)}`: {state}" for text, state in states]
        self.stage.tell("\n".join(lines))

    def skip(self) -> None:
        """Show what would have reached the goal, and go on."""
        self.marks.skipped = [*dict.fromkeys([*self.marks.skipped, self.step.id])]
        if lines := tuple(_commands(self.step)):
            self.stage.play([Commands(lines, shown=True)])
        self._go_on()

    def back(self) -> None:
        """Present the step before again, in the state that it began with."""
        self.place = max(0, self.place - 1)
        self.marks.where = self.step.id
        self.again()

    def again(self) -> None:
        """Present this step again, in the state that it began with."""
        self._enter(self.place)
        self.present()

    def _pass(self, verdict: str) -> None:
        """The goal is reached."""
        step = self.step
        self.marks.skipped = [known for known in self.marks.skipped if known != step.id]
        self.marks.done = [*dict.fromkeys([*self.marks.done, step.id])]
        lines = [line.filled(self._asked_at) for line in step.solution]
        is_news = isinstance(step.goal, Doing) and lines != self.sitting.lines[self._typed_before :]
        ways = "  ".join(f"`{literal(line)}`" for line in lines)
        shown = _("One way: {lines}").format(lines=ways) if is_news else ""
        if verdict or shown:
            self.stage.tell(f"**{verdict}** {shown}".rstrip() if verdict else shown)
        self._go_on()

    def _go_on(self) -> None:
        """On to the next step, which is noted before anything is said that might fail."""
        after = self.step.after
        self.place += 1
        self.marks.where = "" if self.is_over else self.step.id
        self.stage.play(after)
        self._ready()
        self.present()

    def _finish(self) -> None:
        """Say how it went."""
        self.marks.finished = True
        count = len(self.lesson.steps)
        self.stage.show(Result(lambda: (), lambda: ProgressBar(count, count)))
        self.stage.tell("\n".join(self._summary()))

    def _summary(self) -> Iterator[str]:
        known = {step.id: step for step in self.lesson.steps}
        yield f"## {_('{lesson}: finished').format(lesson=self.lesson.heading)}\n"
        if skipped := [known[step].title for step in self.marks.skipped if step in known]:
            yield "- " + _("skipped: {steps}").format(steps=", ".join(skipped))
        guesses = {known[step].title: right for step, right in self.marks.predictions.items() if step in known}
        if guesses:
            told = ", ".join(
                f"{title}: {_('right') if is_right else _('missed')}" for title, is_right in guesses.items()
            )
            count = _("predicted right: {n} of {count}").format(n=sum(guesses.values()), count=len(guesses))
            yield f"- {count} ({told})"
        if self.marks.hints:
            yield "- " + _("hints: {n}").format(n=self.marks.hints)


def _commands(step: Step) -> Iterable[Live]:
    """The lines of a solution that are commands; answers change nothing."""
    return (line for line in step.solution if not line.text.startswith(ANSWER))


def _explanation(question: Question, given: Collection[float]) -> Live:
    """What is said of a wrong answer."""
    for slip in question.asking.slips:
        with suppress(TraceError):
            if question.equals(given, slip.of):
                return slip.text
    return question.asking.otherwise
