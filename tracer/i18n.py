"""Languages: every sentence a user can read passes through `_`, or is marked with `N_` and passes through `spoken`."""

import gettext as _gettext
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

DOMAIN = "tx-trace"
CATALOGUES = Path(__file__).parent / "locale"
LANGUAGES = ("en", "zh")

_translations: _gettext.NullTranslations = _gettext.NullTranslations()
_language = "en"


def use(language: str) -> None:
    """Speak ``language`` (``en``, ``zh``) from now on; English where a catalogue is missing."""
    global _translations, _language
    _language = language
    _translations = _gettext.translation(DOMAIN, CATALOGUES, [language], fallback=True)


def language() -> str:
    """The language spoken now, whether or not there is a catalogue for it."""
    return _language


class Message(str):
    """A message that is looked up where it is shown, not where it stands."""

    __slots__ = ()


def N_(message: str) -> Message:  # noqa: N802
    """Mark a message, so that it is extracted; `spoken` looks it up."""
    return Message(message)


def spoken(text: str) -> str:
    """A marked message in the user's language; any other text (a name, a number) as it is."""
    return _(text) if isinstance(text, Message) else text


def documented(function: Callable[..., Any], *, without: tuple[str, ...] = ()) -> str:
    """The docstring of a function in the user's language; lines that begin as in ``without`` are left out."""
    lines = (inspect.getdoc(function) or "").splitlines()
    text = "\n".join(line for line in lines if not line.startswith(without))
    return _(text.strip())


def _(message: str) -> str:
    """``message`` in the user's language."""
    return _translations.gettext(message) if message else ""


def ngettext(one: str, many: str, n: int) -> str:
    """``one`` or ``many``, as the user's language counts ``n``."""
    return _translations.ngettext(one, many, n)
