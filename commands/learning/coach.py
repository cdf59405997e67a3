"""The coach: leads through the steps of a lesson, and looks at the state to tell whether a goal is reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tracer.errors import InputError
from tracer.i18n import _
from tracer.views.markup import literal
from tracer.views.progress import progress_bar

from ..output.present import Presenter
from ..results.result import Result
from ..session import Session
from . import wording
from .attempt import Attempt
from .lesson import Commands, Lesson, LiveText, Step
from .player import Mute, brought
from .progress import Marks
from .question import Question


class Coach:
    """Teaches a lesson, and notes in ``marks`` how far the learner has come, which is put where it is kept before
    anything is said of it.

    ``begin`` makes a session as the lesson wants it. Whenever a step is to begin as it is meant to (the lesson is
    entered, a step is taken back or skipped), a fresh one is brought there by the solutions of the steps before; one in
    which nothing was typed is as good. Place, player and attempt change together, or, where that fails, not at all.
    ``attempt`` is the step as it is being tried.

    Raises:
        LessonError: the way to the step where the learner left fails.
        TraceError: as ``begin`` does.
    """

    def __init__(
        self,
        lesson: Lesson,
        begin: Callable[[Lesson], Session],
        presenter: Presenter,
        marks: Marks | None = None,
        put: Callable[[Marks], None] = lambda _marks: None,
    ) -> None:
        self.lesson = lesson
        self.marks = Marks() if marks is None else marks
        self._put = put
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
        """A fresh session, brought to a step by the steps before."""
        player = brought(self.lesson, place, self._begin(self.lesson), self._presenter)
        attempt = Attempt(self.lesson.steps[place], player.session)
        self.place, self.player, self.attempt, self._typed = place, player, attempt, len(player.session.lines)

    def keep(self) -> None:
        """Put what is noted where it is kept."""
        self._put(self.marks)

    @property
    def session(self) -> Session:
        """The session that the lesson takes place in."""
        return self.player.session

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
        return None if self.is_over else self.attempt.question

    @property
    def is_passed(self) -> bool:
        """Whether the lesson was gone through without skipping a step."""
        return self.is_over and not set(self.marks.skipped) & {step.id for step in self.lesson.steps}

    def open(self) -> None:
        """Say what the lesson is about, or where it goes on, and present the step."""
        self.player.tell(wording.heading(self.lesson))
        if not self.place:
            self.player.play(self.lesson.intro)
        self.present()

    def present(self) -> None:
        """Show the step: what is said before its goal, and what is asked."""
        self.marks.where = self.step.id
        self._show_progress()
        self.player.tell(f"## {self.step.title}")
        self.attempt = Attempt(self.step, self.session, self.player.play_step(self.step))
        if question := self.question:
            self.player.tell(question.invitation(literal))
        self.player.pause()

    def observe(self) -> None:
        """Look at the state after a command: the goal may be reached, or something in it be worth a word."""
        if self.is_over or self.question:
            return
        if self.attempt.is_reached:
            self._pass(wording.done(self.attempt.ways))
        elif comments := list(self.attempt.comments()):
            self._tell_all(comments)

    def answer(self, text: str) -> None:
        """Take an answer; raises `TraceError` where there is no question, or the text is no answer to it."""
        question = self.question
        if question is None:
            raise InputError(_("nothing is asked here; info says what this step asks for"))
        if self.attempt.is_astray:
            self._tell(self.attempt.astray)
            return
        given = question.read(text, self.session.here)
        is_right, is_guess = question.is_right(given), question.asking.is_guess
        if is_guess:
            self._note(is_right=is_right)
        if is_right:
            self._pass(wording.right(question, given, text))
            return
        explanation = self._filled(self.attempt.explanation(question, given))
        if is_guess:
            self._pass(_("**Not this time.**") + f"\n\n{explanation}")
        else:
            self._tell_all([wording.worked_out(question, given, text) + explanation, *self.attempt.miss()])

    def _note(self, *, is_right: bool) -> None:
        """Keep how a guess went, the first time; it is none where the answer was looked up."""
        step, is_told = self.step.id, self.attempt.is_told
        if step not in self.marks.predictions:
            self.marks.predictions[step] = is_right and not is_told
            self.marks.looked_up += [step] if is_told else []

    def hint(self) -> None:
        """Give the next hint, and say so when there is no other."""
        hint = self.attempt.hint()
        self.marks.hints += hint is not None
        self._tell(self._filled(hint or _("There are no more hints; `solution` shows what to type.")))

    def describe(self) -> None:
        """Say where in the lesson the learner is, and say and show once more what the step asks for."""
        self.player.tell(wording.standing(self.lesson, self.place))
        if self.is_over:
            return
        self.player.tell_again(self.step.before, self.attempt.told)
        if question := self.question:
            self.player.tell(question.invitation(literal))

    def speak(self, lesson: Lesson) -> None:
        """Go on in the words of another language, if the lesson has the same steps there."""
        if [step.id for step in lesson.steps] == [step.id for step in self.lesson.steps]:
            self.lesson = lesson
            if not self.is_over:
                self.attempt.speak(self.step)
                self._show_in_it()

    def _show_in_it(self) -> None:
        """What the step showed, as it is shown in the language that is spoken now."""
        if any(isinstance(piece, Commands) and piece.shown for piece in self.step.before):
            mute = Mute(self._presenter.stream, self._presenter.look)
            player = brought(self.lesson, self.place, self._begin(self.lesson), mute)
            self.attempt.told = player.play_step(self.step)

    def skip(self) -> None:
        """Show what would have reached the goal from where the step began, and go on."""
        if len(self.session.lines) > self._typed:
            self._enter(self.place)
            self.player.replay_step(self.step)
        if self.step.commands:
            self.player.play([Commands(self.step.commands, shown=True)])
        if self.step.id not in self.marks.done:
            self.marks.skipped = [*dict.fromkeys([*self.marks.skipped, self.step.id])]
        self._go_on(self.present)

    def back(self) -> None:
        """Present the step before again, in the state that it began with."""
        self._enter(max(0, self.place - 1))
        self.present()

    def again(self) -> None:
        """Present this step again, in the state that it began with."""
        self._enter(self.place)
        self.present()

    def _pass(self, verdict: str) -> None:
        """The goal is reached, which is said."""
        step = self.step.id
        self.marks.skipped = [known for known in self.marks.skipped if known != step]
        self.marks.done = [*dict.fromkeys([*self.marks.done, step])]
        self.keep()
        self.player.tell(verdict)
        self._go_on(self.again if self.attempt.has_strayed else self.present)

    def _go_on(self, begin: Callable[[], None]) -> None:
        """On to the next step, in which nothing of this one counts, whatever becomes of what is said at its end."""
        after = self.step.after
        self.place += 1
        self.marks.where = "" if self.is_over else self.step.id
        self.marks.finished |= self.is_over
        self.keep()
        if not self.is_over:
            self.attempt = Attempt(self.step, self.session)
        self.player.play(after)
        if self.is_over:
            self._finish()
            return
        begin()

    def _finish(self) -> None:
        """Say how it went."""
        self._show_progress()
        self.player.tell(wording.summary(self.lesson, self.marks))

    def _show_progress(self) -> None:
        place, count = self.place, len(self.lesson.steps)
        self.player.show(Result(lambda: (), lambda: progress_bar(place, count)))

    def _filled(self, text: LiveText | str) -> str:
        """A text of this step as Markdown, as of the place where the step was presented; others as they are."""
        return text if isinstance(text, str) else text.filled(self.attempt.here, literal)

    def _tell_all(self, texts: Sequence[LiveText | str]) -> None:
        """Say some texts, after which the learner has the word."""
        self._tell("\n\n".join(map(self._filled, texts)))

    def _tell(self, markdown: str) -> None:
        """Say something, after which the learner has the word."""
        self.player.tell(markdown)
        self.player.pause()
