"""The places where the cursor stopped, to go back and forward through as through the pages of a browser."""

from __future__ import annotations

from ..errors import AddressError
from ..i18n import _
from .cursor import Cursor


class Trail:
    """Places in the order of visiting, and the one where the cursor stands among them."""

    def __init__(self, start: Cursor) -> None:
        self._places = [start]
        self._at = 0

    def visit(self, place: Cursor) -> None:
        """Come to a place; if it is another, what lay ahead is forgotten."""
        if place != self._places[self._at]:
            self._places[self._at + 1 :] = [place]
            self._at += 1

    def back(self) -> Cursor:
        """The place before.

        Raises:
            AddressError: there is none.
        """
        if not self._at:
            raise AddressError(_("there is no place to go back to: the cursor has not stopped anywhere before"))
        self._at -= 1
        return self._places[self._at]

    def forward(self) -> Cursor:
        """The place from which `back` came.

        Raises:
            AddressError: there is none.
        """
        if self._at + 1 == len(self._places):
            raise AddressError(_("there is no place to go forward to; forward takes back what back did"))
        self._at += 1
        return self._places[self._at]
