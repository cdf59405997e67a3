"""A learner at a terminal, or a file of answers: lines go to the coach, or to the shell and under the coach's eyes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import copy
from typing import Protocol, runtime_checkable

from tracer import i18n
from tracer.errors import InputError, TraceError
from tracer.i18n import _
from tracer.render.markup import literal

from ..grammar.parsing import split_word
from ..loading import open_model
from ..opening import Opener
from ..registry import PROMPT, UnknownCommandError, lookup
from ..showing.presenting import Presenter, complain
from ..sitting import Sitting
from ..terminal.shell import Reader, Shell, following
from ..terminal.toolbar import place, standing
from .coach import ANSWER, Coach
from .lesson import Lesson
from .library import find, in_language, key, titles
from .menu import menu, next_lesson
from .progress import Marks, Progress
from .reading import read_lesson
from .sheet import LessonError

LEARN, RETURN = "learn", "return"
"""Words for another lesson, and to come back from free play."""

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

    ``prepare`` is told of every sitting before it is used. ``progress`` is where what was done is kept.
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
        self._words: dict[str, Callable[[], None]] = {
            "hint": lambda: self.coach.hint(),
            "solution": self._give_solution,
            "skip": lambda: self.coach.skip(),
            "back": lambda: self.coach.back(),
            "info": self._describe,
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
        self._progress.last = key(path)
        self._sit_down()
        self.coach.open()
        self._keep()

    def _begin(self, lesson: Lesson) -> Sitting:
        sitting = begin(lesson)
        self._prepare(sitting)
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
        if line in self._words and not self.coach.is_over:
            self._words[line]()
        elif word == LEARN:
            self.open(rest.strip() or None)
        elif line == "menu":
            self.coach.stage.show(menu(self._progress))
        elif self.coach.question and (word == ANSWER or self._is_answer(line)):
            self.coach.answer(rest if word == ANSWER else line)
        else:
            self._obey(line)
        if self.coach.is_over and not was_over:
            self._part()

    def _is_answer(self, line: str) -> bool:
        """Whether a line is an option, or begins with no command of the shell's."""
        question = self.coach.question
        if question is None or not line or line.startswith("#"):
            return False
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
            self._read.draft(self.coach.next_line())
        else:
            self.coach.stage.tell("\n".join(["```", *map(literal, self.coach.solution()), "```"]))

    def _describe(self) -> None:
        self.coach.describe()
        self.coach.stage.tell(words())

    def _play(self) -> None:
        """Free play from where the cursor stands, in a sitting of its own; the lesson's stays as it is."""
        there = self.coach.sitting
        sitting = Sitting(copy(there.opener))
        sitting.preferences, sitting.aliases = dict(there.preferences), dict(there.aliases)
        sitting.revisit(there.cursor)
        shell, read = Shell(sitting, self._presenter), self._readers(sitting, lambda: _play_bar(sitting))
        self.coach.stage.tell(_("Free play: nothing here touches the lesson. `return` goes back to it."))
        while (line := _line(read)) != RETURN:
            try:
                shell.obey(line, following(read))
            except EOFError:
                break
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
            return _("{lesson}: finished   learn goes on with the next   menu lists all").format(
                lesson=coach.lesson.title
            )
        done = f"{coach.place + 1}/{len(coach.lesson.steps)}"
        return f"{done}  {' '.join(self._words)} menu   {place(coach.sitting)}"

    def _keep(self) -> None:
        self._progress.save()


def words() -> str:
    """What the coach listens to, as Markdown."""
    meanings = {
        "hint": _("a hint, then a second"),
        "solution": _("what to type, written into the prompt"),
        "skip": _("on to the next step"),
        "back": _("the step before again"),
        "play": _("free play, without the lesson"),
        "menu": _("all lessons; `learn N` goes to one"),
        "quit": _("leave; the lesson goes on here next time"),
    }
    return "\n".join(f"- `{word}` {meaning}" for word, meaning in meanings.items())


def _line(read: Reader) -> str:
    try:
        return read(PROMPT).strip()
    except KeyboardInterrupt:
        return ""
    except EOFError:
        return RETURN


def _play_bar(sitting: Sitting) -> str:
    return _("free play   return goes back to the lesson   {place}").format(place=standing(sitting))
