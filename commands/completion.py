"""What a line may go on with, read from the grammar of its command. Nothing here knows of a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tracer.errors import TraceError
from tracer.i18n import _

from .grammar.parsing import Grammar, grammar, split_word, take_word, usage
from .grammar.suggestions import Suggestion, Typing, files, fuzzily
from .registry import Command, UnknownCommandError, entries, lookup
from .session import Session

_FLAGS = re.compile(r"(?:\s*/\S+(?=\s))*")
_FLAG = re.compile(r"\s*/(\S*)")
_LAST_WORD = re.compile(r"(?:.*\s)?(\S+)", re.DOTALL)
_FILE = re.compile(r'.*\s>\s*("[^"]*)', re.DOTALL)
_BARE_FILE = re.compile(r'.*\s>\s*([^"\s]*)', re.DOTALL)


def completions(line: str, session: Session, *, patient: bool = False) -> list[Suggestion]:
    """What may come next at the end of a line; ``patient`` allows a pass of the model to find out."""
    line = session.expanded(line.lstrip())
    word, rest = split_word(line)
    if not rest:
        return list(_commands(word, session))
    try:
        known = grammar(lookup(word))
        return list(_arguments(known, known.understood(rest), session, patient=patient))
    except TraceError:
        return []


def usage_hint(line: str, session: Session) -> str:
    """The usage of the command that a line begins with and what it does; nothing while that is not known."""
    word, rest = split_word(session.expanded(line.lstrip()))
    command = _command(word) if rest else None
    return f"{usage(command)}   {command.summary}" if command else ""


def _command(word: str) -> Command | None:
    try:
        return lookup(word)
    except UnknownCommandError:
        return None


def _commands(word: str, session: Session) -> Iterator[Suggestion]:
    """Short names and commands; those that begin so where there are any, else those that hold the letters."""
    short = {name: _("short for {command}").format(command=line) for name, line in session.aliases.items()}
    known = [*short, *entries()]
    found = [name for name in known if name.startswith(word)] or fuzzily(word, known)
    return (Suggestion(name, len(word), short.get(name) or entries()[name].command.summary) for name in found)


def _arguments(known: Grammar, rest: str, session: Session, *, patient: bool) -> Iterable[Suggestion]:
    file = _FILE.fullmatch(rest) or (None if known.takes_expression else _BARE_FILE.fullmatch(rest))
    if file:
        return files(Typing(session, file[1]))
    if known.flags:
        rest = rest[_match_end(_FLAGS, rest) :]
        if flag := _FLAG.fullmatch(rest):
            return _flags(known, flag[1])
    if (word := _LAST_WORD.fullmatch(rest)) and (options := list(_options(known, word[1]))):
        return options
    return _argument(known, _without_options(known, rest), session, patient=patient)


def _match_end(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.match(text)
    return match.end() if match else 0


def _flags(known: Grammar, typed: str) -> Iterator[Suggestion]:
    names = [flag.placeholder for flag in known.flags.values() if flag.placeholder.islower()]
    return (Suggestion(name, len(typed)) for name in names if name.startswith(typed))


def _options(known: Grammar, typed: str) -> Iterator[Suggestion]:
    found = [option for option in known.options.values() if option.word.startswith(typed)]
    return (Suggestion(option.word, len(typed), option.placeholder) for option in found)


def _without_options(known: Grammar, rest: str) -> str:
    """The words of a line that are no options."""
    for option in known.options.values():
        value = r"\s+\S+" if option.placeholder else ""
        rest = re.sub(rf"(?<!\S){re.escape(option.word)}{value}(?=\s)", "", rest)
    return rest


def _argument(known: Grammar, rest: str, session: Session, *, patient: bool) -> Iterable[Suggestion]:
    """What the argument at the end may become."""
    before: list[str] = []
    while len(before) < len(known.arguments) - 1:
        word, after = take_word(rest)
        if not word or not after[:1].isspace():
            break
        before.append(word)
        rest = after
    if not known.arguments or not rest[:1].isspace():
        return ()
    kind = known.arguments[len(before)].kind
    return kind.suggestions(Typing(session, rest.lstrip(), tuple(before), patient))
