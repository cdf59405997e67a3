"""What edits are of, and where they take from, as it is typed: cells and heads, runs, and values after a word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, NamedTuple, TypeVar

from tracer.addresses import Address, At, Everywhere, parse_anywhere
from tracer.debugger.debugger import Debugger
from tracer.errors import InputError
from tracer.i18n import _

from .address_suggestions import heads
from .parameters import Kind, Option
from .suggestions import Suggestion, Suggestions, Typing, words

T = TypeVar("T")
_HEAD = re.compile(r"((?:[^\[]*[.:])?)h(\d+|\*)(?:\[(.*)\])?", re.DOTALL)
_RUN = re.compile(r"r(\d{1,9})(?:@(\d{1,9}))?")


class Source(NamedTuple):
    """A run by its number, and the pass of it that is meant, where one is."""

    run: int
    at: At | None = None

    def __str__(self) -> str:
        return f"r{self.run}{self.at or ''}"


def headed(text: str, record: str = "heads") -> str:
    """``cross.h2`` as the cells of a record of all heads: ``cross.heads[h2]``; anything else as it is."""
    match = _HEAD.fullmatch(text.strip())
    if match is None:
        return text
    scope, number, rest = match.groups()
    cells = [":" if number == "*" else f"h{number}", *([rest] if rest else [])]
    return f"{scope}{record}" + ("" if cells == [":"] else f"[{', '.join(cells)}]")


def cells(text: str) -> Address | Everywhere:
    """An address, in which a head may be the last segment; raises as `parse` does."""
    return parse_anywhere(headed(text))


def source(text: str) -> Source:
    """``r1``, or ``r1@3`` for its step 3.

    Raises:
        InputError: it is neither.
    """
    match = _RUN.fullmatch(text.strip())
    if match is None:
        raise InputError(_("{text!r} is no run; write r1, or r1@3 for its step 3").format(text=text.strip()))
    return Source(int(match[1]), None if match[2] is None else At(int(match[2])))


def following(usage: str, read: Callable[[str], T]) -> Callable[[str], T]:
    """A reader of what stands after the first word of a usage; it raises `InputError` where that word does not."""
    word = usage.partition(" ")[0]

    def after(text: str) -> T:
        match = re.fullmatch(rf"{word}(?![\w.])\s*(.+)", text.strip(), re.DOTALL)
        if match is None:
            told = _("expected {usage} after the address, not {text!r}")
            raise InputError(told.format(usage=usage, text=text))
        return read(match[1])

    return after


def suggested_after(word: str, note: Callable[[], str], others: Suggestions) -> Suggestions:
    """A word, and then what may follow it."""

    def suggest(typing: Typing) -> Iterator[Suggestion]:
        if word.startswith(typing.text):
            yield Suggestion(f"{word} ", len(typing.text), note())
        elif begun := re.match(rf"{word}\s+", typing.text):
            yield from others(replace(typing, text=typing.text[begun.end() :]))

    return suggest


def other_runs(debugger: Debugger) -> Mapping[str, str]:
    """The runs beside the current one."""
    return {f"r{number}": run.text for number, run in debugger.runs.items() if run is not debugger.run}


runs = words(other_runs)
Edited = Annotated[Address | Everywhere, Kind("ADDRESS", cells, heads)]
Onward = Annotated[bool, Option("--onward")]
