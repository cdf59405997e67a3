"""Kept cursors, by name."""

from __future__ import annotations

import re

from ..errors import InputError
from ..i18n import _
from .cursor import Cursor


def can_be_name(text: str) -> bool:
    """Whether a bookmark may go by a text: one word of letters and digits."""
    return re.fullmatch(r"\w[\w-]*", text) is not None


class Bookmarks(dict[str, Cursor]):
    """Places by name, in the order in which they were first kept."""

    def keep(self, place: Cursor, name: str | None = None) -> str:
        """Keep a place under a name, or under the lowest free number; returns the name.

        Raises:
            InputError: the name is more than a word.
        """
        if name is not None and not can_be_name(name):
            raise InputError(
                _("{name!r} can't be a bookmark's name: it is one word of letters and digits").format(name=name)
            )
        number = next(n for n in range(1, len(self) + 2) if str(n) not in self)
        kept = name or str(number)
        self[kept] = place
        return kept

    def forget(self, name: str) -> None:
        """Keep a place no more.

        Raises:
            InputError: there is no bookmark of that name.
        """
        if name not in self:
            known = ", ".join(self) or _("none")
            raise InputError(_("there is no bookmark {name}; there are: {known}").format(name=name, known=known))
        del self[name]
