"""Text on its way out: to a terminal, which could obey it, and to the system, which could not take it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from reprlib import Repr
from typing import Any

from .errors import InputError
from .i18n import _

LONGEST_PART, LONGEST = 255, 4095
"""bytes of a name within a folder, and of a whole path; no system in use takes longer ones"""

_PLAIN = re.compile(r"[\w./~+=:,@%*][\w./~+=:,@%*-]*")
"""What needs no quotes."""

SHORT = Repr()
"""Writes values that may be of any length."""
SHORT.maxstring = SHORT.maxother = SHORT.maxlong = 60
SHORT.maxdict = SHORT.maxlist = 4
CUT = "..."
"""Stands where something was left out, as `Repr` has it."""


def short(value: Any) -> str:
    """A value as a sentence has it, bare; where it is long, without its middle."""
    text, half = str(value), (SHORT.maxstring - len(CUT)) // 2
    return text if len(text) <= SHORT.maxstring else f"{text[:half]}{CUT}{text[-half:]}"


def visible(text: str) -> str:
    r"""A text of one line, control characters, exotic blanks, joiners and direction marks written out: ``\u200d``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if _is_visible(c) else c.encode("unicode_escape").decode("ascii") for c in text)


def _is_visible(character: str) -> bool:
    is_variation_selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return character.isprintable() and not is_variation_selector


def visible_lines(text: str) -> str:
    """The same of a text of several lines, whose ends stay."""
    return text if text.isascii() and text.isprintable() else "\n".join(map(visible, text.split("\n")))


def as_word(text: str) -> str:
    """A text as one word of a line at the prompt; nothing for one that no line can hold: with quotes of its own."""
    if _PLAIN.fullmatch(text):
        return text
    return f'"{text}"' if text.isprintable() and not {'"', "\\"} & set(text) else ""


def path_of(text: str) -> Path:
    """The path that a text names, from the folder of a user where it begins with ``~``.

    Raises:
        InputError: the system can have no such path, or knows no such user.
    """
    check_path(text)
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        user = SHORT.repr(Path(text).parts[0])
        raise InputError(_("{path}: nobody here has this name; give the folder itself").format(path=user)) from None
    check_path(str(path))
    return path


def check_path(text: str) -> None:
    """Insist that the system can have a file of a name; raises `InputError` where it can't."""
    check_word(text)
    if len(os.fsencode(text)) > LONGEST:
        told = _("{path} is too long for a path; {n} bytes is the most")
        raise InputError(told.format(path=SHORT.repr(text), n=LONGEST))
    if any(len(os.fsencode(part)) > LONGEST_PART for part in text.split("/")):
        told = _("{path} is too long for the name of a file; {n} bytes is the most")
        raise InputError(told.format(path=SHORT.repr(text), n=LONGEST_PART))


def check_word(text: str) -> None:
    """Insist that the system can be handed a text; raises `InputError` where it can't."""
    if "\0" in text:
        raise InputError(_("{text} has a zero character in it, which no name can have").format(text=SHORT.repr(text)))
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        told = _("{text} has half a character in it, which no name can have")
        raise InputError(told.format(text=SHORT.repr(text))) from None
