"""Which sines and cosines a table of positions holds, if it holds some: the families differ in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ...tensor import Array
from .container import ModelFile, Variable

PAPER, HALVES, SHIFTED, TRAINED = "paper", "halves", "shifted", "trained"
"""Sines and cosines in turn, as in the paper; in halves, as Marian has them; in halves with other angles, from a
position other than 0, as tensor2tensor has them; anything else."""
BASE = 10000.0
SAMPLES, MOST_SHIFTED = 24, 8
EXACT = {"F32": 1e-3, "F16": 2e-3, "BF16": 1e-2}
"""How far the numbers of a table may be from sines and cosines, by how they are stored."""


class Table(NamedTuple):
    """What a table is, the position that its first row is for, and whether the file has it."""

    kind: str
    first: int = 0
    is_stored: bool = True


UNSTATED = Table(SHIFTED, 1, is_stored=False)
"""What CTranslate2 computes where the file has no table."""


def table(model: ModelFile, variable: Variable | None) -> Table:
    """What a table of positions holds: rows from its beginning to its end are looked at."""
    if variable is None:
        return UNSTATED
    if len(variable.shape) != 2 or variable.dtype not in EXACT or 0 in variable.shape or variable.shape[1] % 2:
        return Table(TRAINED)
    count, width = variable.shape
    places = np.unique(np.concatenate([np.arange(min(4, count)), np.linspace(0, count - 1, SAMPLES, dtype=int)]))
    with np.errstate(invalid="ignore"):
        found = np.stack([model.numbers(variable, int(place) * width, width) for place in places]).astype(np.float64)
    within = EXACT[variable.dtype]
    return next((kind for kind, rows in _known(places, width) if np.abs(rows - found).max() < within), Table(TRAINED))


def _known(places: Array, width: int) -> Iterator[tuple[Table, Array]]:
    """The rows of every known table at some places."""
    usual = _angles(width // 2, 2 / width)
    yield Table(PAPER), _in_turn(places, usual)
    yield Table(HALVES), _in_halves(places, usual)
    other = _angles(width // 2, 1 / max(width // 2 - 1, 1))
    for first in range(MOST_SHIFTED):
        yield Table(SHIFTED, first), _in_halves(places + first, other)


def _angles(count: int, step: float) -> Array:
    """The angle per position of each pair, in radians."""
    return BASE ** (-step * np.arange(count))


def _in_halves(places: Array, angles: Array) -> Array:
    return np.concatenate([wave(np.outer(places, angles)) for wave in WAVES], axis=1)


def _in_turn(places: Array, angles: Array) -> Array:
    waves = np.stack([wave(np.outer(places, angles)) for wave in WAVES], axis=2)
    return waves.reshape(len(places), -1)


WAVES: tuple[Callable[[Array], Array], ...] = (np.sin, np.cos)
