"""Names in a sentence: the first few, or the first one of so many."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from .i18n import _

SHOWN = 3


def listed(names: Iterable[str], most: int = SHOWN) -> str:
    """The first few of them."""
    first = list(islice(names, most + 1))
    return ", ".join([*first[:most], *["…" for _more in first[most:]]])


def and_more(others: int) -> str:
    """What comes after the name of one where there are others."""
    return _(" (and {n} more)").format(n=others) if others else ""
