"""A file of answers to a worksheet: the line that says which one, then a number and an answer on each line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracer.debugger.cursor import Cursor
from tracer.debugger.locations import Here
from tracer.errors import InputError
from tracer.i18n import _
from tracer.worksheets.sheet import Blank, Sheet

from ..grammar.lines import read
from .asked import Asked
from .question import arithmetic

MOST = 10_000
"""Lines of a file, and signs of a line."""

_LINE = re.compile(r"[(\[]?(\d{1,5})[\])]?\s*(?:[:：=、)\s]|\.(?!\d))\s*(.*\S)")


def read_answers(path: str) -> tuple[Asked, dict[int, str]]:
    """Which worksheet a file answers, and the answers by their numbers.

    Raises:
        InputError: it can't be read, or a line of it is neither; with the line.
    """
    lines = _lines(path)
    first = next(lines, None)
    if first is None:
        raise InputError(_("{path}: holds no answers").format(path=path))
    asked, answers = Asked.read(first[1]), dict[int, str]()
    for number, text in lines:
        found = _LINE.fullmatch(text)
        if found is None:
            told = _("{path}, line {line}: {text!r} is no answer; write its number, a blank and the answer: 12 0.73")
            raise InputError(told.format(path=path, line=number, text=text))
        box = int(found[1])
        if box in answers:
            told = _("{path}, line {line}: box {n} is answered a second time; leave one answer")
            raise InputError(told.format(path=path, line=number, n=box))
        answers[box] = found[2]
    return asked, answers


def _lines(path: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers."""
    for number, line in enumerate(read(path), 1):
        text = line.text.strip().lstrip("\ufeff")
        if number > MOST or len(text) > MOST:
            raise InputError(_("{path}: is too long to hold answers").format(path=path))
        if text and not text.startswith(("#", "`")):
            yield number, text


def as_numbers(sheet: Sheet, answers: dict[int, str], path: str) -> dict[int, float]:
    """The answers as numbers, tokens by their ids.

    Raises:
        InputError: one is none, or is to no blank of the sheet.
    """
    here = Here(sheet.run, Cursor(min(sheet.run.begins.values()), 0))
    return {number: _number(sheet, number, text, here, path) for number, text in answers.items()}


def _number(sheet: Sheet, number: int, text: str, here: Here, path: str) -> float:
    if not 1 <= number <= len(sheet.blanks):
        told = _("{path}: there is no box {n} on this sheet; it has {count}")
        raise InputError(told.format(path=path, n=number, count=len(sheet.blanks)))
    try:
        return as_number(sheet.blanks[number - 1], text, here)
    except InputError as error:
        raise InputError(_("{path}: box {n}: {reason}").format(path=path, n=number, reason=error)) from error


def as_number(blank: Blank, text: str, here: Here) -> float:
    """An answer as a number: a calculation worked out, a token by its id."""
    if not blank.is_token:
        return arithmetic(text, here)
    found = here.run.card.id_of(text, "target")
    if found is None:
        raise InputError(_("{text} is no token of the vocabulary").format(text=text))
    return float(found)
