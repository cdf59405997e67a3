"""Names in a note."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN = 3


def listed(names: Sequence[str]) -> str:
    """The first few of them."""
    return ", ".join([*names[:SHOWN], "…"] if len(names) > SHOWN else names)
