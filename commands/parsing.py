"""From a line to a call: the signature of a command is its grammar."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from tracer.debugger.expressions import compile_expression
from tracer.debugger.session import Session
from tracer.errors import InputError, TraceError
from tracer.i18n import _

from .parameters import EXPRESSION, Flag, Kind, Option
from .registry import Command, UnknownCommandError, lookup
from .results import Results


@dataclass(frozen=True)
class Argument:
    """One positional parameter of a command."""

    name: str
    kind: Kind
    optional: bool


@dataclass(frozen=True)
class Grammar:
    """What a command takes: flags first, then its arguments, the last of which takes the rest of the line.

    Options may stand anywhere among the arguments.
    """

    flags: dict[str, Flag]
    arguments: tuple[Argument, ...]
    options: dict[str, Option]

    @property
    def usage(self) -> str:
        """The arguments as a usage line has them: ``[/a] [/N] E``."""
        parts = [f"[/{flag.placeholder}]" for flag in self.flags.values()]
        names = ((argument.kind.placeholder, argument.optional) for argument in self.arguments)
        options = [f"[{f'{option.word} {option.placeholder}'.rstrip()}]" for option in self.options.values()]
        return " ".join([*parts, *(f"[{name}]" if optional else name for name, optional in names), *options])

    @property
    def takes_expression(self) -> bool:
        """Whether ``>`` may compare in it."""
        return any(argument.kind.placeholder == EXPRESSION for argument in self.arguments)


@dataclass(frozen=True)
class Call:
    """A command with its arguments, and the file that takes what it shows."""

    command: Command
    arguments: dict[str, Any]
    file: Path | None = None

    def run(self, session: Session) -> Results:
        """What the command has to say, as it comes."""
        return self.command.function(session, **self.arguments)


@cache
def grammar(command: Command) -> Grammar:
    """The grammar of a command, read from its signature."""
    hints = get_type_hints(command.function, include_extras=True)
    parameters = list(inspect.signature(command.function).parameters.values())[1:]
    kinds = {p.name: _kind(hints[p.name]) for p in parameters if p.kind is not p.KEYWORD_ONLY}
    optional = {p.name: p.default is not p.empty for p in parameters}
    named = {p.name: get_args(hints[p.name])[-1] for p in parameters if p.kind is p.KEYWORD_ONLY}
    return Grammar(
        {name: flag for name, flag in named.items() if isinstance(flag, Flag)},
        tuple(Argument(name, kind, optional[name]) for name, kind in kinds.items()),
        {name: option for name, option in named.items() if isinstance(option, Option)},
    )


def usage(command: Command) -> str:
    """``step [N]``."""
    return f"{command.name} {grammar(command).usage}".rstrip()


def parse_line(line: str) -> Call:
    """Read a line: a command, its flags and arguments, and at the end perhaps ``> FILE``.

    Raises:
        UnknownCommandError: it begins with no command.
        TraceError: the arguments are not what the command takes.
    """
    word, rest = _split(line.strip())
    command = _command(word, line.strip())
    known = grammar(command)
    rest, file = _redirected(rest, known)
    flags, rest = _flags(command, known, rest)
    options, rest = _options(command, known, rest)
    return Call(command, {**flags, **options, **_arguments(command, known, rest)}, file)


_FIRST = re.compile(r"([^\s/]*)(.*)", re.DOTALL)
_WORD = re.compile(r'\s*((?:[^\s\["]|"(?:[^"\\]|\\.)*"|\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+)')
_WORD_OR_REST = re.compile(rf"{_WORD.pattern}|\s*\S+")
_FLAG = re.compile(r"\s*/(\S+)")
_QUOTED_FILE = re.compile(r'(.*?)\s*>\s*("[^"]+")\s*', re.DOTALL)
_BARE_FILE = re.compile(r'(|.*?\s)>\s*([^\s">]+)\s*', re.DOTALL)


def _split(line: str) -> tuple[str, str]:
    match = _FIRST.fullmatch(line)
    return (match[1], match[2]) if match else ("", line)


def _command(word: str, line: str) -> Command:
    try:
        return lookup(word)
    except UnknownCommandError as error:
        if (error.is_hinted and word.isalpha()) or not _is_expression(line):
            raise
    raise UnknownCommandError(_("{line} is no command; to see its value: p {line}").format(line=line), is_hinted=True)


def _is_expression(line: str) -> bool:
    try:
        compile_expression(line)
    except TraceError:
        return False
    return True


def _redirected(rest: str, known: Grammar) -> tuple[str, Path | None]:
    match = _QUOTED_FILE.fullmatch(rest) or (None if known.takes_expression else _BARE_FILE.fullmatch(rest))
    return (match[1], Path(match[2].strip('"')).expanduser()) if match else (rest, None)


def _flags(command: Command, known: Grammar, rest: str) -> tuple[dict[str, Any], str]:
    given: dict[str, Any] = {}
    while match := _FLAG.match(rest):
        name, value = _flag(command, known, match[1])
        given[name] = value
        rest = rest[match.end() :]
    return given, rest


def _flag(command: Command, known: Grammar, text: str) -> tuple[str, Any]:
    for name, flag in known.flags.items():
        value = flag.read(text)
        if value is not None:
            return name, value
    raise _misused(_("{name} has no /{text}"), command, text)


def _options(command: Command, known: Grammar, rest: str) -> tuple[dict[str, Any], str]:
    """The options among the words, and the words without them."""
    if not known.options:
        return {}, rest
    given: dict[str, Any] = {}
    names = {option.word: name for name, option in known.options.items()}
    words = (match[0].strip() for match in _WORD_OR_REST.finditer(rest))
    kept = []
    for word in words:
        if word in names:
            given[names[word]] = _option(command, known.options[names[word]], words)
        elif word[:1] == "-" and word[1:2].isalpha():
            raise _misused(_("{name} has no {text}"), command, word)
        else:
            kept.append(word)
    return given, " ".join(kept)


def _option(command: Command, option: Option, words: Iterator[str]) -> Any:
    if not option.placeholder:
        return True
    value = next(words, None)
    if value is None:
        raise _misused(_("{name} needs {text}"), command, f"{option.word} {option.placeholder}")
    return option.read(value)


def _arguments(command: Command, known: Grammar, rest: str) -> dict[str, Any]:
    if rest.strip() and not known.arguments:
        raise _misused(_("{name} takes no {text!r}"), command, rest.strip())
    texts = zip(known.arguments, _texts(rest, len(known.arguments)), strict=False)
    given = {argument: text for argument, text in texts if text}
    for argument in known.arguments:
        if argument not in given and not argument.optional:
            raise _misused(_("{name} needs {text}"), command, argument.kind.placeholder)
    return {argument.name: argument.kind.read(text) for argument, text in given.items()}


def _misused(problem: str, command: Command, text: str) -> InputError:
    hint = _("; usage: {usage}").format(usage=usage(command))
    return InputError(problem.format(name=command.name, text=text) + hint)


def _texts(rest: str, count: int) -> Iterator[str]:
    """The text of each of ``count`` arguments: a word, and all the rest for the last."""
    for _place in range(count - 1):
        match = _WORD.match(rest)
        yield match[1] if match else ""
        rest = rest[match.end() :] if match else rest
    yield rest.strip()


def _kind(hint: Any) -> Kind:
    """The kind of an annotation: the one it carries, or that of a choice of words."""
    if get_origin(hint) is Literal:
        words = get_args(hint)
        return Kind("|".join(words), _choice(words))
    return next(part for part in _parts(hint) if isinstance(part, Kind))


def _parts(hint: Any) -> Iterator[Any]:
    """Everything that an annotation is made of, inwards."""
    for part in get_args(hint):
        yield part
        yield from _parts(part)


def _choice(words: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        found = [word for word in words if word == text] or [word for word in words if word.startswith(text)]
        if len(found) != 1:
            raise InputError(_("{text!r} is none of {words}").format(text=text, words=", ".join(words)))
        return found[0]

    return read
