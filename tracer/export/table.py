"""A matrix as comma-separated values, with the labels of its axes."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import IO

import numpy as np

from ..tensor import Axis, Tensor


def write(stream: IO[str], shown: Tensor) -> None:
    """Write a tensor with one or two axes: a line of columns, then one for every row, each after its label or index."""
    array = np.atleast_2d(shown.array)
    rows, columns = shown.dims if shown.array.ndim == 2 else (Axis("", [""]), *shown.dims)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([rows.name, *_names(columns, array.shape[1])])
    writer.writerows([name, *row] for name, row in zip(_names(rows, len(array)), array.tolist(), strict=True))


def _names(axis: Axis, length: int) -> Sequence[str | int]:
    return [axis.number(place) for place in range(length)] if axis.labels is None else axis.labels[:length]


def write_cells(stream: IO[str], tensors: Iterable[tuple[str, Tensor]]) -> None:
    """Write tensors by name: a line for every cell, with its place on each axis."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["address", "index", "value"])
    for name, tensor in tensors:
        places = (",".join(map(str, index)) for index in np.ndindex(tensor.shape))
        writer.writerows(zip(repeat(name), places, tensor.array.ravel().tolist(), strict=False))
