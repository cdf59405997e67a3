"""The cells of a record that stand for no padding.

What is computed for padding is of no consequence, and differs with how it is computed.
"""

from __future__ import annotations

import numpy as np

from .run import Run
from .tape import Record
from .tensor import Array, Axis


def unhidden(run: Run, record: Record, *, keys: bool = True) -> Array:
    """False for cells at hidden places: [as the output, or 1 along an axis].

    Without ``keys``, hidden ones count like others, as they do in a mask and in weights.
    """
    dims, shape = record.output.dims, record.output.shape
    found = np.ones((1,) * len(shape), bool)
    for n, (axis, length) in enumerate(zip(dims, shape, strict=True)):
        places = _hidden(run, record, axis, length) if keys or axis.name != "key" else []
        if places:
            kept = np.ones(length, bool)
            kept[places] = False
            found = found & kept.reshape([-1 if i == n else 1 for i in range(len(shape))])
    return found


def _hidden(run: Run, record: Record, axis: Axis, length: int) -> list[int]:
    """The hidden places along an axis, which ends where the text does unless the record says where it starts."""
    if axis.name not in ("position", "query", "key"):
        return []
    text = run.read_along(record, axis)
    first = record.parameters.get("start", len(text) - length)
    return [place - first for place in text.hidden if first <= place < first + length]
