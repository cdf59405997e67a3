"""The shell's commands: one decorated function each, found where they stand.

A file of theirs is read as text for the words that it decorates with, and imported when one of its commands is asked
for.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tracer.addresses import suggestion
from tracer.dataclass import dataclass
from tracer.errors import InputError
from tracer.i18n import N_, _, documented
from tracer.namedtuple import NamedTuple

from .keyboard import understood
from .results.result import Results

VERBS = f"{__package__}.verbs"
"""Where the commands stand, which know this file; it finds them by name."""

_DECORATED = re.compile(r'^@command\((?P<words>"[^"]+"(?:, "[^"]+")*), group="(?P<group>\w+)"(?P<more>.*)\)$', re.M)
_SYNONYMS = re.compile(r"synonyms=\(([^)]*)\)")
_QUOTED = re.compile(r'"([^"]+)"')

PROMPT = "(tx) "
CONTINUED = "> "
"""Stands before every line of a block."""

GROUPS = (N_("forward"), N_("backward"), N_("stops"), N_("look"), N_("reason"), N_("change"), N_("files"), N_("shell"))
"""In the order of the help."""


class UnknownCommandError(InputError):
    """A line that begins with no command, or with the beginning of several.

    ``is_hinted`` says that the message has a guess at what was meant.
    """

    def __init__(self, message: str, *, is_hinted: bool = False) -> None:
        super().__init__(message)
        self.is_hinted = is_hinted


class Documented:
    """What the docstring of a function says: a summary line, then text, and examples after the prompt."""

    function: Callable[..., Any]

    @property
    def _prose(self) -> str:
        return documented(self.function, without=(PROMPT, CONTINUED))

    @property
    def summary(self) -> str:
        """What it does, in a line."""
        return self._prose.partition("\n")[0]

    @property
    def text(self) -> str:
        """What there is to say beyond the summary."""
        return self._prose.partition("\n")[2].strip()

    @property
    def examples(self) -> list[str]:
        """Lines that show it at work, one after the other; one with a block has it on further lines."""
        lines = (inspect.getdoc(self.function) or "").splitlines()
        shown = "\n".join(line for line in lines if line.startswith((PROMPT, CONTINUED)))
        return shown.replace(f"\n{CONTINUED}", "\n").removeprefix(PROMPT).split(f"\n{PROMPT}") if shown else []


@dataclass(frozen=True)
class Page(Documented):
    """The docstring of a function that is no command."""

    function: Callable[..., Any]


@dataclass(frozen=True)
class Command(Documented):
    """A verb of the shell. The signature of ``function`` is its grammar, the docstring its help.

    ``repeats`` says that an empty line does it again, ``is_outward`` that it reaches outside the session or prepares
    what will be done later, ``is_basic`` that nobody gets far without it. ``synonyms`` are words of other programs, or
    of other languages, that mean it.
    """

    name: str
    abbreviations: tuple[str, ...]
    group: str
    repeats: bool
    is_outward: bool
    is_basic: bool
    synonyms: tuple[str, ...]
    function: Callable[..., Results]

    @property
    def words(self) -> tuple[str, ...]:
        """Everything that it is called."""
        return (self.name, *self.abbreviations, *self.synonyms)


def prompted(line: str) -> str:
    """A command as it stands at the prompt."""
    return PROMPT + line.replace("\n", f"\n{CONTINUED}")


def command(
    name: str,
    *abbreviations: str,
    group: str,
    repeats: bool = False,
    outward: bool = False,
    basic: bool = False,
    synonyms: tuple[str, ...] = (),
) -> Callable[[Callable[..., Results]], Command]:
    """Make a command of a generator function that takes the session and its arguments, and yields results.

    The docstring is a summary line, then text, and examples as lines that begin with the prompt.
    """
    return lambda function: Command(name, abbreviations, group, repeats, outward, basic, synonyms, function)


class Entry(NamedTuple):
    """What is known of a command before it is imported: everything that it is called, its group and its file."""

    words: tuple[str, ...]
    group: str
    module: str

    @property
    def name(self) -> str:
        """The first of its words."""
        return self.words[0]

    @property
    def command(self) -> Command:
        """The command itself."""
        return _commands(self.module)[self.name]


@cache
def entries() -> dict[str, Entry]:
    """What is known of every command, by name, in the order of the help."""
    [folder] = import_module(VERBS).__path__
    found = [entry for file in sorted(Path(folder).glob("[a-z]*.py")) for entry in _entries(file)]
    return {entry.name: entry for entry in sorted(found, key=lambda entry: GROUPS.index(entry.group))}


def _entries(file: Path) -> Iterator[Entry]:
    for match in _DECORATED.finditer(file.read_text(encoding="utf-8")):
        words = "".join((match["words"], *_SYNONYMS.findall(match["more"])))
        yield Entry(tuple(_QUOTED.findall(words)), match["group"], file.stem)


@cache
def _commands(module: str) -> dict[str, Command]:
    """The commands of a file, by name."""
    things = vars(import_module(f"{VERBS}.{module}")).values()
    return {thing.name: thing for thing in things if isinstance(thing, Command)}


def catalogue() -> dict[str, Command]:
    """Every command by name, in the order of the help."""
    return {name: entry.command for name, entry in entries().items()}


def summaries(_debugger: object = None) -> dict[str, str]:
    """What every command does, by its name."""
    return {name: entry.summary for name, entry in catalogue().items()}


def lookup(word: str) -> Command:
    """The command of a name, an abbreviation, or an unambiguous beginning of a name.

    Raises:
        UnknownCommandError: there is none (the nearest is suggested), or there are several (they are listed).
    """
    known, asked = entries(), understood(word)
    exact = [entry for entry in known.values() if asked in entry.words]
    found = exact or [entry for name, entry in known.items() if asked and name.startswith(asked)]
    if len(found) == 1:
        return found[0].command
    if found:
        names = ", ".join(entry.name for entry in found)
        raise UnknownCommandError(_("{word} is ambiguous: {names}").format(word=word, names=names), is_hinted=True)
    nearest = suggestion(word, known)
    hint = _("; did you mean {nearest}?").format(nearest=nearest) if nearest else ""
    raise UnknownCommandError(_("{word} is no command{hint}").format(word=word, hint=hint), is_hinted=bool(nearest))
