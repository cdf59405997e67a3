"""The prompt of a lesson, or a file of answers: lines go to the coach, or to the shell and under the coach's eyes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, runtime_checkable

from tracer import i18n, views
from tracer.dataclass import dataclass
from tracer.errors import InputError, TraceError
from tracer.i18n import N_, Message, _, spoken

from ..keyboard import understood
from ..output.present import Presenter, complain
from ..results.result import Result
from ..session import Session
from ..terminal.history import TypedLines
from ..terminal.resume import made_again
from ..terminal.shell import Reader, Shell, following
from ..terminal.toolbar import place, standing
from . import wording
from .answers import answered
from .coach import Coach
from .course import MENU, REVIEW, due, find, finished, in_language, key, menu, names, next_lesson, on_request, titles
from .lesson import Lesson
from .lesson_file import LessonError
from .lesson_reader import read_lesson
from .listening import attend
from .player import begin
from .progress import Marks, Progress
from .review_shell import Readers, ReviewShell
from .reviews import Item

RETURN = "return"
"""The word that ends free play."""

MOST = 3
"""So many questions come back at once."""
ASKED_FOR = 5
"""So many are put at once where they are asked for."""


@runtime_checkable
class Drafting(Protocol):
    """What asks for lines can also write into the next."""

    def draft(self, text: str) -> None:
        """Let the next line begin with a text."""
        ...


class LessonShell:
    """Leads a learner through lessons.

    ``progress`` is where what was done is kept, ``typed`` the lines of earlier sessions. ``prepare`` is told of the
    first session before it is used; later ones begin as the learner has set them.
    """

    def __init__(
        self,
        presenter: Presenter,
        readers: Readers,
        progress: Progress,
        prepare: Callable[[Session], None] = lambda _session: None,
        typed: TypedLines | None = None,
    ) -> None:
        self._presenter = presenter
        self._readers = readers
        self._progress = progress
        self._prepare = prepare
        self._typed = typed
        self._before: Session | None = None
        self._settings: dict[str, Any] = {}
        self._key = ""
        self._is_asking = True

    @property
    def has_begun(self) -> bool:
        """Whether there is a lesson."""
        return bool(self._key)

    def open(self, name: str | None) -> None:
        """Begin a lesson, or go on with it; without a name, with the one that comes next.

        Raises:
            InputError: there is no such lesson, or something is wrong with its file.
            TraceError: its model or its text can't be had, or a command of its beginning fails.
        """
        if name == REVIEW:
            self.review()
            return
        if name == MENU and self.has_begun:
            self.show_menu()
            return
        self._take_up(name or self._review_first())
        self.coach.open()
        self.coach.keep()

    def _take_up(self, name: str | None) -> None:
        """A coach for a lesson, at the step where the learner left; raises as `open` does."""
        chosen = name or next_lesson(self._progress)
        if chosen is None:
            raise InputError(_("all lessons are finished; learn N begins one again"))
        path = find(chosen)
        self._seat(read_lesson(path), key(path), self._progress.keep)

    def teach(self, lesson: Lesson, name: str) -> None:
        """Begin a lesson beside the course, or go on with it; what is done of it is kept under a name.

        Raises:
            TraceError: its model or its text can't be had, or a command of its beginning fails.
        """
        self._seat(lesson, name, self._progress.note)
        self.coach.open()
        self.coach.keep()

    def _seat(self, lesson: Lesson, name: str, put: Callable[[str, Marks], None]) -> None:
        marks = self._progress.of(name)
        self.coach = self._coach(lesson, marks if marks.where else Marks(finished=marks.finished), partial(put, name))
        self._key = name
        self._speak()
        self._sit_down()

    def go_on(self) -> None:
        """Greet a learner who comes back, put what has come back with him, and go on where something is left.

        Raises:
            TraceError: as `open` does.
        """
        greeting, is_new = self._greeting(), self._progress.last is None
        if greeting:
            self._tell(greeting)
        wanted = self._review_first()
        if not wanted and next_lesson(self._progress) is None:
            self._tell(wording.all_done(_("You have finished the whole course."), len(on_request(self._progress))))
            return
        self._take_up(wanted)
        if is_new or wanted or not self.coach.place:
            self.coach.open()
        else:
            self.coach.present()
        self.coach.keep()

    def _greeting(self) -> str:
        """What a learner who comes back is told; nothing to one who is new."""
        progress = self._progress
        if progress.last is None:
            return ""
        try:
            lesson = read_lesson(find(progress.last))
        except InputError:
            return ""
        marks, ids = progress.of(progress.last), [step.id for step in lesson.steps]
        where = (ids.index(marks.where) + 1, len(ids)) if marks.where in ids else None
        return wording.welcome(lesson.heading, where, finished(progress), len(names()) - 1, progress.day)

    def review(self) -> None:
        """Put some of the questions that went wrong, those of this session too; say so where there are none."""
        items = on_request(self._progress)
        if not items:
            self._tell(wording.nothing_to_review(len(self._progress.reviews)))
            self._presenter.write("\n")
        elif wanted := self._review(items[:ASKED_FOR]):
            self.open(wanted)
        elif self.has_begun:
            self._describe_step()

    def _review(self, items: Sequence[Item]) -> str | None:
        """Put some questions; the lesson that was asked for in place of them, if one was."""
        before = self._before
        shell = ReviewShell(self._presenter, self._readers, self._progress, self._begin)
        shell.hold(items)
        self._before = before or self._before
        self._is_asking &= not shell.was_left
        return shell.wanted

    def _review_first(self) -> str | None:
        """Put a few questions before going on, unless the learner has left some in this session; as `_review`.

        None is of the lesson that is gone on with, in which it would be met again.
        """
        taken = next_lesson(self._progress)
        items = [item for item in due(self._progress) if item.lesson != taken][:MOST] if self._is_asking else []
        if not items:
            return None
        self._tell(wording.before_going_on(len(items)))
        return self._review(items)

    def _tell(self, markdown: str) -> None:
        """Say something outside of a lesson."""
        self._presenter.write("\n")
        self._presenter.show(Result(lambda: (), lambda: views.prose.prose(markdown)))

    def _coach(self, lesson: Lesson, marks: Marks, keep: Callable[[Marks], None]) -> Coach:
        """A coach at the step where the learner left; at the first one where the way there fails."""
        try:
            return Coach(lesson, self._begin, self._presenter, marks, keep)
        except LessonError as error:
            if not marks.where:
                raise
            complain(_("{error}; so the lesson begins again").format(error=error))
            return Coach(lesson, self._begin, self._presenter, Marks(finished=marks.finished), keep)

    def _begin(self, lesson: Lesson) -> Session:
        """A session with what the learner has set, typed and logs."""
        session, before = begin(lesson), self._before
        if before is None:
            session.lines[:0] = self._typed.read() if self._typed else []
            self._prepare(session)
            self._settings = dict(session.preferences)
        else:
            session.preferences = dict(self._settings)
            session.aliases, session.lines, session.log = before.aliases, before.lines, before.log
            session.remember = before.remember
        session.learn = self.open
        self._before = session
        return session

    def _sit_down(self) -> None:
        """The shell and the prompt of the session that the lesson takes place in now."""
        self._shell = Shell(self.coach.session, self._presenter)
        self._read = self._readers(self.coach.session, self._bar)

    def hold(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Take lines until there are no more, or it is over; raises `InputError` where one can't be read."""
        with suppress(EOFError):
            attend(lambda message: self._read(message), self._handle, is_over)

    def _handle(self, line: str) -> None:
        """Do as a line says, and keep what came of it; a failure is told, and nothing is lost by it."""
        if self._typed:
            self._typed.add(line)
        coach, step = self.coach, self.coach.place
        self._before = coach.session
        try:
            self._take(line)
        except KeyboardInterrupt:
            complain(_("interrupted"))
        except LessonError as error:
            self._recover(error)
        except TraceError as error:
            complain(str(error))
        if i18n.language() != self._language:
            self._switch_language()
        self.coach.keep()
        if self._shell.session is not self.coach.session:
            self._sit_down()
        elif (coach, step) != (self.coach, self.coach.place):
            self._shell.forget_motion()

    def _recover(self, error: LessonError) -> None:
        """Say what is wrong with a lesson; the learner may have left its way, so go on from a fresh session."""
        complain(str(error))
        if self.coach.is_over:
            return
        try:
            self.coach.again()
        except TraceError as other:
            complain(str(other))

    def _take(self, line: str) -> None:
        """A word of the coach's, an answer, or a line for the shell."""
        coach, was_over = self.coach, self.coach.is_over
        if (heard := understood(line).strip()) in WORDS:
            self._heed(WORDS[heard])
        elif (answer := answered(line, coach.question, coach.session)) is not None:
            coach.answer(answer)
        else:
            self._obey(line)
        if coach is self.coach and coach.is_over and not was_over:
            self._part()

    def _heed(self, word: Word) -> None:
        if word.is_of_a_step and self.coach.is_over:
            raise InputError(_("all steps are done; learn goes on with the next lesson"))
        word.act(self)

    def _obey(self, line: str) -> None:
        """Give a line to the shell, and look at what came of it."""
        coach, session = self.coach, self.coach.session
        before = dict(session.preferences)
        self._shell.obey(line, following(self._read))
        self._settings |= {name: value for name, value in session.preferences.items() if before.get(name) != value}
        if coach is self.coach:
            coach.observe()

    def _speak(self) -> None:
        """Go on in the user's language."""
        self._language = i18n.language()
        try:
            self.coach.speak(in_language(self.coach.lesson))
        except InputError as error:
            complain(str(error))

    def _switch_language(self) -> None:
        """Go on in the user's language, and say in it what the step asks for."""
        self._speak()
        try:
            self._describe_step()
        except LessonError as error:
            complain(str(error))

    def give_solution(self) -> None:
        """The next line of the solution, typed but not entered where that can be; else all of them."""
        if isinstance(self._read, Drafting):
            self._read.draft(self.coach.attempt.next_line())
            self.coach.player.tell(wording.drafted(len(self.coach.attempt.solution())))
            self.coach.player.pause()
        else:
            self.coach.player.tell(wording.code(self.coach.attempt.solution()))

    def describe(self) -> None:
        """Where in the lesson the learner is, and what the coach listens to."""
        self.coach.describe()
        self.coach.player.tell(wording.words({name: spoken(word.meaning) for name, word in WORDS.items()}))
        self.coach.player.pause()

    def show_menu(self) -> None:
        """All lessons."""
        self.coach.player.show(menu(self._progress))
        self.coach.player.tell(_("`learn N` goes to a lesson."))
        self.coach.player.pause()

    def play(self) -> None:
        """Free play from where the cursor stands; the lesson's own session stays as it is."""
        self.coach.player.tell(_("Free play: nothing here touches the lesson. `return` goes back to it."))
        session, wanted = _fork(self.coach.session), list[str | None]()
        session.learn = partial(_leave_for, wanted)
        _play_freely(session, self._presenter, self._readers(session, lambda: _play_bar(session)))
        if wanted:
            self.open(wanted[0])
        else:
            self._describe_step()

    def _describe_step(self) -> None:
        self.coach.describe()
        self.coach.player.pause()

    def leave(self) -> None:
        """No more lines."""
        raise EOFError

    def _part(self) -> None:
        """Say what comes after a finished lesson."""
        self.coach.keep()
        after = next_lesson(self._progress)
        if after is None:
            self.coach.player.tell(wording.all_done(_("That was the whole course."), len(on_request(self._progress))))
        else:
            title = titles()[after]
            self.coach.player.tell(_("`learn` goes on with **{title}**; `menu` lists all lessons.").format(title=title))

    def _bar(self) -> str:
        """The line at the bottom: how far the lesson is, the coach's words, and where the cursor stands."""
        coach = self.coach
        if coach.is_over:
            return _("finished   learn: the next lesson   menu: all lessons")
        words = " ".join(name for name, word in WORDS.items() if word.is_of_a_step)
        return f"{coach.place + 1}/{len(coach.lesson.steps)}  {words} info   {place(coach.session)}"


def _fork(there: Session) -> Session:
    """A session of its own that stands where another does, in which nothing is looked for."""
    session = made_again(there)
    session.preferences, session.remember = dict(there.preferences), there.remember
    return session


def _play_freely(session: Session, presenter: Presenter, read: Reader) -> None:
    """Run lines until one says that it is enough."""
    shell = Shell(session, presenter)

    def take(line: str) -> None:
        if line == RETURN:
            raise EOFError
        shell.obey(line, following(read))

    with suppress(EOFError):
        attend(read, take)


def _play_bar(session: Session) -> str:
    """The line at the bottom in free play."""
    return _("free play   return goes back to the lesson   {place}").format(place=standing(session))


def _leave_for(wanted: list[str | None], lesson: str | None) -> None:
    """End free play for another lesson."""
    wanted.append(lesson)
    raise EOFError


@dataclass(frozen=True)
class Word:
    """What the coach does at a word that stands alone on a line; ``is_of_a_step`` where that needs one."""

    meaning: Message
    act: Callable[[LessonShell], None]
    is_of_a_step: bool = True


WORDS = {
    "hint": Word(N_("a hint, then a second"), lambda shell: shell.coach.hint()),
    "solution": Word(N_("what to type, written into the prompt"), LessonShell.give_solution),
    "skip": Word(N_("on to the next step"), lambda shell: shell.coach.skip()),
    "back": Word(N_("the step before again"), lambda shell: shell.coach.back(), False),
    "again": Word(N_("this step from its beginning, whatever you did in it"), lambda shell: shell.coach.again()),
    "info": Word(N_("where you are, and what this step asks for"), LessonShell.describe, False),
    "menu": Word(N_("all lessons; `learn N` goes to one"), LessonShell.show_menu, False),
    "play": Word(N_("free play, without the lesson"), LessonShell.play, False),
    "quit": Word(N_("leave; the lesson goes on here next time"), LessonShell.leave, False),
}
