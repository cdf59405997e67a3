"""A learner at a terminal, or a file of answers: lines go to the coach, or to the shell and under the coach's eyes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol, runtime_checkable

from tracer import i18n
from tracer.errors import InputError, TraceError
from tracer.i18n import _

from ..grammar.parsing import split_word
from ..loading import open_model
from ..opening import Opener
from ..registry import PROMPT, UnknownCommandError, lookup
from ..showing.presenting import Presenter, complain
from ..sitting import Sitting
from ..terminal.shell import Reader, Shell, following
from ..terminal.toolbar import place
from . import telling
from .coach import Coach
from .lesson import ANSWER, Lesson
from .library import find, in_language, key, titles
from .menu import menu, next_lesson
from .playing import fork, play, play_bar, settle
from .progress import Marks, Progress
from .question import is_number
from .reading import read_lesson
from .sheet import LessonError

LEARN = "learn"
"""The word before another lesson."""

Readers = Callable[[Sitting, Callable[[], str]], Reader]
"""Makes what asks for lines, with what the bar at the bottom says."""


@runtime_checkable
class Drafting(Protocol):
    """What asks for lines can also write into the next."""

    def draft(self, text: str) -> None:
        """Let the next line begin with a text."""
        ...


def begin(lesson: Lesson) -> Sitting:
    """A sitting as a lesson wants it; raises `TraceError` for a model or text that can't be had."""
    opener = Opener(open_model(lesson.model, "float32"), lesson.text, target=lesson.target, warn=complain)
    return Sitting(opener)


class Classroom:
    """Leads a learner through lessons.

    ``prepare`` is told of the first sitting before it is used. ``progress`` is where what was done is kept.
    """

    def __init__(
        self,
        presenter: Presenter,
        readers: Readers,
        progress: Progress,
        prepare: Callable[[Sitting], None] = lambda _sitting: None,
    ) -> None:
        self._presenter = presenter
        self._readers = readers
        self._progress = progress
        self._prepare = prepare
        self._words_of_step: dict[str, Callable[[], None]] = {
            "hint": lambda: self.coach.hint(),
            "solution": self._give_solution,
            "skip": lambda: self.coach.skip(),
            "again": lambda: self.coach.again(),
        }
        self._words: dict[str, Callable[[], None]] = {
            "back": lambda: self.coach.back(),
            "info": self._describe,
            "menu": lambda: self.coach.stage.show(menu(self._progress)),
            "play": self._play,
        }

    def open(self, name: str | None) -> None:
        """Begin a lesson, or go on with it; without a name, with the one that comes next.

        Raises:
            InputError: there is no such lesson, or something is wrong with its file.
        """
        chosen = name or next_lesson(self._progress)
        if chosen is None:
            raise InputError(_("all lessons are finished; learn N begins one again"))
        path = find(chosen)
        lesson = read_lesson(path)
        marks = self._progress.of(key(path))
        if not marks.where:
            marks = self._progress.lessons[key(path)] = Marks(finished=marks.finished)
        self.coach = Coach(lesson, self._begin, self._presenter, marks)
        self.coach.lesson = in_language(lesson)
        self._progress.last = key(path)
        self._sit_down()
        self.coach.open()
        self._keep()

    def _begin(self, lesson: Lesson) -> Sitting:
        """A sitting that is prepared; every one after the first as the learner has the one before."""
        sitting = begin(lesson)
        self._prepare(sitting)
        self._prepare = partial(settle, sitting)
        return sitting

    def _sit_down(self) -> None:
        """The shell and the prompt of the sitting that the lesson takes place in now."""
        self._shell = Shell(self.coach.sitting, self._presenter)
        self._read = self._readers(self.coach.sitting, self._bar)

    def hold(self, *, until_over: bool = False) -> bool:
        """Take lines until there are no more; whether the last lesson was passed.

        ``until_over`` asks to stop at the end of the lesson.
        """
        try:
            while not (until_over and self.coach.is_over):
                self._ask()
        except EOFError:
            pass
        return self.coach.is_passed

    def _ask(self) -> None:
        before = self.coach.place
        try:
            self._take(self._read(PROMPT).strip())
        except KeyboardInterrupt:
            pass
        except LessonError as error:
            self._recover(error)
        except TraceError as error:
            complain(str(error))
        self._keep()
        if self._shell.sitting is not self.coach.sitting:
            self._sit_down()
        elif self.coach.place != before:
            self._shell = Shell(self.coach.sitting, self._presenter)

    def _recover(self, error: LessonError) -> None:
        """Say what is wrong with a lesson; the learner may have left its way, so go on from a fresh sitting."""
        complain(str(error))
        if error.path == self.coach.lesson.path:
            with suppress(LessonError):
                self.coach.again()

    def _take(self, line: str) -> None:
        """A word of the coach's, an answer, or a line for the shell."""
        word, _blank, rest = line.partition(" ")
        was_over = self.coach.is_over
        if line in self._words:
            self._words[line]()
        elif line in self._words_of_step:
            self._help(line)
        elif word == LEARN:
            self.open(rest.strip() or None)
        elif word == ANSWER or self._is_answer(line):
            self.coach.answer(rest if word == ANSWER else line)
        else:
            self._obey(line)
        if self.coach.is_over and not was_over:
            self._part()

    def _help(self, word: str) -> None:
        if self.coach.is_over:
            raise InputError(_("all steps are done; learn goes on with the next lesson"))
        self._words_of_step[word]()

    def _is_answer(self, line: str) -> bool:
        """Whether a line is a number, an option, or, where something is asked, begins with no command."""
        question = self.coach.question
        if question is None or not line or line.startswith("#"):
            return is_number(line)
        if question.reads(line):
            return True
        try:
            lookup(split_word(self.coach.sitting.expanded(line))[0])
        except UnknownCommandError:
            return True
        return False

    def _obey(self, line: str) -> None:
        """Give a line to the shell, and look at what came of it."""
        language = i18n.language()
        self._shell.obey(line, following(self._read))
        if i18n.language() != language:
            self.coach.lesson = in_language(self.coach.lesson)
            self.coach.present()
        self.coach.observe()

    def _give_solution(self) -> None:
        """The next line of the solution, typed but not entered where that can be; else all of them."""
        if isinstance(self._read, Drafting):
            self._read.draft(self.coach.attempt.next_line())
        else:
            self.coach.stage.tell(telling.code(self.coach.attempt.solution()))

    def _describe(self) -> None:
        self.coach.describe()
        self.coach.stage.tell(telling.words())

    def _play(self) -> None:
        """Free play from where the cursor stands; the lesson's own sitting stays as it is."""
        self.coach.stage.tell(_("Free play: nothing here touches the lesson. `return` goes back to it."))
        sitting = fork(self.coach.sitting)
        play(sitting, self._presenter, self._readers(sitting, lambda: play_bar(sitting)))
        self.coach.describe()

    def _part(self) -> None:
        """Say what comes after a finished lesson."""
        following_lesson = next_lesson(self._progress)
        if following_lesson is None:
            self.coach.stage.tell(_("That was the whole course."))
        else:
            title = titles()[following_lesson]
            self.coach.stage.tell(_("`learn` goes on with **{title}**; `menu` lists all lessons.").format(title=title))

    def _bar(self) -> str:
        """The line at the bottom: the lesson, how far it is, the coach's words, and where the cursor stands."""
        coach = self.coach
        if coach.is_over:
            return _("finished   learn: the next lesson   menu: all lessons")
        done = f"{coach.place + 1}/{len(coach.lesson.steps)}"
        return f"{done}  {' '.join([*self._words_of_step, *self._words])}   {place(coach.sitting)}"

    def _keep(self) -> None:
        self._progress.save()
