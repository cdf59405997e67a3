"""Expressions that are shown again wherever the cursor stops."""

from __future__ import annotations

from ..errors import InputError
from ..i18n import _
from ..namedtuple import NamedTuple
from .expressions import Expression


class Format(NamedTuple):
    """How a value is to be shown: all of it or a line about it, with so many decimals, as powers of ten, and the range
    of the cells to highlight."""

    whole: bool = False
    short: bool = False
    decimals: int | None = None
    scientific: bool = False
    highlight: tuple[float, float] | None = None


class Display(NamedTuple):
    """An expression, and how its value is shown."""

    expression: Expression
    form: Format


class Displays(dict[int, Display]):
    """By number, counted from 1 and never given twice."""

    def __init__(self) -> None:
        super().__init__()
        self._given = 0

    def add(self, display: Display) -> int:
        """Show it from now on; returns its number."""
        self._given += 1
        self[self._given] = display
        return self._given

    def remove(self, number: int) -> None:
        """Show it no more.

        Raises:
            InputError: no display has that number.
        """
        if number not in self:
            known = ", ".join(map(str, self)) or _("none")
            raise InputError(_("there is no display {n}; there are: {known}").format(n=number, known=known))
        del self[number]
