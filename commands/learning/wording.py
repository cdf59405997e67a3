"""What the coach says of his own, as Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from tracer.i18n import _, ngettext
from tracer.views.markup import literal

from .lesson import Lesson, written
from .progress import Marks
from .question import Question, is_number

_PRECISE = 4
"""Decimals of what a calculation came to."""


def heading(lesson: Lesson) -> str:
    """The lesson's title, and how long it takes."""
    if lesson.minutes is None:
        return f"# {lesson.heading}"
    minutes = ngettext("{n} minute", "{n} minutes", lesson.minutes).format(n=lesson.minutes)
    return f"# {lesson.heading} · {minutes}"


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
    return f"`{literal(text)}` = {literal(written(next(iter(given)), _PRECISE))}\n\n"


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
    for step, is_right in guesses.items():
        yield "- " + (_("{title}: right") if is_right else _("{title}: missed")).format(title=titles[step])
    for step in marks.skipped:
        if step in titles:
            yield "- " + _("{title}: skipped").format(title=titles[step])
    if marks.hints:
        yield "- " + ngettext("{n} hint", "{n} hints", marks.hints).format(n=marks.hints)


def words(meanings: Mapping[str, str]) -> str:
    """What the coach listens to, and what it means."""
    return "\n".join(f"- `{word}` {meaning}" for word, meaning in meanings.items())
