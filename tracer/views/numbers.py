"""Numbers as text: fixed decimals, nothing rounded to a zero it is not, a power of ten on demand or far from 1."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from ..tensor import Statistics, Tensor
from .page import DECIMALS, Page


def decimals_of(tensor: Tensor, measured: int = DECIMALS) -> int:
    """How many decimals a kind of tensor is shown with: none for ids, ``measured`` for all else."""
    return measured if np.issubdtype(tensor.array.dtype, np.floating) else 0


def legible(page: Page, values: Iterable[float], decimals: int | None = None) -> Page:
    """The page for some numbers, or the ends of their range: with powers of ten where all of them are small.

    Small are those of which so many decimals show one digit at most; zeros alone are not, nor is anything where
    somebody has chosen the decimals, or a whole number.
    """
    decimals = page.decimals if decimals is None else decimals
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    is_small = not page.is_told and decimals > 0 < largest < 10.0 ** (1 - decimals)
    return replace(page, exponent=True) if is_small else page


HUGE = 1e15
"""From here on a double has no decimals left, and a table has powers of ten."""

LARGE, SMALL = 1e7, 1e-5
"""An argument has powers of ten from the one on, and below the other."""

_FEWEST, _FURTHER = 2, 4
_HALF = 0.5 + 1e-6
_WRITTEN_OUT, _HELD = 9, 15


class Notation:
    """How numbers are written: so many decimals, or as many as is usual on a page.

    A non-zero that would round to zero is ``<.001`` or ``>-.001``. With ``marks_zero`` an exact zero is the page's
    sign for it, standing at the place of the units.
    """

    def __init__(self, page: Page, decimals: int | None = None, *, marks_zero: bool = False) -> None:
        self._page = page
        self.decimals = decimals = page.decimals if decimals is None else decimals
        self.digits = max(_FEWEST, decimals)
        """The fewest of a small number in an argument."""
        self._power = f".{decimals}e"
        self._format = self._power if page.exponent else f".{decimals}f"
        zero = format(0.0, self._format)
        mark = page.glyphs.zero + " " * (len(zero) - 1)
        plain = "0" if page.exponent else zero
        least = "." + "0" * (decimals - 1) + "1" if decimals else "1"
        self._zero = mark if marks_zero else plain
        self._odd = {
            zero: f"<{least}",
            f"-{zero}": f">-{least}",
            "inf": page.text("∞"),
            "-inf": page.text("−∞"),
            "nan": "nan",
        }

    def finer(self, more: int) -> Notation:
        """The same with so many decimals more."""
        return type(self)(self._page, self.decimals + more)

    def __call__(self, value: float) -> str:
        text = format(value, self._format if abs(value) < HUGE else self._power)
        if text in self._odd:
            return self._odd[text] if value != 0 else self._zero
        return text

    def all(self, values: Sequence[float]) -> list[str]:
        """Each of some values."""
        texts = [format(value, self._format) for value in values]
        is_usual = self._odd.keys().isdisjoint(texts) and max(map(abs, values), default=0.0) < HUGE
        return texts if is_usual else [self(value) for value in values]

    def alone(self, value: float) -> str:
        """A number that stands by itself: a small one with its digits, unless somebody has chosen the decimals."""
        is_small = legible(self._page, [value], self.decimals) is not self._page
        return self.precisely(value) if is_small else self(value)

    def width(self, statistics: Statistics) -> int:
        """The cells that any number within a tensor's range needs."""
        ends = [x for x in (statistics.min, statistics.max) if math.isfinite(x)]
        longest = [math.copysign(min(abs(x), HUGE / 10), x) for x in ends]
        texts = self.all([*ends, *longest, *([-np.inf] if statistics.nonfinite else [])])
        return max(len(self._odd[format(0.0, self._format)]), *map(len, texts), 1)

    def precisely(self, value: float) -> str:
        """A number in an argument: zero is 0, a small one has as many digits as others have decimals.

        A large one has no more than a few in all: a float32 holds seven.
        """
        if not value or not math.isfinite(value) or self._page.exponent:
            return self(value) if value else "0"
        if not SMALL <= abs(value) < LARGE:
            return format(value, f".{self.digits - 1}e")
        after = self.digits - 1 - math.floor(math.log10(abs(value)))
        return format(value, f".{max(after, min(self.decimals, after + _FURTHER))}f")


def magnitude(difference: float) -> str:
    """How large a difference is, by two digits and a power of ten."""
    return f"{difference:.1e}" if difference else "0"


def comes_out(read: float, text: str) -> bool:
    """Whether a value is, to the digits shown, the number that stands there; nothing is asked of what isn't finite."""
    off = abs(read - float(text))
    return not math.isfinite(off) or off <= 10.0 ** -places(text) * _HALF


def places(text: str) -> int:
    """How many places after the point the last digit of a number stands; below 0 where it stands before it."""
    exponent = Decimal(text).as_tuple().exponent
    assert isinstance(exponent, int)
    return -exponent


def to_unit(value: float, text: str) -> str:
    """A number to the last digit of another, by its power of ten where one of them is too far from 1 to be written out.

    Nothing where it has no such digit, or more than a double holds.
    """
    if 0 <= places(text) <= _WRITTEN_OUT and abs(value) < LARGE:
        return f"{round(value, places(text)) + 0.0:.{places(text)}f}"
    after = places(text) + math.floor(math.log10(abs(value))) if value and math.isfinite(value) else -1
    return f"{value:.{after}e}" if 0 <= after < _HELD else ""
