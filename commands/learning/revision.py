"""A question that went wrong, put once more where it stands in its lesson."""

from __future__ import annotations

from collections.abc import Callable

from tracer.errors import InputError
from tracer.i18n import _
from tracer.views.markup import literal

from ..output.present import Presenter
from ..session import Session
from . import wording
from .attempt import Attempt
from .course import find
from .lesson import Asking, Lesson, LiveText
from .lesson_reader import read_lesson
from .player import brought
from .question import Question
from .reviews import Item


class Revision:
    """A question in the state of its step, which is answered once.

    ``was_looked_up`` says that the learner had asked for its answer; ``keep`` is told whether it was answered right,
    before the learner is.

    Raises:
        InputError: there is no such lesson any more, or no such question in it.
        TraceError: its state can't be had.
    """

    def __init__(
        self, item: Item, begin: Callable[[Lesson], Session], presenter: Presenter, keep: Callable[[bool], None]
    ) -> None:
        self.lesson = read_lesson(find(item.lesson))
        places = [n for n, step in enumerate(self.lesson.steps) if step.id == item.step]
        if not places or not isinstance(self.lesson.steps[places[0]].goal, Asking):
            raise InputError(_("{lesson} has no question {id}").format(lesson=item.lesson, id=item.step))
        self.step = self.lesson.steps[places[0]]
        self.player = brought(self.lesson, places[0], begin(self.lesson), presenter)
        self.is_right: bool | None = None
        self.was_looked_up = False
        self._keep = keep

    @property
    def session(self) -> Session:
        """The session that it is put in."""
        return self.player.session

    @property
    def question(self) -> Question | None:
        """What is asked, None once it is answered."""
        return self.attempt.question if self.is_right is None else None

    def put(self, number: int, count: int) -> None:
        """Say what is asked, as the lesson does."""
        self.player.tell(wording.review(self.lesson, self.step, number, count))
        if self.was_looked_up:
            self.player.tell(wording.looked_up())
        self.attempt = Attempt(self.step, self.session, self.player.play_step(self.step))
        self._invite()

    def describe(self) -> None:
        """Say it again."""
        self.player.tell_again(self.step.before, self.attempt.told)
        self._invite()

    def _invite(self) -> None:
        assert self.attempt.question is not None
        self.player.tell(self.attempt.question.invitation(literal))
        self.player.pause()

    def hint(self) -> None:
        """The next hint, if there is another."""
        hint = self.attempt.hint()
        self.player.tell(self._filled(hint) if hint else _("There are no more hints."))
        self.player.pause()

    def answer(self, text: str) -> None:
        """Take an answer; a wrong one is explained as in the lesson. Raises `TraceError` where it is none."""
        question = self.attempt.question
        assert question is not None
        given = question.read(text, self.session.here)
        self.is_right = question.is_right(given)
        self._keep(self.is_right)
        if self.is_right:
            self.player.tell(wording.right(question, given, text))
            return
        self.player.tell(_("**Not this time.**") + f"\n\n{self._filled(self.attempt.explanation(question, given))}")
        self.player.play(self.step.after)

    def _filled(self, text: LiveText) -> str:
        return text.filled(self.attempt.here, literal)
