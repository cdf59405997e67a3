"""Whole numbers that a dump holds: the ids that went in, and those that decoding has yielded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from pathlib import Path

import numpy as np

from ..dumps.dump import Entry
from ..dumps.evidence import Evidence, Printed, Values
from ..errors import InputError
from ..i18n import _
from ..tensor import Array

Ids = Sequence[int]

LARGEST = 2**31
"""No id, place or mark of a mask is as large."""


def reader_of(evidence: Evidence) -> Callable[[], Array] | None:
    """What reads every number exactly, if every one is there so; text has whole numbers so."""
    if isinstance(evidence, Values):
        return evidence.read
    if isinstance(evidence, Printed) and len(evidence.values) == prod(evidence.shape) and not evidence.half.any():
        return partial(_laid_out, evidence)
    return None


def _laid_out(evidence: Printed) -> Array:
    """The numbers of a text in their places."""
    found = np.zeros(evidence.shape)
    found[tuple(evidence.places.T)] = evidence.values
    return found


def rows(entry: Entry, file: Path) -> list[Ids]:
    """The rows of a list of whole numbers, or of a table of them.

    Raises:
        InputError: it is something else.
    """
    read = reader_of(entry.evidence)
    array = np.zeros(0) if read is None or len(entry.evidence.shape) not in (1, 2) else read()
    with np.errstate(invalid="ignore"):
        is_whole = array.size > 0 and bool((np.abs(array) < LARGEST).all()) and np.array_equal(array, np.rint(array))
    if not is_whole:
        told = _("{file}: {name} is no list of whole numbers, or of rows of them: its shape is {shape}")
        raise InputError(told.format(file=file.name, name=entry.name, shape=list(entry.evidence.shape)))
    return [list(map(int, row)) for row in np.atleast_2d(array)]
