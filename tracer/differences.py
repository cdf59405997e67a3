"""Where two arrays differ most: the one way to say it, for whoever holds two things against each other."""

from __future__ import annotations

import math

import numpy as np

from .namedtuple import NamedTuple
from .tensor import AT_ONCE, Array


class Difference(NamedTuple):
    """One cell of two arrays of the same shape, with its value in each."""

    place: tuple[int, ...]
    here: float
    there: float

    @property
    def size(self) -> float:
        """How far apart they are; infinite where one of them is no number, or they are not the same infinity."""
        if _are_same(self.here, self.there):
            return 0.0
        size = abs(self.here - self.there)
        return math.inf if math.isnan(size) else size

    @property
    def relative(self) -> float:
        """The same as a share of the larger of the two."""
        largest = max(abs(self.here), abs(self.there))
        return self.size / largest if 0 < largest < math.inf else self.size


def farthest(here: Array, there: Array) -> Difference | None:
    """The cell in which two arrays of one shape differ most, the first of several; None where they have no cells.

    Two equal infinities do not differ, and nor do two nan; any other cell with one of these differs infinitely.
    """
    if not here.size:
        return None
    ours, theirs = here.reshape(-1), there.reshape(-1)
    most, where = -1.0, 0
    for start in range(0, here.size, AT_ONCE):
        found = sizes(ours[start : start + AT_ONCE], theirs[start : start + AT_ONCE])
        if found.max() > most:
            most, where = float(found.max()), start + int(found.argmax())
    place = tuple(map(int, np.unravel_index(where, here.shape)))
    return Difference(place, float(here[place]), float(there[place]))


def sizes(here: Array, there: Array) -> Array:
    """How far apart the cells of two arrays of one shape are, each as `Difference.size` has it."""
    with np.errstate(invalid="ignore", over="ignore"):
        found = np.abs(here.astype(np.float64) - there)
    return np.where(same(here, there), 0.0, np.nan_to_num(found, nan=np.inf, posinf=np.inf))


def same(here: Array, there: Array) -> Array:
    """Which cells of two arrays of one shape do not differ."""
    found: Array = (here == there) | (np.isnan(here) & np.isnan(there))
    return found


def _are_same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))
