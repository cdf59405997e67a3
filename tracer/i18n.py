"""Languages: every sentence a user can read passes through `_`."""

import gettext as _gettext
from pathlib import Path

DOMAIN = "tx-trace"
CATALOGUES = Path(__file__).parent / "locale"

_translations: _gettext.NullTranslations = _gettext.NullTranslations()


def use(language: str) -> None:
    """Speak ``language`` (``en``, ``zh``) from now on; English where a catalogue is missing."""
    global _translations
    _translations = _gettext.translation(DOMAIN, CATALOGUES, [language], fallback=True)


def _(message: str) -> str:
    """``message`` in the user's language."""
    return _translations.gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """``one`` or ``many``, as the user's language counts ``n``."""
    return _translations.ngettext(one, many, n)
