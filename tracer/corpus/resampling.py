"""Bootstrap intervals: sentences are drawn again and again, with replacement, and what their mean would be is seen."""

from __future__ import annotations

import numpy as np

from ..tensor import Array

RESAMPLES = 1000
SHARE = 0.95
"""of the resampled means that an interval holds"""
SEED = 0
AT_ONCE = 1 << 23
"""numbers in memory"""


def intervals(sums: Array, counts: Array, seed: int = SEED) -> Array:
    """[2, group]: the ends of the interval of each mean, of which sentences have ``sums`` and ``counts``.

    Both are [sentence, group]. Sentences are drawn whole, since what they say of their tokens is not independent
    (Efron & Tibshirani 1993, percentile intervals). The same seed draws the same.
    """
    sentences, groups = sums.shape
    slab = max(1, AT_ONCE // max(1, sentences))
    parts = [_of_slab(sums[:, n : n + slab], counts[:, n : n + slab], seed) for n in range(0, groups, slab)]
    return np.concatenate(parts, 1) if parts else np.empty((2, 0))


def _of_slab(sums: Array, counts: Array, seed: int) -> Array:
    sentences, draw = len(sums), np.random.default_rng(seed)
    means = np.empty((RESAMPLES, sums.shape[1]))
    chunk = max(1, AT_ONCE // max(1, sentences))
    for start in range(0, RESAMPLES, chunk):
        n = min(chunk, RESAMPLES - start)
        drawn = draw.integers(0, sentences, (n, sentences)) + sentences * np.arange(n)[:, None]
        often = np.bincount(drawn.ravel(), minlength=n * sentences).reshape(n, sentences).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            means[start : start + n] = (often @ sums) / (often @ counts)
    rest = (1 - SHARE) / 2
    return _quantiles(means, [rest, 1 - rest])


def _quantiles(means: Array, at: list[float]) -> Array:
    """[2, group], of the resamples that have a mean; nan where none has."""
    found = np.full((len(at), means.shape[1]), np.nan)
    for group, column in enumerate(means.T):
        known = column[np.isfinite(column)]
        if known.size:
            found[:, group] = np.quantile(known, at)
    return found
