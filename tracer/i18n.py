"""Languages: every sentence a user can read passes through `_`, or is marked with `N_` and passes through `spoken`."""

from __future__ import annotations

import gettext as _gettext
import inspect
from collections.abc import Callable, Iterator, Mapping
from json import JSONDecodeError
from pathlib import Path
from string import Formatter
from typing import Any

DOMAIN = "tx-trace"
CATALOGUES = Path(__file__).parent / "locale"
LANGUAGES = ("en", "zh")

_ENGLISH = _gettext.NullTranslations()
_translations = _ENGLISH
_language = "en"


def use(language: str) -> None:
    """Speak ``language`` (``en``, ``zh``) from now on; English where a catalogue is missing."""
    global _translations, _language
    _language = language
    is_known = (CATALOGUES / language).is_dir()
    _translations = _gettext.translation(DOMAIN, CATALOGUES, [language], fallback=True) if is_known else _ENGLISH


def language() -> str:
    """The language spoken now, whether or not there is a catalogue for it."""
    return _language


class Message(str):
    """A message that is looked up where it is shown, not where it stands. As a string it is the English one."""

    __slots__ = ()

    def spoken(self) -> str:
        """The message in the user's language."""
        return _(self)

    @property
    def parts(self) -> tuple[str, Mapping[str, Any]]:
        """The message as it was marked, and what stands in its placeholders."""
        return str(self), {}

    def format(self, *_none: object, **values: object) -> Message:
        """The message with its placeholders filled in, looked up where it is shown all the same."""
        return _Filled(self, values, str.format)

    def typeset(self, **symbols: str) -> Message:
        """The message as a formula in LaTeX: ``symbols`` in its placeholders, upright words between them."""
        return _Filled(self, symbols, _typeset)


class _Filled(Message):
    """A message and what stands in its placeholders; ``fill`` puts it there."""

    __slots__ = ("_fill", "_message", "_values")

    _message: Message
    _values: Mapping[str, Any]
    _fill: Callable[..., str]

    def __new__(cls, message: Message, values: Mapping[str, Any], fill: Callable[..., str]) -> _Filled:
        filled = super().__new__(cls, fill(message, **values))
        filled._message, filled._values, filled._fill = message, values, fill
        return filled

    @property
    def parts(self) -> tuple[str, Mapping[str, Any]]:
        return str(self._message), self._values

    def spoken(self) -> str:
        return self._fill(_(self._message), **self._values)


def _typeset(words: str, **symbols: str) -> str:
    return "".join(_typeset_parts(words, symbols))


def _typeset_parts(words: str, symbols: Mapping[str, str]) -> Iterator[str]:
    for text, name, _spec, _conversion in Formatter().parse(words):
        if text:
            yield rf"\text{{{text}}}"
        if name:
            yield symbols[name]


def N_(message: str) -> Message:  # noqa: N802
    """Mark a message, so that it is extracted; `spoken` looks it up."""
    return Message(message)


def of_parts(text: str, values: Mapping[str, Any]) -> Message:
    """The message of some `Message.parts`, which was marked where it was first written."""
    return Message(text).format(**values) if values else Message(text)


def spoken(text: str) -> str:
    """A marked message in the user's language; any other text (a name, a number) as it is."""
    return text.spoken() if isinstance(text, Message) else text


_CAUSES = (
    N_("No such file or directory"),
    N_("Permission denied"),
    N_("Is a directory"),
    N_("Not a directory"),
    N_("File exists"),
    N_("File name too long"),
    N_("No space left on device"),
    N_("Read-only file system"),
    N_("Input/output error"),
    N_("No closing quotation"),
    N_("No escaped character"),
    N_("Expecting value"),
    N_("Expecting property name enclosed in double quotes"),
    N_("Expecting ',' delimiter"),
    N_("Expecting ':' delimiter"),
    N_("Extra data"),
    N_("Unterminated string starting at"),
)
"""What the system and Python's own libraries say most."""


def cause(error: Exception) -> str:
    """What another library says went wrong, in the user's language as far as it is known."""
    match error:
        case OSError(strerror=str(told)):
            return _(told)
        case UnicodeDecodeError(object=data, start=place):
            return _("byte {byte:#04x} in position {place}").format(byte=data[place], place=place)
        case JSONDecodeError(msg=told, lineno=line, colno=column):
            return _("{what}: line {line}, column {column}").format(what=_(told), line=line, column=column)
        case _:
            return _(str(error))


def documented(function: Callable[..., Any], *, without: tuple[str, ...] = ()) -> str:
    """The docstring of a function in the user's language; lines that begin as in ``without`` are left out."""
    lines = (inspect.getdoc(function) or "").splitlines()
    text = "\n".join(line for line in lines if not line.startswith(without))
    return _(text.strip())


def looked_up(text: str) -> str:
    """A text that was marked where it was written, and lost its mark on the way, in the user's language."""
    return _(text)


def _(message: str) -> str:
    """``message`` in the user's language."""
    return _translations.gettext(message) if message else ""


def extent(first: str, last: str) -> str:
    """``#4 to #32``; one of them where they are the same."""
    return first if first == last else _("{first} to {last}").format(first=first, last=last)


def ngettext(one: str, many: str, n: int) -> str:
    """``one`` or ``many``, as the user's language counts ``n``."""
    return _translations.ngettext(one, many, n)
