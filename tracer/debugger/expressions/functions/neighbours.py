"""Functions of attention: what each query gives to the keys beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....errors import InputError
from ....i18n import _
from ....stack import Ragged
from ....tensor import Array, Axis, Tensor
from .kinds import OfValue, function


@function("previous", OfValue)
def previous(x: Any) -> Any:
    """What each query gives to the key just before it.

    [head, query, key] -> [head, query]. A query that has none there is nan. Queries and keys are of the same tokens.

    (tx) print previous(enc.0.self.weights)
    (tx) print previous(dec.*.self.weights[:, -1:])
    """
    return _beside(x, -1)


@function("next", OfValue)
def next_(x: Any) -> Any:
    """What each query gives to the key just after it.

    [head, query, key] -> [head, query]. A query that has none there is nan. Queries and keys are of the same tokens.

    (tx) print next(enc.0.self.weights)
    """
    return _beside(x, 1)


def _beside(x: Any, far: int) -> Any:
    """[…, query, key] -> […, query]: the cells so many keys from each query."""
    if not isinstance(x, Tensor) or isinstance(x, Ragged) or x.axes[-2:] != ("query", "key"):
        raise InputError(_("queries and keys are wanted, as the last axes"))
    own = _own_keys(x.dims[-2], x.dims[-1], x.shape[-2], x.shape[-1])
    if own is None:
        raise InputError(_("queries and keys are of different tokens"))
    places = own + far
    there = (places >= 0) & (places < x.shape[-1])
    found = np.take_along_axis(x.array, _as_index(np.where(there, places, 0), x.shape), -1)[..., 0]
    return Tensor(np.where(there, found, np.nan), x.dims[:-1])


def _as_index(places: Array, shape: Sequence[int]) -> Array:
    """[query] -> […, query, 1]"""
    return np.broadcast_to(places[:, None], (*shape[:-1], 1))


def _own_keys(query: Axis, key: Axis, queries: int, keys: int) -> Array | None:
    """[query]: the place of the key that is of the same token; None where there are none.

    A pass that keeps what came before has queries of the last keys alone.
    """
    numbers = np.array([query.number(n) for n in range(queries)]) - key.number(0)
    candidates = np.arange(keys - queries, keys), numbers
    return next((places for places in candidates if _are_same(query, key, places, keys)), None)


def _are_same(query: Axis, key: Axis, places: Array, keys: int) -> bool:
    if places.min(initial=0) < 0 or places.max(initial=0) >= keys:
        return False
    if query.labels is None or key.labels is None:
        return query.labels is key.labels
    labels = key.labels
    return [labels[place] for place in places.tolist()] == list(query.labels)
