"""What a command may take, as annotations of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from tracer.addresses import Address, Everywhere, Index, Label, parse, parse_anywhere, parse_selectors
from tracer.dataclass import dataclass
from tracer.debugger.bookmarks import can_be_name
from tracer.debugger.expressions import Expression, compile_expression
from tracer.digits import whole_number
from tracer.errors import InputError
from tracer.i18n import _
from tracer.namedtuple import NamedTuple
from tracer.outward import path_of

from .address_suggestions import addresses, expressions, locations, operands, vocabulary
from .quotes import unquoted
from .suggestions import Suggestion, Suggestions, Typing, files, nothing, words

EXPRESSION = "E"
LINE = "LINE"
"""A command with what it takes."""
VERBATIM = ("TEXT", "TOKEN", LINE, "FILE", "PATH", "VALUE", "WORD", "TOPIC")
"""What a person's own words stand for, down to their signs."""


@dataclass(frozen=True)
class Kind:
    """A kind of argument: how usage lines name it, how it is read from text, and what is offered while it is typed."""

    placeholder: str
    read: Callable[[str], Any]
    suggestions: Suggestions = nothing


class Flag(NamedTuple):
    """An option written ``/x`` before the other arguments; ``read`` returns None for what is not it.

    ``takes`` reads the word that must follow it, if one must.
    """

    placeholder: str
    read: Callable[[str], Any]
    takes: Callable[[str], Any] | None = None


class Option(NamedTuple):
    """An option written ``-x VALUE`` or ``word VALUE``, or ``--word`` alone where there is no placeholder.

    It stands anywhere after the command's name.
    """

    word: str
    placeholder: str = ""
    read: Callable[[str], Any] = bool


class Block(NamedTuple):
    """Lines that follow the command, up to ``end``."""

    placeholder: str


def letter(name: str) -> Flag:
    """A flag that is there or not."""
    return Flag(name, lambda text: True if text == name else None)


def _count(text: str) -> int:
    count = whole_number(text)
    if not count:
        raise InputError(_("{text!r} is no count; expected a whole number from 1").format(text=text))
    return count


def up_to(most: int, option: str) -> Callable[[str], int]:
    """A reader of whole numbers from 1 to ``most``."""

    def read(text: str) -> int:
        number = whole_number(text)
        if number is None or not 0 < number <= most:
            raise InputError(
                _("{option} takes a whole number from 1 to {most}, not {text!r}").format(
                    option=option, most=most, text=text
                )
            )
        return number

    return read


def _cell(text: str) -> Address | Label | int:
    """An address, a token between quotes, or the number of an operand."""
    if (number := whole_number(text)) is not None:
        return number
    selectors = parse_selectors(text) if text.startswith('"') else ()
    label = selectors[0] if len(selectors) == 1 else None
    return label if isinstance(label, Label) else parse(text)


def _position(text: str) -> Index | Label:
    """One place on an axis of tokens: a number, or a token between quotes."""
    selectors = parse_selectors(text)
    if len(selectors) != 1 or not isinstance(selectors[0], Index | Label):
        raise InputError(_('{text!r} is no position; give a number or a token: 2, -1, "love"').format(text=text))
    return selectors[0]


def _token(text: str) -> Label | int:
    """A token by its piece, between quotes or not, or by its id."""
    if (number := whole_number(text)) is not None:
        return number
    selectors = parse_selectors(text) if text.startswith('"') else ()
    label = selectors[0] if len(selectors) == 1 else None
    return label if isinstance(label, Label) else Label(text)


def step_of(text: str) -> int:
    """The number of a step, with its @ or without."""
    number = whole_number(text.removeprefix("@"))
    if number is None:
        raise InputError(_("{text!r} is no step; write its number, e.g. at 2").format(text=text))
    return number


def _numbers(text: str) -> list[float]:
    words = text.replace("∞", "inf").replace(",", " ").split()
    try:
        return [float(word) for word in words]
    except ValueError as error:
        raise InputError(_("{text!r} is no row of numbers; write them as 1 2.5 -inf").format(text=text)) from error


def range_of(text: str) -> tuple[float, float]:
    """``lo,hi``, of which one may be left out."""
    low, comma, high = text.replace("∞", "inf").partition(",")
    try:
        bounds = float(low or "-inf"), float(high or "inf")
    except ValueError:
        bounds = (0.0, -1.0)
    if not comma or not bounds[0] <= bounds[1]:
        raise InputError(_("{text!r} is no range; write it as lo,hi: .5,1 or .5, or ,-1").format(text=text))
    return bounds


def whole_record(text: str) -> Address:
    """An address without selectors."""
    address = parse(text)
    if address.selectors:
        whole = replace(address, selectors=())
        raise InputError(_("{address}: the whole record is shown; write {whole}").format(address=address, whole=whole))
    return address


def _whole_anywhere(text: str) -> Address | Everywhere:
    where = parse_anywhere(text)
    whole_record(str(where.address if isinstance(where, Everywhere) else where))
    return where


def _place(text: str) -> Address | str:
    """An address; a single word as it is, since it may be a bookmark."""
    return text if can_be_name(text) else parse(text)


def _places(typing: Typing) -> Iterator[Suggestion]:
    """Bookmarks, both ends of the run, and what `locations` suggests."""
    ends = {"start": _("before the first record"), "end": _("the last record of the run")}
    yield from words(lambda debugger: {**ends, **{name: _("bookmark") for name in debugger.bookmarks}})(typing)
    yield from locations(typing)


def file_at(text: str) -> Path:
    """The path that a person wrote, perhaps between quotes, and from home on."""
    return path_of(text.removeprefix('"').removesuffix('"'))


Count = Annotated[int, Kind("N", _count)]
Text = Annotated[str, Kind("TEXT", unquoted)]
Place = Annotated[Address | str, Kind("LOC", _place, _places)]
Name = Annotated[str, Kind("NAME", str)]
Cell = Annotated[Address | Label | int, Kind("CELL", _cell, operands)]
Where = Annotated[Address, Kind("ADDRESS", parse, addresses)]
WholeRecord = Annotated[Address, Kind("ADDRESS", whole_record, addresses)]
WholeAnywhere = Annotated[Address | Everywhere, Kind("ADDRESS", _whole_anywhere, addresses)]
Anywhere = Annotated[Address | Everywhere, Kind("ADDRESS", parse_anywhere, addresses)]
Numbers = Annotated[list[float], Kind("NUMBERS", _numbers)]
Depth = Annotated[int, Option("-d", "DEPTH", up_to(20, "-d"))]
Terms = Annotated[int, Option("-n", "TERMS", up_to(1000, "-n"))]
All = Annotated[bool, Option("--all")]
Token = Annotated[Label | int, Kind("TOKEN", _token, vocabulary)]
Not = Annotated[Label | int | None, Option("not", "TOKEN", _token)]
AtStep = Annotated[int | None, Option("at", "STEP", step_of)]
At = Annotated[Index | Label | None, Option("at", "POSITION", _position)]
AtRecord = Annotated[Address | None, Option("at", "ADDRESS", whole_record)]
Steps = Annotated[int, Option("steps", "N", up_to(100_000, "steps"))]
Expr = Annotated[Expression, Kind(EXPRESSION, compile_expression, expressions)]
File = Annotated[Path, Kind("FILE", file_at, files)]
FileOrOff = Annotated[Path | None, Kind("FILE|off", lambda text: None if text == "off" else file_at(text), files)]
Decimals = Flag("N", lambda text: int(text) if text.isascii() and text.isdigit() and len(text) < 3 else None)
Whole = Annotated[bool, letter("a")]
Short = Annotated[bool, letter("s")]
Scientific = Annotated[bool, letter("e")]
Range = Annotated[tuple[float, float] | None, Flag("r LO,HI", lambda text: True if text == "r" else None, range_of)]
Places = Annotated[int | None, Decimals]
