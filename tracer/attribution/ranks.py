"""Whether two sets of scores put the same things first."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..tensor import Array


def rank_correlation(some: Sequence[float] | Array, others: Sequence[float] | Array) -> float:
    """Spearman's ρ of two rows of numbers, equal ones sharing their ranks; without those that either has no number of.

    nan where there are fewer than two left, or all of a row are equal (Spearman 1904).
    """
    a, b = np.asarray(some, np.float64), np.asarray(others, np.float64)
    kept = np.isfinite(a) & np.isfinite(b)
    a, b = _centred(_ranks(a[kept])), _centred(_ranks(b[kept]))
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size else math.nan


def _ranks(row: Array) -> Array:
    """The place of each number in order, the mean of their places for equal ones."""
    _values, which, counts = np.unique(row, return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return ranks


def _centred(row: Array) -> Array:
    centred: Array = row - row.mean() if row.size else row
    return centred
