"""Runs of a session as arguments: one, or two of them and what is compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from tracer.addresses import Address, parse
from tracer.errors import InputError
from tracer.i18n import _
from tracer.namedtuple import NamedTuple

from .address_suggestions import addresses, locations
from .parameters import Kind
from .suggestions import Suggestion, Typing, words

_RUN = r"r?(\d{1,9})"
_TWO = re.compile(rf"(?:{_RUN}\s+)?{_RUN}(?:\s+(\S.*))?", re.DOTALL)
_BEGUN = re.compile(rf"(?:{_RUN}\s+){{1,2}}")
DIFF = "diff"
"""Stands before two runs where a place may stand, too."""


_runs = words(lambda debugger: {f"r{n}": run.text for n, run in debugger.runs.items()})


def run_number(text: str) -> int:
    """``r1``, or the number alone; raises `InputError` for anything else."""
    match = re.fullmatch(_RUN, text)
    if match is None:
        raise InputError(_("{text!r} is no run; write r1, or 1").format(text=text))
    return int(match[1])


class Two(NamedTuple):
    """The numbers of two runs, None for the current one, and an address in them."""

    a: int | None
    b: int
    address: Address | None = None


def read_two(text: str) -> Two:
    """Two runs, each as ``r1`` or ``1``, or the one beside the current one, and perhaps an address.

    Raises:
        InputError: they are none, or the address names a run, too; or as `parse` does.
    """
    match = _TWO.fullmatch(text)
    if not text:
        raise InputError(_("two runs are held against each other: write [A] B, as in r0 r1; branches lists them"))
    if match is None:
        told = _("{text!r} names no run; write [A] B, as in r0 r1, the runs in the order of the session")
        raise InputError(told.format(text=text))
    a, b, rest = match.groups()
    address = parse(rest) if rest else None
    if address is not None and address.run is not None:
        told = _("{address} names a run, and the runs stand before it; write {rest}")
        raise InputError(told.format(address=address, rest=replace(address, run=None)))
    return Two(None if a is None else int(a), int(b), address)


def _place(text: str) -> Address | Two:
    word, _blank, rest = text.partition(" ")
    return read_two(rest.strip()) if word == DIFF else parse(text)


def _places(typing: Typing) -> Iterator[Suggestion]:
    """Runs after ``diff``, which is offered beside places."""
    word, blank, rest = typing.text.partition(" ")
    if word == DIFF and blank:
        yield from _runs(replace(typing, text=rest))
        return
    if word and DIFF.startswith(word):
        yield Suggestion(DIFF, len(word), _("the next record that differs between two runs"))
    yield from locations(typing)


def _twos(typing: Typing) -> Iterator[Suggestion]:
    """Runs, and addresses once one is there."""
    begun = _BEGUN.match(typing.text)
    rest = replace(typing, text=typing.text[begun.end() :] if begun else typing.text)
    yield from _runs(rest)
    if begun:
        yield from addresses(rest)


Runs = Annotated[Two, Kind("[A] B [ADDRESS]", read_two, _twos)]
LocationOrDiff = Annotated[Address | Two, Kind("LOC|diff [A] B", _place, _places)]
