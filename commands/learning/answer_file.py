"""A file of answers to a worksheet: the line that says which one, then a number and an answer on each line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from tracer.debugger.cursor import Cursor
from tracer.debugger.locations import Here
from tracer.errors import InputError
from tracer.i18n import _
from tracer.worksheets.sheet import Blank, Sheet

from ..grammar.lines import read
from ..output.present import complain
from .asked import Asked
from .question import arithmetic

MOST = 10_000
"""Lines of a file, and signs of a line."""

A = TypeVar("A")
R = TypeVar("R")

_LINE = re.compile(r"[(\[]?(\d{1,5})[\])]?\s*(?:[:：=、)\s]|\.(?!\d))\s*(.*\S)")


class Answer(NamedTuple):
    """An answer as it stands in a file, and where: ``answers.txt:3``."""

    box: int
    text: str
    place: str


def read_answers(path: str) -> tuple[Asked, list[Answer]]:
    """Which worksheet a file answers, and the answers; a line that is none is told, and no more comes of it.

    Raises:
        InputError: it can't be read, or says of no worksheet that it answers it.
    """
    lines = _lines(path)
    first = next(lines, None)
    if first is None:
        raise InputError(_("{path}: holds no answers").format(path=path))
    asked = Asked.read(first[1])
    return asked, list(_understood(_answer, ((f"{path}:{number}", text) for number, text in lines)))


def _answer(place: str, text: str) -> Answer:
    found = _LINE.fullmatch(text)
    if found is None:
        told = _("{text!r} is no answer; write its number, a blank and the answer: 12 0.73")
        raise InputError(told.format(text=text))
    return Answer(int(found[1]), found[2], place)


def _understood(understand: Callable[[str, A], R], located: Iterable[tuple[str, A]]) -> Iterator[R]:
    """What is made of some things; of one that nothing can be made of it is told, with its place, why."""
    for place, one in located:
        try:
            yield understand(place, one)
        except InputError as error:
            complain(f"{place}: {error}")


def _lines(path: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers."""
    for number, line in enumerate(read(path), 1):
        text = line.text.strip().lstrip("\ufeff")
        if number > MOST or len(text) > MOST:
            raise InputError(_("{path}: is too long to hold answers").format(path=path))
        if text and not text.startswith(("#", "`")):
            yield number, text


def as_numbers(sheet: Sheet, answers: Sequence[Answer]) -> dict[int, float]:
    """The answers as numbers, tokens by their ids; of one that is none it is told, and it costs its box alone."""
    here = Here(sheet.run, Cursor(min(sheet.run.begins.values()), 0))
    boxes = Counter(answer.box for answer in answers)

    def read(_place: str, answer: Answer) -> tuple[int, float]:
        if not 1 <= answer.box <= len(sheet.blanks):
            told = _("there is no box {n} on this sheet; it has {count}")
            raise InputError(told.format(n=answer.box, count=len(sheet.blanks)))
        if boxes[answer.box] > 1:
            raise InputError(_("box {n} has more than one answer; leave one").format(n=answer.box))
        return answer.box, as_number(sheet.blanks[answer.box - 1], answer.text, here)

    return dict(_understood(read, ((answer.place, answer) for answer in answers)))


def as_number(blank: Blank, text: str, here: Here) -> float:
    """An answer as a number: a calculation worked out, a token by its id."""
    if not blank.is_token:
        return arithmetic(text, here)
    found = here.run.card.id_of(text, "target")
    if found is None:
        raise InputError(_("{text} is no token of the vocabulary").format(text=text))
    return float(found)
