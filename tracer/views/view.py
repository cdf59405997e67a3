"""Views: functions from data to blocks, which say what there is to see of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Concatenate, ParamSpec

from ..document import DIM, Block, Paragraph, Span
from .page import Page

P = ParamSpec("P")

Say = Callable[[Page], Iterable[Block]]


class View:
    """What there is to see of something; a writer asks for the blocks of it, on a page."""

    __slots__ = ("_say",)

    def __init__(self, say: Say) -> None:
        self._say = say

    def blocks(self, page: Page) -> Iterator[Block]:
        """What is said, on a page."""
        return iter(self._say(page))


def view(say: Callable[Concatenate[Page, P], Iterable[Block]]) -> Callable[P, View]:
    """A function that says something on a page, as one that makes a view of its other arguments."""

    @wraps(say)
    def made(*args: P.args, **kwargs: P.kwargs) -> View:
        return View(lambda page: say(page, *args, **kwargs))

    return made


def line(text: str, page: Page, tone: str = "", indent: int = 0) -> Paragraph:
    """A sentence of our own, in signs that the page has."""
    return Paragraph([Span(page.text(text), tone)], indent)


def remark(text: str, page: Page, indent: int = 0) -> Paragraph:
    """A sentence of our own that explains the rest."""
    return line(text, page, DIM, indent)
