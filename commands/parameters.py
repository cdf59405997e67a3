"""What a command may take, as annotations of its parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tracer.addresses import Address, parse
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


def letter(name: str) -> Flag:
    """A flag that is there or not."""
    return Flag(name, lambda text: True if text == name else None)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:12]) < 10**9):
        raise InputError(_("{text!r} is no count; expected a whole number from 1").format(text=text))
    return int(text)


def _file(text: str) -> Path:
    return Path(text.removeprefix('"').removesuffix('"')).expanduser()


Count = Annotated[int, Kind("N", _count)]
Text = Annotated[str, Kind("TEXT", str)]
Location = Annotated[Address, Kind("LOC", parse)]
Cell = Annotated[Address, Kind("CELL", parse)]
Expr = Annotated[Expression, Kind(EXPRESSION, compile_expression)]
File = Annotated[Path, Kind("FILE", _file)]
Decimals = Flag("N", lambda text: int(text) if text.isascii() and text.isdigit() and len(text) < 3 else None)
