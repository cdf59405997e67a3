"""What ports compute, of one text by each checkpoint: as ours does, or with a mistake in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

import tracer
from tracer.comparing.comparison import Comparison, compare
from tracer.mistakes import mistake
from tracer.tensor import Array

from ...dumped import dump, recorded
from ..conftest import FIXTURES

SOURCE, TARGET = [7, 11, 12, 5, 2], [9, 4, 17, 16]


@cache
def run_of(name: str, *hidden: int) -> tracer.Run:
    """One pass of a checkpoint, with some places of the source hidden by a mask."""
    model = tracer.load(FIXTURES / name)
    mask = [int(place not in hidden) for place in range(len(SOURCE))] if hidden else None
    start = model.facts.pad_id if "encode" in model.texts.passes else None
    target = TARGET if start is None else [start, *TARGET]
    return tracer.trace(model, ids=SOURCE, target_ids=target, mask=mask)


@cache
def numbers(name: str, wrong: str = "", at: str = "**", hidden: tuple[int, ...] = ()) -> Mapping[str, Array]:
    """What a port computes, by address: with a mistake at some addresses, if one is named."""
    run = run_of(name, *hidden)
    edits = [tracer.edit(at, mistake(wrong, run.model.named))] if wrong else []
    return recorded(run.branch(*edits).decode() if edits else run)


def held(name: str, arrays: Mapping[str, Array], kind: str = "values", **options: Any) -> Comparison:
    """A checkpoint against some arrays of a port, of the kind of evidence that is named."""
    run = run_of(name)
    return compare(run.model, dump(run, arrays, kind), **options)


def tampered(arrays: Mapping[str, Array], address: str, by: float = 1e-2) -> dict[str, Array]:
    """The same, one number of one array changed."""
    found = {**arrays, address: np.array(arrays[address])}
    found[address].flat[-1] += by
    return found


def states(comparison: Comparison) -> dict[str, str]:
    """What became of every tensor that does not agree, by address."""
    return {check.address: check.state for check in comparison.beyond}
