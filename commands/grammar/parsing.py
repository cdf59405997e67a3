"""From a line to a call: the signature of a command is its grammar."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from tracer.debugger.debugger import Debugger
from tracer.debugger.expressions import compile_expression
from tracer.errors import InputError, TraceError
from tracer.i18n import _, cause
from tracer.namedtuple import NamedTuple
from tracer.outward import path_of

from ..keyboard import understood
from ..output.present import Presenter
from ..registry import Command, UnknownCommandError, lookup
from ..results.result import Results
from .kinds import among
from .parameters import EXPRESSION, LINE, VERBATIM, Block, Flag, Kind, Option


class Argument(NamedTuple):
    """One positional parameter of a command."""

    name: str
    kind: Kind
    optional: bool


class Grammar(NamedTuple):
    """What a command takes: flags first, then its arguments, the last of which takes the rest of the line.

    Options may stand anywhere among the arguments. ``blocks`` has the one block of lines that may follow. ``handed``
    are parameters that no line has a word for: what presents the results is handed to them.
    """

    flags: dict[str, Flag]
    arguments: tuple[Argument, ...]
    options: dict[str, Option]
    blocks: dict[str, Block]
    handed: tuple[str, ...]

    @property
    def usage(self) -> str:
        """The arguments as a usage line has them: ``[/a] [/N] E``."""
        parts = [f"[/{flag.placeholder}]" for flag in self.flags.values()]
        names = ((argument.kind.placeholder, argument.optional) for argument in self.arguments)
        options = [f"[{f'{option.word} {option.placeholder}'.rstrip()}]" for option in self.options.values()]
        blocks = [block.placeholder for block in self.blocks.values()]
        return " ".join([*parts, *(f"[{name}]" if optional else name for name, optional in names), *options, *blocks])

    @property
    def takes_expression(self) -> bool:
        """Whether ``>`` may compare in it."""
        return not self._words.isdisjoint((EXPRESSION, LINE))

    @property
    def is_verbatim(self) -> bool:
        """Whether it takes words as they are typed, down to their signs."""
        return not self._words.isdisjoint(VERBATIM)

    def understood(self, rest: str) -> str:
        """The arguments as they are read, character by character: with the signs that the grammar knows."""
        return rest if self.is_verbatim else understood(rest)

    @property
    def _words(self) -> set[str]:
        return {word for argument in self.arguments for word in re.split(r"\W", argument.kind.placeholder)}


class Call(NamedTuple):
    """A command with its arguments, and the file or the program that takes what it shows."""

    command: Command
    arguments: dict[str, Any]
    file: Path | None = None
    program: tuple[str, ...] = ()

    @property
    def is_outward(self) -> bool:
        """Whether it reaches outside the session, or prepares what will be done later."""
        return self.command.is_outward or self.file is not None or bool(self.program)

    def run(self, debugger: Debugger, presenter: Presenter | None = None) -> Results:
        """What the command has to say, as it comes; ``presenter`` is what presents it."""
        handed = dict.fromkeys(grammar(self.command).handed, presenter)
        return self.command.function(debugger, **self.arguments, **handed)


@cache
def grammar(command: Command) -> Grammar:
    """The grammar of a command, read from its signature."""
    hints = get_type_hints(command.function, include_extras=True)
    parameters = list(inspect.signature(command.function).parameters.values())[1:]
    kinds = {p.name: _kind(hints[p.name]) for p in parameters if p.kind is not p.KEYWORD_ONLY}
    optional = {p.name: p.default is not p.empty for p in parameters}
    named = {p.name: (hints[p.name], *get_args(hints[p.name]))[-1] for p in parameters if p.kind is p.KEYWORD_ONLY}
    return Grammar(
        {name: flag for name, flag in named.items() if isinstance(flag, Flag)},
        tuple(Argument(name, kind, optional[name]) for name, kind in kinds.items()),
        {name: option for name, option in named.items() if isinstance(option, Option)},
        {name: block for name, block in named.items() if isinstance(block, Block)},
        tuple(name for name, hint in named.items() if hint is Presenter),
    )


def usage(command: Command) -> str:
    """``step [N]``."""
    return f"{command.name} {grammar(command).usage}".rstrip()


def parse_line(line: str) -> Call:
    """Read a line: a command, its flags and arguments, perhaps ``| PROGRAM`` or ``> FILE``; or the lines of a block.

    Raises:
        UnknownCommandError: it begins with no command.
        TraceError: the arguments are not what the command takes.
    """
    line, _newline, block = line.strip().partition("\n")
    word, rest = split_word(line)
    command = _command(word, line)
    known = grammar(command)
    rest, file = _redirected(rest, known)
    rest, program = _piped(rest, known)
    rest = known.understood(rest)
    flags, rest = _flags(command, known, rest)
    options, rest = _options(command, known, rest)
    arguments = {**flags, **options, **_arguments(command, known, rest), **_block(command, known, block)}
    return Call(command, arguments, file, program)


_FIRST = re.compile(r"([^\s/／。]*)(.*)", re.DOTALL)
_WORD = re.compile(r'\s*((?:[^\s\["]|"(?:[^"\\]|\\.)*"|\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+)')
_WORD_OR_REST = re.compile(rf"{_WORD.pattern}|\s*\S+")
_OPTION = re.compile(r"--?[A-Za-z]")
_FLAGS = re.compile(r"\s*/(\S+)")
_FLAG = re.compile(r"\d+|\D")
_PIPE = re.compile(r'((?:[^"]|"(?:[^"\\]|\\.)*")*?)(?:(?<=\s)|^)\|(.*)', re.DOTALL)
_FILE_AFTER_ALL = re.compile(r".*\s>\s*([\w~./-]+\.[A-Za-z]\w*)\s*", re.DOTALL)


def split_word(line: str) -> tuple[str, str]:
    """The word that names the command, and the rest."""
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
        compile_expression(understood(line))
    except TraceError:
        return False
    return True


def _redirected(rest: str, known: Grammar) -> tuple[str, Path | None]:
    """What stands before ``> FILE``, and the file, whose name is as it was typed."""
    text = known.understood(rest)
    start, stop = _last_word(text)
    before = text[:start].rstrip()
    is_quoted = text[start:stop].startswith('"')
    is_one = start < stop and before.endswith(">") and (is_quoted or not known.takes_expression)
    if not is_one or not (is_quoted or before[-2:-1].isspace() or len(before) == 1):
        return rest, None
    return rest[: len(before) - 1], path_of(rest[start + is_quoted : stop - is_quoted])


def _last_word(text: str) -> tuple[int, int]:
    """Where a last word begins and ends, which may be in quotes; nothing at the end where it can't name a file."""
    stop = len(text.rstrip())
    if text[:stop].endswith('"'):
        start = text.rfind('"', 0, stop - 1)
        return (start, stop) if 0 <= start < stop - 2 else (stop, stop)
    start = stop
    while start and not (text[start - 1].isspace() or text[start - 1] in '">'):
        start -= 1
    return start, stop


def meant_file(line: str) -> str:
    """The quoted name of the file that a command seems to be for, though it has it as a value to compare with; or none.

    Raises:
        UnknownCommandError: the line begins with no command.
    """
    word, rest = split_word(line.strip())
    match = _FILE_AFTER_ALL.fullmatch(rest)
    return f'"{match[1]}"' if match and grammar(lookup(word)).takes_expression else ""


def _piped(rest: str, known: Grammar) -> tuple[str, tuple[str, ...]]:
    """What stands before ``| PROGRAM``, and the words of the program, which are as they were typed."""
    match = _PIPE.fullmatch(known.understood(rest))
    if match is None or (known.is_verbatim and rest.strip() == "|"):
        return rest, ()
    program = rest[match.start(2) :].strip()
    try:
        words = shlex.split(program)
    except ValueError as error:
        raise InputError(
            _("{program} does not read as a program ({reason})").format(program=program, reason=cause(error))
        ) from error
    if not words or {"|", ">"} & set(words):
        raise InputError(_('one program follows |, and no shell runs it; a file goes in quotes: | PROGRAM > "FILE"'))
    return rest[: match.end(1)], tuple(words)


def _flags(command: Command, known: Grammar, rest: str) -> tuple[dict[str, Any], str]:
    given: dict[str, Any] = {}
    if not known.flags and not rest.startswith("/"):
        return given, rest
    while match := _FLAGS.match(rest):
        rest = rest[match.end() :]
        for text in _FLAG.findall(match[1]):
            name, value = _flag(command, known, text)
            takes = known.flags[name].takes
            if takes:
                word, rest = take_word(rest)
                value = takes(word)
            given[name] = value
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
    words = _WORD_OR_REST.finditer(rest)
    kept = []
    for match in words:
        word = match[0].strip()
        if word in names:
            given[names[word]] = _option(command, known.options[names[word]], words)
        elif _OPTION.match(word):
            raise _misused(_("{name} has no {text}"), command, word)
        else:
            kept.append(match[0])
    return given, "".join(kept)


def _option(command: Command, option: Option, words: Iterator[re.Match[str]]) -> Any:
    if not option.placeholder:
        return True
    value = next(words, None)
    if value is None:
        raise _misused(_("{name} needs {text}"), command, f"{option.word} {option.placeholder}")
    return option.read(value[0].strip())


def _arguments(command: Command, known: Grammar, rest: str) -> dict[str, Any]:
    if rest.strip() and not known.arguments:
        raise _misused(_("{name} takes no {text!r}"), command, rest.strip())
    texts = zip(known.arguments, _texts(rest, len(known.arguments)), strict=False)
    given = {argument: text for argument, text in texts if text}
    for argument in known.arguments:
        if argument not in given and not argument.optional:
            raise _misused(_("{name} needs {text}"), command, argument.kind.placeholder)
    return {argument.name: argument.kind.read(text) for argument, text in given.items()}


def _block(command: Command, known: Grammar, text: str) -> dict[str, Any]:
    """The lines of the block that a command takes, without its end."""
    if text and not known.blocks:
        raise _misused(_("{name} takes one line, and {text!r} is another"), command, text.partition("\n")[0])
    return {name: text.split("\n")[:-1] for name in known.blocks}


def _misused(problem: str, command: Command, text: str) -> InputError:
    hint = _("; usage: {usage}").format(usage=usage(command))
    return InputError(problem.format(name=command.name, text=text) + hint)


def _texts(rest: str, count: int) -> Iterator[str]:
    """The text of each of ``count`` arguments: a word, and all the rest for the last."""
    for _place in range(count - 1):
        word, rest = take_word(rest)
        yield word
    yield rest.strip()


def take_word(text: str) -> tuple[str, str]:
    """The first word of a text, which may hold blanks in quotes or brackets, and the rest."""
    match = _WORD.match(text)
    return (match[1], text[match.end() :]) if match else ("", text)


def _kind(hint: Any) -> Kind:
    """The kind of an annotation: the one it carries, or that of a choice of words."""
    if get_origin(hint) is Literal:
        return among(*get_args(hint))
    return next(part for part in _parts(hint) if isinstance(part, Kind))


def _parts(hint: Any) -> Iterator[Any]:
    """Everything that an annotation is made of, inwards."""
    for part in get_args(hint):
        yield part
        yield from _parts(part)
