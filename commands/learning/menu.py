"""The course at a glance."""

from __future__ import annotations

from tracer.i18n import _

from ..showing.results import Result, View, answer
from .library import find, names, titles
from .progress import Progress
from .reading import read_lesson


def menu(progress: Progress) -> Result:
    """Every lesson with its number, its title and how far the learner has come."""

    def view() -> View:
        from tracer.render.glossary import glossary

        return glossary({_number(name): f"{title}{_state(progress, name)}" for name, title in titles().items()})

    return answer("learn", lambda: titles(), view)


def _number(name: str) -> str:
    number, _dash, rest = name.partition("-")
    return f"{number} {rest}"


def _state(progress: Progress, name: str) -> str:
    marks = progress.of(name)
    finished = "   " + _("finished") if marks.finished else ""
    if not marks.where:
        return finished
    steps = [step.id for step in read_lesson(find(name)).steps]
    done = len({*marks.done, *marks.skipped} & {*steps})
    return finished + "   " + _("{done} of {count} steps").format(done=done, count=len(steps))


def next_lesson(progress: Progress) -> str | None:
    """The lesson last worked on if it is not finished, else the first after it that is not; None if all are.

    A course begins with its second lesson: the first is a tour for those who take no course.
    """
    course = names()
    start = course.index(progress.last) if progress.last in course else 1
    turn = [*course[start:], *course[1:start]]
    marks = [progress.of(name) for name in turn]
    return next((name for name, its in zip(turn, marks, strict=True) if its.where or not its.finished), None)
