"""Whether the numbers of a run are such as a person likes to work with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ..attribution.attention import is_attention
from ..operation import Trait
from ..ops.activation import Relu
from ..ops.linear import Linear
from ..tape import Record
from ..tensor import Array

CLEAR = 0.5
"""By so much at least the largest logit stands before all others."""
LARGEST = 12.0
SHARE = 0.02
"""Of a key that is seen: no share is so small that two decimals hide it."""
SPREAD = 0.5
"""Of a row that is normalised, at least: the deviation that it is divided by."""
AWAY = 0.05
"""So far from 0, at least, is what a rectifier decides about."""


def are_pleasant(records: Iterable[Record]) -> bool:
    """Whether all of some records are."""
    return all(map(_is_pleasant, records))


def margin(logits: Array) -> int | None:
    """The place of the largest; None where it does not stand clear of the others."""
    *_others, second, first = np.sort(logits)
    return int(logits.argmax()) if first - second >= CLEAR else None


def _is_pleasant(record: Record) -> bool:
    return not np.isnan(record.output.array).any() and all(_demands(record))


def _demands(record: Record) -> Iterator[bool]:
    array = record.output.array
    if is_attention(record):
        seen = array[array > 0]
        yield bool(seen.min() >= SHARE)
        yield array.shape[-1] == 1 or bool(np.ptp(array[:, -1], -1).min() > 0.1)
    elif record.has(Trait.NORM):
        yield bool(record.inputs[0].array.std(-1).min() >= SPREAD)
    elif isinstance(record.op, Relu):
        before = np.abs(record.inputs[0].array)
        yield bool(before.min() >= AWAY) and bool((array > 0).any())
    elif isinstance(record.op, Linear) and record.output.axes[-1] == "vocab":
        yield margin(np.atleast_2d(array)[-1]) is not None
    yield bool(np.abs(array[np.isfinite(array)]).max(initial=0.0) <= LARGEST)
