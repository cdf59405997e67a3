"""What positions look up: rows of a table, the turns of rotary pairs, the bucket of a distance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..tensor import Array


def bucket(distance: Array, count: int, both_ways: bool, farthest: int) -> Array:
    """The bucket, from 0 to ``count`` − 1, of each distance key − query."""
    side = np.zeros_like(distance)
    if both_ways:
        count //= 2
        side = np.where(distance > 0, count, 0)
        distance = np.abs(distance)
    else:
        distance = np.maximum(-distance, 0)
    exact = count // 2
    ratio = np.log(np.maximum(distance, 1).astype(np.float32) / exact) / math.log(farthest / exact)
    far = np.minimum(exact + (ratio * (count - exact)).astype(distance.dtype), count - 1)
    found: Array = side + np.where(distance < exact, distance, far)
    return found


def at(positions: Sequence[int], table: Array) -> Array:
    """The rows of a table [position, …]: a view where they follow each other."""
    return table[positions.start : positions.stop] if isinstance(positions, range) else table[list(positions)]


def further(positions: Sequence[int], offset: int) -> Sequence[int]:
    """Each position so many further on."""
    if isinstance(positions, range):
        return range(positions.start + offset, positions.stop + offset)
    return [place + offset for place in positions]


def numbers(positions: Sequence[int]) -> Array:
    """The positions as an array."""
    return np.arange(positions.start, positions.stop) if isinstance(positions, range) else np.asarray(positions)


def room(positions: Sequence[int]) -> int:
    """The length of a table that serves these positions, so that few tables are made as a text grows."""
    last = positions.stop - 1 if isinstance(positions, range) else max(positions)
    return 1 << max(6, last.bit_length())


@lru_cache(maxsize=16)
def turns(length: int, frequencies: tuple[float, ...], scale: float, dtype: np.dtype[Any]) -> Array:
    """[position, cos or sin, pair of features] of position · frequency, times the scale."""
    angle = np.arange(length)[:, None] * np.asarray(frequencies)
    return (scale * np.stack([np.cos(angle), np.sin(angle)], 1)).astype(dtype)


def turned(x: Array, turns: Array) -> Array:
    """Features i and i + n/2 of x [head, position, d_k] turned, by what `turns` has of each position."""
    cos, sin = turns[:, 0], turns[:, 1]
    half = cos.shape[-1]
    left, right, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
    return np.concatenate([left * cos - right * sin, right * cos + left * sin, rest], -1)
