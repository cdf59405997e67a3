"""What may be typed next, each with a note on what it is. Nothing here knows of a terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping

from tracer.dataclass import dataclass
from tracer.debugger.debugger import Debugger
from tracer.errors import InputError
from tracer.namedtuple import NamedTuple
from tracer.outward import path_of

MOST = 200
"""So many are offered at once."""


class Suggestion(NamedTuple):
    """A text that may stand in place of the last ``length`` characters, and what it is."""

    text: str
    length: int
    meta: str = ""


@dataclass(frozen=True)
class Typing:
    """An argument as far as it is typed, the arguments before it, and whether an answer may take its time."""

    debugger: Debugger
    text: str
    before: tuple[str, ...] = ()
    patient: bool = False


Suggestions = Callable[[Typing], Iterable[Suggestion]]


def nothing(_typing: Typing) -> Iterable[Suggestion]:
    """No suggestion: free text, or a number."""
    return ()


def words(known: Callable[[Debugger], Mapping[str, str]]) -> Suggestions:
    """Suggestions of known words; ``known`` maps each to a note on it."""

    def suggest(typing: Typing) -> Iterator[Suggestion]:
        notes = known(typing.debugger)
        return (Suggestion(word, len(typing.text), notes[word]) for word in fuzzily(typing.text, notes))

    return suggest


def fuzzily(typed: str, names: Iterable[str]) -> list[str]:
    """The names in which the typed characters occur in order: those that begin so first, then the tightest.

    A single character is the beginning of a name.
    """
    if len(typed) < 2:
        return [name for name in names if name.startswith(typed)]
    asked = typed.lower()
    found = [(name, spread) for name in names if (spread := _spread(asked, name.lower())) is not None]
    ranked = sorted(found, key=lambda pair: (not pair[0].startswith(typed), pair[1]))
    return [name for name, _spread in ranked]


def _spread(typed: str, name: str) -> int | None:
    """The length of the part of a name in which the typed characters occur in order; None where they don't."""
    end = 0
    for character in typed:
        end = name.find(character, end) + 1
        if not end:
            return None
    return end - name.find(typed[0])


def files(typing: Typing) -> Iterator[Suggestion]:
    """The files and folders that a path goes on with."""
    folder, typed = os.path.split(typing.text.removeprefix('"'))
    try:
        entries = sorted(os.scandir(path_of(folder or ".")), key=lambda entry: entry.name)
    except (OSError, InputError):
        return
    for entry in entries:
        if entry.name.startswith(typed) and entry.name.startswith(".") <= typed.startswith("."):
            yield Suggestion(entry.name + "/" * entry.is_dir(), len(typed))
