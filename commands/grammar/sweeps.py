"""``EDIT over GLOB… measure E [at LOC] [over corpus FILE]``: what is swept, and what is offered while it is typed.

The options of an edit may stand behind the places: ``patch over enc.*.output[*] from r1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Annotated, NamedTuple

from tracer.addresses import Address, parse
from tracer.debugger.acts import ACTS
from tracer.debugger.acts.places import read
from tracer.errors import InputError
from tracer.i18n import _

from .address_suggestions import expressions, locations
from .parameters import Kind, file_at
from .parsing import take_word
from .suggestions import Suggestion, Typing, words

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ASKED = re.compile(
    rf"(?P<act>(?:{_QUOTED}|[^\"])*?)\sover\s(?P<over>(?:{_QUOTED}|[^\"])*?)(?P<more>\s(?:from|by|off|onto)\s.*?)?"
    r"\smeasure\s(?P<measure>.+?)(?:\sat\s+(?P<at>[^\s\"()]+))?(?:\sover\s+corpus\s+(?P<corpus>\S.*?))?\s*",
    re.DOTALL,
)


class Asked(NamedTuple):
    """An act with its options, the places, the measure, where that is taken, and over which corpus, if it is said."""

    act: str
    over: tuple[str, ...]
    measure: str
    at: Address | None
    corpus: Path | None = None


def _asked(text: str) -> Asked:
    match = _ASKED.fullmatch(f" {text}")
    if match is None or not match["act"].strip() or not match["over"].strip():
        told = _("{text!r} is no sweep; write EDIT over GLOB… measure E, e.g. {example}")
        raise InputError(told.format(text=text, example="sweep ablate over dec.*.cross.h* measure loss"))
    over = tuple(_words(match["over"]))
    for place in over:
        read(place)
    at = None if match["at"] is None else parse(re.sub(r"^(?=\d+$)", "@", match["at"]))
    return Asked(
        f"{match['act']}{match['more'] or ''}".strip(), over, match["measure"].strip(), at, _file(match["corpus"])
    )


def _file(text: str | None) -> Path | None:
    return None if text is None else file_at(text)


def _words(text: str) -> Iterable[str]:
    while text.strip():
        word, rest = take_word(text)
        yield word or text.strip()
        text = rest if word else ""


def _suggested(typing: Typing) -> Iterable[Suggestion]:
    """Acts, then places after ``over``, perhaps ``measure``, and after that what an expression has."""
    _before, measure, measured = typing.text.rpartition(" measure ")
    if measure:
        return expressions(replace(typing, text=measured.lstrip()))
    _before, over, places = typing.text.rpartition(" over ")
    if over:
        _before, blank, last = places.rpartition(" ")
        more = words(lambda _debugger: {"measure": _("a number to look at")} if blank else {})
        last_typed = replace(typing, text=last)
        return chain(more(last_typed), locations(last_typed))
    return words(lambda _debugger: {act.name: act.takes for act in ACTS.values()})(typing)


Swept = Annotated[Asked, Kind("EDIT over GLOB… measure E [at LOC] [over corpus FILE]", _asked, _suggested)]
