"""The visible window: which places of an axis are shown, chosen before anything is formatted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from .dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Hidden:
    """Places left out of the middle of an axis, ``start`` to ``stop``."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


Shown = int | Hidden


def window(n: int, room: int, keep: Iterable[int] = ()) -> list[Shown]:
    """Head and tail of ``n`` places, and those to keep, in at most ``room`` slots; a `Hidden` takes one.

    Kept places and the first one are shown even where the room is too small for anything else.
    """
    if n <= room:
        return list(range(n))
    seen = {place % n for place in keep} or {0}
    for place in _inwards(n, room):
        if _slots(seen | {place}, n) > room:
            break
        seen.add(place)
    return list(_with_gaps(sorted(seen), n))


def places(shown: Sequence[Shown]) -> list[int]:
    """The places of a window that are seen."""
    return [place for place in shown if not isinstance(place, Hidden)]


def _inwards(n: int, room: int) -> Iterator[int]:
    for i in range(min(room, (n + 1) // 2)):
        yield i
        yield n - 1 - i


def _slots(seen: set[int], n: int) -> int:
    return sum(1 for _ in _with_gaps(sorted(seen), n))


def _with_gaps(seen: Sequence[int], n: int) -> Iterator[Shown]:
    for before, place in pairwise([-1, *seen, n]):
        if place - before == 2:
            yield before + 1
        elif place - before > 2:
            yield Hidden(before + 1, place)
        if place < n:
            yield place
