"""Numbers as text: fixed decimals, a power of ten only on demand, nothing rounded to a zero it is not."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..tensor import Statistics, Tensor
from .page import DECIMALS, Page


def decimals_of(tensor: Tensor, measured: int = DECIMALS) -> int:
    """How many decimals a kind of tensor is shown with: none for ids, ``measured`` for all else."""
    return measured if np.issubdtype(tensor.array.dtype, np.floating) else 0


class Notation:
    """How numbers are written: so many decimals, or as many as is usual on a page.

    A non-zero that would round to zero is ``<.001`` or ``>-.001``. With ``marks_zero`` an exact zero is the page's
    sign for it, standing at the place of the units.
    """

    def __init__(self, page: Page, decimals: int | None = None, *, marks_zero: bool = False) -> None:
        self.decimals = decimals = page.decimals if decimals is None else decimals
        self._format = f".{decimals}{'e' if page.exponent else 'f'}"
        zero = format(0.0, self._format)
        mark = page.glyphs.zero + " " * (len(zero) - 1)
        least = "." + "0" * (decimals - 1) + "1" if decimals else "1"
        self._zero = mark if marks_zero else zero
        self._odd = {
            zero: f"<{least}",
            f"-{zero}": f">-{least}",
            "inf": page.text("∞"),
            "-inf": page.text("−∞"),
            "nan": "nan",
        }

    def __call__(self, value: float) -> str:
        text = format(value, self._format)
        if text in self._odd:
            return self._odd[text] if value != 0 else self._zero
        return text

    def all(self, values: Sequence[float]) -> list[str]:
        """Each of some values."""
        texts = [format(value, self._format) for value in values]
        return texts if self._odd.keys().isdisjoint(texts) else [self(value) for value in values]

    def width(self, statistics: Statistics) -> int:
        """The cells that any number within a tensor's range needs."""
        extremes = [x for x in (statistics.min, statistics.max, *([-np.inf] if statistics.nonfinite else [])) if x == x]
        return max(len(self._odd[format(0.0, self._format)]), *map(len, self.all(extremes)), 1)

    def precisely(self, value: float) -> str:
        """A number in an argument: zero is 0, what would round to it gets decimals for two digits."""
        text = self(value) if value else "0"
        if text[:1] not in "<>" or abs(value) < 1e-9:
            return text
        return format(value, f".{1 - math.floor(math.log10(abs(value)))}f")
