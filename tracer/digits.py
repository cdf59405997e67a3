"""Whole numbers as they are written, of a length that is worth reading."""

from __future__ import annotations

MOST_DIGITS = 9
"""More are those of no number that anything here has; zeros before them count for nothing."""


def whole_number(text: str) -> int | None:
    """The number, from 0, that digits are; None for anything else, and for one that is too long to be any."""
    is_one = text.isascii() and text.isdigit() and len(text.lstrip("0")) <= MOST_DIGITS
    return int(text.lstrip("0") or "0") if is_one else None
