"""Two sequences beside each other, by what they have in common."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import lru_cache
from itertools import takewhile, zip_longest

import numpy as np

from .tensor import Array

Pair = tuple[int | None, int | None]
"""A place of each of two sequences, None where it has none beside the other's."""


def common(left: Sequence[Hashable], right: Sequence[Hashable]) -> Sequence[tuple[int, int]]:
    """The places of a longest common subsequence in both; of several, one that begins as early as it can."""
    return _common(tuple(left), tuple(right))


def beside(left: Sequence[Hashable], right: Sequence[Hashable]) -> Iterator[Pair]:
    """Every place of both, in order: those in common together, and what lies between side by side as far as it goes."""
    here = there = 0
    for i, j in common(left, right):
        yield from zip_longest(range(here, i), range(there, j))
        yield i, j
        here, there = i + 1, j + 1
    yield from zip_longest(range(here, len(left)), range(there, len(right)))


@lru_cache(maxsize=32)
def _common(left: tuple[Hashable, ...], right: tuple[Hashable, ...]) -> Sequence[tuple[int, int]]:
    head = _shared(left, right)
    tail = _shared(left[head:][::-1], right[head:][::-1])
    n, m = len(left) - tail, len(right) - tail
    inner = [(head + i, head + j) for i, j in _walked(left[head:n], right[head:m])]
    return [*((i, i) for i in range(head)), *inner, *((n + i, m + i) for i in range(tail))]


def _shared(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """How many places both have in common from the beginning."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))))


def _walked(left: Sequence[Hashable], right: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """From the beginning, always to where as much as possible is still in common."""
    longest, i, j = _longest(left, right), 0, 0
    while i < len(left) and j < len(right):
        if left[i] == right[j]:
            yield i, j
            i, j = i + 1, j + 1
        elif longest[i + 1, j] >= longest[i, j + 1]:
            i += 1
        else:
            j += 1


def _longest(left: Sequence[Hashable], right: Sequence[Hashable]) -> Array:
    """[n + 1, m + 1]: how many places what is left of both from there has in common at most."""
    numbers = {thing: number for number, thing in enumerate([*left, *right])}
    found = np.zeros((len(left) + 1, len(right) + 1), np.int32)
    others = np.array([numbers[thing] for thing in right], np.int64)
    for i in reversed(range(len(left))):
        after = found[i + 1]
        with_this = np.where(others == numbers[left[i]], after[1:] + 1, after[:-1])
        found[i, :-1] = np.maximum.accumulate(with_this[::-1])[::-1]
    return found
