"""What the coach says of his own, as Markdown."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from tracer.i18n import _, ngettext
from tracer.views.markup import literal

from .lesson import Lesson, Step, written
from .progress import Marks
from .question import Question, is_number

_PRECISE = 4
"""Decimals of what a calculation came to, and digits where it is small."""
_MOST = 12
"""Decimals at most; what is smaller is written with a power of ten."""


def heading(lesson: Lesson) -> str:
    """The lesson's title, and how long it takes."""
    if lesson.minutes is None:
        return f"# {lesson.heading}"
    minutes = ngettext("{n} minute", "{n} minutes", lesson.minutes).format(n=lesson.minutes)
    return f"# {lesson.heading} · {minutes}"


def welcome(heading: str, where: tuple[int, int] | None, finished: int, count: int, day: date | None) -> str:
    """To a learner who comes back: the lesson he was in, at which step of how many, and how much is done."""
    lines = [f"# {_('Welcome back')}", "", _since(day, heading, where)]
    told = ngettext("{done} of {count} lesson is finished.", "{done} of {count} lessons are finished.", count)
    return "\n".join([*lines, "", told.format(done=finished, count=count)])


def _since(day: date | None, heading: str, where: tuple[int, int] | None) -> str:
    place = f"**{heading}**"
    if where is not None:
        place = _("{lesson}, step {n} of {count}").format(lesson=place, n=where[0], count=where[1])
    days = (date.today() - day).days if day else -1
    if days < 0:
        return _("You were in {place}.").format(place=place)
    if not days:
        return _("Earlier today you were in {place}.").format(place=place)
    return ngettext("Yesterday you were in {place}.", "{n} days ago you were in {place}.", days).format(
        n=days, place=place
    )


def all_done(told: str, due: int) -> str:
    """That the course is finished, as it is told, and what is left."""
    left = _("`tx-trace learn exam` examines you, and `tx-trace learn N` begins a lesson again.")
    return " ".join([told, left, to_review(due)]).rstrip()


def to_review(due: int) -> str:
    """How many questions are put where that is asked for; nothing where none is."""
    told = ngettext(
        "{n} question that went wrong waits for a review: `learn review` asks it.",
        "{n} questions that went wrong wait for a review: `learn review` asks them.",
        due,
    )
    return told.format(n=due) if due else ""


def nothing_to_review(waiting: int) -> str:
    """That no question has come back yet, and how many will."""
    if not waiting:
        return _("There is nothing to review: no prediction went wrong, or all were right when they came back.")
    told = ngettext(
        "Nothing has come back yet; {n} question will, in another session or after more lessons.",
        "Nothing has come back yet; {n} questions will, in another session or after more lessons.",
        waiting,
    )
    return told.format(n=waiting)


def before_going_on(count: int) -> str:
    """That some questions come first."""
    told = ngettext(
        "Before we go on: {n} question that went wrong. `skip` leaves it for another time.",
        "Before we go on: {n} questions that went wrong. `skip` leaves one for another time, `quit` all of them.",
        count,
    )
    return told.format(n=count)


def review(lesson: Lesson, step: Step, number: int, count: int) -> str:
    """The heading of a question that has come back."""
    told = _("Review {n} of {count}: {step}")
    return f"## {told.format(n=number, count=count, step=step.title)}\n\n*{lesson.heading}*"


def looked_up() -> str:
    """Why a question has come back whose answer was asked for."""
    return _("You looked this one up.")


def done(ways: Sequence[str]) -> str:
    """That a goal is reached, and the lines of one way to it; none for the way that the learner went."""
    if not ways:
        return _("**Done.**")
    if len(ways) == 1:
        return _("**Done.** One way: {line}").format(line=f"`{literal(ways[0])}`")
    return _("**Done.** One way:") + f"\n\n{code(ways)}"


def right(question: Question, given: Collection[float], text: str) -> str:
    """That an answer is right, and what it came to."""
    verdict = _("**Right.**")
    return f"{verdict} {worked_out(question, given, text)}".rstrip()


def worked_out(question: Question, given: Collection[float], text: str) -> str:
    """What a calculation came to, as a paragraph; nothing of a plain number or a word."""
    if question.asking.among is not None or is_number(text):
        return ""
    return f"`{literal(text)}` = {literal(_came_to(next(iter(given))))}\n\n"


def _came_to(number: float) -> str:
    """A number with four decimals, or as many as four of its digits take."""
    if not number or not math.isfinite(number):
        return written(number, _PRECISE)
    decimals = max(_PRECISE, _PRECISE - 1 - math.floor(math.log10(abs(number))))
    return written(number, decimals) if decimals <= _MOST else f"{number:.{_PRECISE - 1}e}"


def drafted(count: int) -> str:
    """That a line of the solution stands at the prompt, one of so many."""
    told = _("It stands at the prompt: press Enter.")
    return told if count == 1 else f"{told} {_('`solution` then has the next line.')}"


def code(lines: Sequence[str]) -> str:
    """Lines to type."""
    return "\n".join(["```", *map(literal, lines), "```"])


def standing(lesson: Lesson, place: int) -> str:
    """Where in a lesson the learner is."""
    if place == len(lesson.steps):
        return _("{lesson}: all steps are done.").format(lesson=lesson.title)
    told = _("**{lesson}**, step {n} of {count}: {step}")
    return told.format(lesson=lesson.title, n=place + 1, count=len(lesson.steps), step=lesson.steps[place].title)


def summary(lesson: Lesson, marks: Marks) -> str:
    """How a lesson went."""
    title = _("{lesson}: finished").format(lesson=lesson.heading)
    return "\n".join([f"## {title}", "", *_points(lesson, marks)])


def _points(lesson: Lesson, marks: Marks) -> Iterator[str]:
    titles = {step.id: step.title for step in lesson.steps}
    guesses = {step: is_right for step, is_right in marks.predictions.items() if step in titles}
    if guesses:
        told = _("predicted right: {n} of {count}")
        yield "- " + told.format(n=sum(guesses.values()), count=len(guesses))
    for step in guesses:
        yield "- " + _became(step, marks).format(title=titles[step])
    for step in marks.skipped:
        if step in titles:
            yield "- " + _("{title}: skipped").format(title=titles[step])
    if marks.hints:
        yield "- " + ngettext("{n} hint", "{n} hints", marks.hints).format(n=marks.hints)


def _became(step: str, marks: Marks) -> str:
    """What is said of a guess, by its title."""
    if step in marks.looked_up:
        return _("{title}: looked up")
    return _("{title}: right") if marks.predictions[step] else _("{title}: missed")


def words(meanings: Mapping[str, str]) -> str:
    """What the coach listens to, and what it means."""
    return "\n".join(f"- `{word}` {meaning}" for word, meaning in meanings.items())
