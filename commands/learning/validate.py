"""A lesson played by itself: whether it can be gone through, and whether its checks can fail."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tracer.errors import InputError, TraceError
from tracer.i18n import _

from ..output.present import Look
from ..session import Session
from .coach import Coach
from .course import siblings
from .lesson import ANSWER, Doing, Lesson, Slip, Step, shape
from .lesson_file import LessonError
from .lesson_reader import read_lesson
from .lesson_shell import WORDS
from .player import Mute, obey
from .question import Question

Begin = Callable[[Lesson], Session]


def validate(path: Path, begin: Begin, read: Callable[[Path], Lesson] = read_lesson) -> Iterator[str]:
    """What is wrong with a lesson, a sentence each: its own steps, then where another language differs.

    ``read`` may know lessons that it has read before.

    Raises:
        InputError: it can't be read.
    """
    try:
        lesson = read(path)
        yield from _played(lesson, begin)
    except LessonError as error:
        yield str(error)
        return
    for other in siblings(path):
        try:
            yield from _differences(lesson, other, read)
        except LessonError as error:
            yield str(error)


def _played(lesson: Lesson, begin: Begin) -> Iterator[str]:
    coach = Coach(lesson, begin, Mute(io.StringIO(), Look()))
    coach.open()
    while not coach.is_over:
        place = coach.place
        yield from _problems(coach)
        if coach.place == place:
            return


def _problems(coach: Coach) -> Iterator[str]:
    """What is wrong with the step that a coach is at; he is then at the next, unless its solution fails."""
    step, attempt, path, place = coach.step, coach.attempt, coach.lesson.path, coach.place
    if attempt.is_reached:
        yield str(LessonError(path, step.goal.checks[0].line, _("the check holds before anything is done")))
    attempt.filled([*step.hints, *step.goal.texts])
    problems = list(_unexplained(coach))
    yield from problems
    if problems:
        return
    try:
        for line in attempt.solution():
            _obey(coach, line)
    except LessonError:
        raise
    except TraceError as error:
        yield str(LessonError(path, step.line, _("the solution fails: {error}").format(error=error)))
    if coach.place == place:
        yield from _unreached(coach, step)


def _obey(coach: Coach, line: str) -> None:
    """Do as a learner would who types a line of a solution."""
    word, _blank, rest = line.partition(" ")
    if word == ANSWER:
        coach.answer(rest)
    elif line in WORDS:
        raise InputError(_("{line} is a word of the coach's").format(line=line))
    else:
        coach.session.lines.append(line)
        obey(line, coach.session, coach.player.presenter)
        coach.observe()


def _unreached(coach: Coach, step: Step) -> Iterator[str]:
    """Which checks don't hold after the solution, and why."""
    if not isinstance(step.goal, Doing):
        yield str(LessonError(coach.lesson.path, step.goal.line, _("the solution's answer is not right")))
        return
    for check in step.goal.checks:
        if not check.holds(coach.attempt.seen):
            trouble = check.trouble(coach.attempt.seen)
            problem = _("{check} does not hold after the solution{trouble}")
            problem = problem.format(check=check.text, trouble=f": {trouble}" if trouble else "")
            yield str(LessonError(coach.lesson.path, check.line, problem))


def _unexplained(coach: Coach) -> Iterator[str]:
    """Whether a question takes every answer, and whether the slips it knows are slips."""
    question = coach.question
    if question is None:
        return
    path, line = coach.lesson.path, question.asking.line
    try:
        wrong = 0.0 if question.truth else 1.0
    except TraceError as error:
        yield str(LessonError(path, line, _("the answer can't be had: {error}").format(error=error)))
        return
    options = question.options
    if options is not None and len(set(options)) < 2:
        yield str(LessonError(path, line, _("there is nothing to choose from")))
    if question.is_right([wrong]):
        problem = _("the tolerance is so wide that {answer:g} is taken for the answer")
        yield str(LessonError(path, line, problem.format(answer=wrong)))
    for slip in question.asking.slips:
        if problem := _trouble_of(slip, question):
            yield str(LessonError(path, slip.text.line - 1, problem))


def _trouble_of(slip: Slip, question: Question) -> str:
    """What is wrong with a slip, if anything is."""
    try:
        return _("this slip is the right answer") if question.equals([question.truth], slip.of) else ""
    except TraceError as error:
        return str(error)


def _differences(lesson: Lesson, path: Path, read: Callable[[Path], Lesson]) -> Iterator[str]:
    """Where the same lesson in another language has other steps."""
    if not path.is_file():
        yield _("{path}: this lesson is missing in its language").format(path=path)
        return
    other = read(path)
    if _head(lesson) != _head(other):
        yield str(LessonError(path, 1, _("model, text, target or minutes differ from {path}").format(path=lesson.path)))
    if list(shape(lesson.intro)) != list(shape(other.intro)):
        yield str(
            LessonError(path, 1, _("what stands before the first step differs from {path}").format(path=lesson.path))
        )
    theirs = {step.id: step for step in other.steps}
    for step in lesson.steps:
        if step.id not in theirs:
            yield str(LessonError(path, 1, _("the step {id} is missing").format(id=step.id)))
        elif list(step.code) != list(theirs[step.id].code):
            problem = _("the commands or the goal of step {id} differ from {path}:{line}")
            text = problem.format(id=step.id, path=lesson.path, line=step.line)
            yield str(LessonError(path, theirs[step.id].line, text))
    if _ids(lesson.steps) != _ids(other.steps):
        yield str(LessonError(path, 1, _("the steps are not those of {path}").format(path=lesson.path)))


def _head(lesson: Lesson) -> tuple[str, str, str | None, int | None]:
    return lesson.model, lesson.text, lesson.target, lesson.minutes


def _ids(steps: Sequence[Step]) -> list[str]:
    return [step.id for step in steps]
