"""Names from files of others."""

from __future__ import annotations


def visible(name: str) -> str:
    r"""A name in which what can't be printed is written out: ``\n``."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)
