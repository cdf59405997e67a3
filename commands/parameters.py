"""What a command may take, as annotations of its parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tracer.addresses import Address, Label, parse, parse_selectors
from tracer.debugger.expressions import Expression, compile_expression
from tracer.errors import InputError
from tracer.i18n import _

EXPRESSION = "E"


@dataclass(frozen=True)
class Kind:
    """A kind of argument: how usage lines name it and how it is read from text."""

    placeholder: str
    read: Callable[[str], Any]


@dataclass(frozen=True)
class Flag:
    """An option written ``/x`` before the other arguments; ``read`` returns None for what is not it."""

    placeholder: str
    read: Callable[[str], Any]


@dataclass(frozen=True)
class Option:
    """An option written ``-x VALUE``, or ``--word`` alone where there is no placeholder, after the command's name."""

    word: str
    placeholder: str = ""
    read: Callable[[str], Any] = bool


def letter(name: str) -> Flag:
    """A flag that is there or not."""
    return Flag(name, lambda text: True if text == name else None)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:12]) < 10**9):
        raise InputError(_("{text!r} is no count; expected a whole number from 1").format(text=text))
    return int(text)


def _up_to(most: int, option: str) -> Callable[[str], int]:
    """A reader of whole numbers from 1 to ``most``."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and 0 < int(text[:12]) <= most):
            raise InputError(
                _("{option} takes a whole number from 1 to {most}, not {text!r}").format(
                    option=option, most=most, text=text
                )
            )
        return int(text)

    return read


def _cell(text: str) -> Address | Label:
    """An address, or a token between quotes."""
    selectors = parse_selectors(text) if text.startswith('"') else ()
    label = selectors[0] if len(selectors) == 1 else None
    return label if isinstance(label, Label) else parse(text)


def _numbers(text: str) -> list[float]:
    words = text.replace("−", "-").replace("∞", "inf").replace(",", " ").split()
    try:
        return [float(word) for word in words]
    except ValueError as error:
        raise InputError(_("{text!r} is no row of numbers; write them as 1 2.5 -inf").format(text=text)) from error


def _file(text: str) -> Path:
    return Path(text.removeprefix('"').removesuffix('"')).expanduser()


Count = Annotated[int, Kind("N", _count)]
Text = Annotated[str, Kind("TEXT", str)]
Location = Annotated[Address, Kind("LOC", parse)]
Cell = Annotated[Address | Label, Kind("CELL", _cell)]
Where = Annotated[Address, Kind("ADDRESS", parse)]
Numbers = Annotated[list[float], Kind("NUMBERS", _numbers)]
Depth = Annotated[int, Option("-d", "DEPTH", _up_to(20, "-d"))]
Terms = Annotated[int, Option("-n", "TERMS", _up_to(1000, "-n"))]
All = Annotated[bool, Option("--all")]
Expr = Annotated[Expression, Kind(EXPRESSION, compile_expression)]
File = Annotated[Path, Kind("FILE", _file)]
Decimals = Flag("N", lambda text: int(text) if text.isascii() and text.isdigit() and len(text) < 3 else None)
