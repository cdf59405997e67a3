"""A course on a page: what it treats, where that is taught, what shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..document import BOLD, CODE, DIM, Block, Branch, Formula, Inline, Paragraph, Span, Tree
from ..i18n import _
from .page import Page
from .view import remark, view


class Subject(NamedTuple):
    """What is taught in some lessons, and a command that shows it."""

    title: str
    lessons: Sequence[str]
    command: str


class Computed(NamedTuple):
    """A formula by its name, as it is written, where it is computed and by what; nothing there, where it is not."""

    name: str
    formula: Formula
    command: str
    reference: str


@view
def course_index(page: Page, subjects: Sequence[Subject], formulas: Sequence[Computed], text: str) -> Iterator[Block]:
    """The subjects with their lessons, and the formulas with what shows them in a run of ``text``."""
    yield Paragraph([Span(_("The lecture, slide by slide: what shows it, and the lessons"), BOLD)])
    yield Tree([_taught(subject, page) for subject in subjects])
    yield Paragraph([Span("")])
    yield Paragraph([Span(_("Its formulas, and where they are computed for {text}").format(text=text), BOLD)])
    yield Tree([_computed(one, page) for one in formulas])
    yield remark(_("learn N begins lesson N; the commands can be typed at the prompt and in every lesson"), page)


def _taught(subject: Subject, page: Page) -> Branch:
    lessons = [_branch(Span(page.text(lesson))) for lesson in subject.lessons]
    return _branch(Span(page.text(subject.title), BOLD), Span(subject.command, CODE), branches=lessons)


def _computed(one: Computed, page: Page) -> Branch:
    shows = [Span(one.command, CODE), Span(page.text(one.reference), DIM)]
    below = _branch(*(shows if one.command else [Span(_("not in this model"), DIM)]))
    return _branch(one.formula, Span(page.text(one.name), DIM), branches=[below])


def _branch(*parts: Inline, branches: Sequence[Branch] = ()) -> Branch:
    return Branch([Paragraph(parts, gap=3)], branches)
