"""The prompt of a lesson, or a file of answers: lines go to the coach, or to the shell and under the coach's eyes."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, runtime_checkable

from tracer import i18n
from tracer.errors import InputError, TraceError
from tracer.i18n import N_, Message, _, spoken

from ..grammar.parsing import split_word
from ..keyboard import understood
from ..output.present import Presenter, complain
from ..registry import PROMPT, UnknownCommandError, lookup
from ..session import Session
from ..terminal.history import TypedLines
from ..terminal.shell import Reader, Shell, following
from ..terminal.toolbar import place, standing
from . import wording
from .coach import Coach
from .course import find, in_language, key, menu, next_lesson, titles
from .lesson import ANSWER, Lesson
from .lesson_file import LessonError
from .lesson_reader import read_lesson
from .player import begin
from .progress import Marks, Progress
from .question import is_number

RETURN = "return"
"""The word that ends free play."""

Readers = Callable[[Session, Callable[[], str]], Reader]
"""Makes what asks for lines, with what the bar at the bottom says."""


@runtime_checkable
class Drafting(Protocol):
    """What asks for lines can also write into the next."""

    def draft(self, text: str) -> None:
        """Let the next line begin with a text."""
        ...


class LessonShell:
    """Leads a learner through lessons.

    ``progress`` is where what was done is kept, ``typed`` the lines of earlier sessions. ``prepare`` is told of the
    first sitting before it is used; later ones begin as the learner has set them.
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

    def open(self, name: str | None) -> None:
        """Begin a lesson, or go on with it; without a name, with the one that comes next.

        Raises:
            InputError: there is no such lesson, or something is wrong with its file.
            TraceError: its model or its text can't be had, or a command of its beginning fails.
        """
        chosen = name or next_lesson(self._progress)
        if chosen is None:
            raise InputError(_("all lessons are finished; learn N begins one again"))
        path = find(chosen)
        marks = self._progress.of(key(path))
        self.coach = self._coach(read_lesson(path), marks if marks.where else Marks(finished=marks.finished))
        self._key = key(path)
        self._speak()
        self._sit_down()
        self.coach.open()
        self._keep()

    def _coach(self, lesson: Lesson, marks: Marks) -> Coach:
        """A coach at the step where the learner left; at the first one where the way there fails."""
        try:
            return Coach(lesson, self._begin, self._presenter, marks)
        except LessonError as error:
            if not marks.where:
                raise
            complain(_("{error}; so the lesson begins again").format(error=error))
            return Coach(lesson, self._begin, self._presenter, Marks(finished=marks.finished))

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

    def hold(self) -> None:
        """Take lines until there are no more."""
        try:
            while True:
                self.ask()
        except EOFError:
            return

    def ask(self) -> None:
        """Take a line; raises EOFError where there is none, and `InputError` where it can't be read."""
        try:
            line = self._read(PROMPT).strip()
        except KeyboardInterrupt:
            return
        if self._typed:
            self._typed.add(line)
        self._handle(line)

    def _handle(self, line: str) -> None:
        """Do as a line says, and keep what came of it; a failure is told, and nothing is lost by it."""
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
        self._keep()
        if self._shell.session is not self.coach.session:
            self._sit_down()
        elif (coach, step) != (self.coach, self.coach.place):
            self._shell.forget_motion()

    def _recover(self, error: LessonError) -> None:
        """Say what is wrong with a lesson; the learner may have left its way, so go on from a fresh sitting."""
        complain(str(error))
        if self.coach.is_over:
            return
        try:
            self.coach.again()
        except TraceError as other:
            complain(str(other))

    def _take(self, line: str) -> None:
        """A word of the coach's, an answer, or a line for the shell."""
        word, _blank, rest = line.partition(" ")
        coach, was_over = self.coach, self.coach.is_over
        if (heard := understood(line).strip()) in WORDS:
            self._heed(WORDS[heard])
        elif word == ANSWER or self._is_answer(line):
            coach.answer(rest if word == ANSWER else line)
        else:
            self._obey(line)
        if coach is self.coach and coach.is_over and not was_over:
            self._part()

    def _heed(self, word: Word) -> None:
        if word.is_of_a_step and self.coach.is_over:
            raise InputError(_("all steps are done; learn goes on with the next lesson"))
        word.act(self)

    def _is_answer(self, line: str) -> bool:
        """Whether a line is a number, an option, or, where something is asked, begins with no command."""
        question = self.coach.question
        if question is None or not line or line.startswith("#"):
            return is_number(line)
        if question.reads(line):
            return True
        try:
            lookup(split_word(self.coach.session.expanded(line))[0])
        except UnknownCommandError:
            return True
        return False

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
        """Free play from where the cursor stands; the lesson's own sitting stays as it is."""
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
        self._keep()
        after = next_lesson(self._progress)
        if after is None:
            self.coach.player.tell(_("That was the whole course."))
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

    def _keep(self) -> None:
        self._progress.keep(self._key, self.coach.marks)


def _fork(there: Session) -> Session:
    """A session of its own that stands where another does, in which nothing is looked for."""
    session = Session(copy(there.opener))
    session.preferences, session.aliases = dict(there.preferences), dict(there.aliases)
    session.remember = there.remember
    session.revisit(there.cursor)
    return session


def _play_freely(session: Session, presenter: Presenter, read: Reader) -> None:
    """Run lines until one says that it is enough."""
    shell = Shell(session, presenter)
    try:
        while (line := _line_of(read)) != RETURN:
            shell.obey(line, following(read))
    except EOFError:
        return


def _play_bar(session: Session) -> str:
    """The line at the bottom in free play."""
    return _("free play   return goes back to the lesson   {place}").format(place=standing(session))


def _line_of(read: Reader) -> str:
    try:
        return read(PROMPT).strip()
    except KeyboardInterrupt:
        return ""


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
