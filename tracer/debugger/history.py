"""The values that were printed, by the numbers under which expressions know them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..addresses import Selector
from ..dataclass import dataclass
from ..errors import ExpressionError
from ..i18n import _


@dataclass(frozen=True, slots=True)
class Earlier:
    """``$3``, the third value printed, or one so far ``back``: ``$`` 0, ``$$`` 1, ``$$3`` 3; what selectors leave."""

    text: str
    number: int | None = None
    back: int = 0
    selectors: tuple[Selector, ...] = ()


class Kept(NamedTuple):
    """What was printed, as it was asked for: a number, a text, a tensor, or several of these."""

    text: str
    value: Any


class History:
    """Values in the order of printing, counted from 1."""

    def __init__(self) -> None:
        self._kept: list[Kept] = []

    def copied(self) -> History:
        """The values so far, to which others may be added apart."""
        twin = History()
        twin._kept = list(self._kept)
        return twin

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Kept]:
        return iter(self._kept)

    def keep(self, text: str, value: Any) -> int:
        """Keep a value under the next number, which is returned."""
        self._kept.append(Kept(text, value))
        return len(self._kept)

    def find(self, wanted: Earlier) -> Any:
        """The value that is meant.

        Raises:
            ExpressionError: so many were not printed.
        """
        number = len(self) - wanted.back if wanted.number is None else wanted.number
        if not 1 <= number <= len(self):
            known = _("there are $1 to ${n}").format(n=len(self)) if self._kept else _("print keeps them")
            raise ExpressionError(_("there is no value {name}; {known}").format(name=wanted.text, known=known))
        return self._kept[number - 1].value
