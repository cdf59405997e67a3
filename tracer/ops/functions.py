"""Functions that NumPy lacks: the error function and the logistic one."""

from __future__ import annotations

import math

import numpy as np

from ..tensor import Array


def logistic(x: Array) -> Array:
    """σ(x), so worked out that nothing grows beyond its type."""
    z = np.exp(-np.abs(x))
    found: Array = np.where(x < 0, z, 1) / (1 + z)
    return found


def erf(x: Array) -> Array:
    """The error function to double precision, by Cody's rational approximations (Math. Comp. 23, 1969, 631-637)."""
    z = np.minimum(np.abs(x.astype(np.float64)), 8)  # it is 1 from 6 on
    square = z * z
    small = z * _ratio(square, _SMALL)
    tail = np.exp(-square) * np.where(
        z < 4, _ratio(np.minimum(z, 4), _MIDDLE), _far(np.maximum(z, 4), _ratio(1 / np.maximum(square, 16), _LARGE))
    )
    positive: Array = np.where(z <= 0.46875, small, 1 - tail)
    signed: Array = np.copysign(positive, x).astype(x.dtype)
    return signed


def _far(z: Array, correction: Array) -> Array:
    tail: Array = (1 / math.sqrt(math.pi) - correction / (z * z)) / z
    return tail


def _ratio(x: Array, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Array:
    above, below = coefficients
    return np.polyval(above, x) / np.polyval(below, x)


_SMALL = (
    (
        1.85777706184603153e-1,
        3.16112374387056560e0,
        1.13864154151050156e2,
        3.77485237685302021e2,
        3.20937758913846947e3,
    ),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
_MIDDLE = (
    (
        2.15311535474403846e-8,
        5.64188496988670089e-1,
        8.88314979438837594e0,
        6.61191906371416295e1,
        2.98635138197400131e2,
        8.81952221241769090e2,
        1.71204761263407058e3,
        2.05107837782607147e3,
        1.23033935479799725e3,
    ),
    (
        1.0,
        1.57449261107098347e1,
        1.17693950891312499e2,
        5.37181101862009858e2,
        1.62138957456669019e3,
        3.29079923573345963e3,
        4.36261909014324716e3,
        3.43936767414372164e3,
        1.23033935480374942e3,
    ),
)
_LARGE = (
    (
        1.63153871373020978e-2,
        3.05326634961232344e-1,
        3.60344899949804439e-1,
        1.25781726111229246e-1,
        1.60837851487422766e-2,
        6.58749161529837803e-4,
    ),
    (
        1.0,
        2.56852019228982242e0,
        1.87295284992346047e0,
        5.27905102951428412e-1,
        6.05183413124413191e-2,
        2.33520497626869185e-3,
    ),
)
