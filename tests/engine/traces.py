"""Everything the engine can record, in a few small runs: what the proof of the derivations is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tracer
from tracer.arithmetic import Leaf
from tracer.debugger.cursor import Cursor
from tracer.debugger.expressions import compile_expression
from tracer.debugger.locations import Here
from tracer.edits import edit
from tracer.gradients import objective
from tracer.mistakes import mistake
from tracer.ops.activation import BY_NAME
from tracer.tape import Record, Tape

from .conftest import FIXTURES, Checkpoint, Dtype, file_of
from .workbench import workbench

SOURCE, TARGET = [7, 11, 12, 5, 2], [1, 17, 16, 35]
PADDED = [*SOURCE, 0, 0]
ODD = [7, 2, 2, 0, 3]
"""Positions as nobody would count them."""

SAMPLING = {"strategy": "sample", "temperature": 0.7, "top_k": 9, "top_p": 0.9}
WAYS: dict[str, dict[str, Any]] = {
    "cached": {"cache": True},
    "uncached": {"cache": False},
    "sampled": {**SAMPLING, "cache": True, "seed": 3},
    "searched": {"strategy": "beam", "beams": 2, "length_penalty": 0.7, "cache": False},
    "searched and cached": {"strategy": "beam", "beams": 2, "cache": True},
}


class Trace(NamedTuple):
    """Some records, and how to read again the cell that a leaf of their derivations stands for."""

    name: str
    records: Sequence[Record]
    read: Callable[[Leaf], float]

    @property
    def family(self) -> str:
        """The checkpoint it is of; all random ones count as one."""
        return self.name.split()[0].rstrip("0123456789")


BACK = {
    "cached": "logits[-1, 5] - logits[-1, 6]",
    "uncached": "logits[-1, 5]",
    "sampled": "sum(choice.probs * choice.probs)",
    "searched": "sum(choice.score)",
    "searched and cached": "logits[-1, 5]",
}
"""Numbers whose gradients the last step of a run has behind it, by the way it went."""


def traces(dtype: Dtype, checkpoint: Checkpoint) -> Iterator[Trace]:
    """The reference checkpoints and a random one in every way, that with each activation, and what no model calls."""
    first, *others = [checkpoint(activation=name) for name in BY_NAME]
    for path in [*(config.parent for config in sorted(FIXTURES.glob("*/config.json"))), first]:
        yield from ways(path, dtype)
    for path in others:
        yield forced(tracer.load(path, dtype))
    yield Trace("workbench", *workbench(dtype))


def ways(path: Path, dtype: Dtype) -> Iterator[Trace]:
    """Greedy with and without a cache, sampled, searched, over a padded source, over a given target, and masked."""
    model = tracer.load(path, dtype)
    if "decode" not in model.texts.passes:
        yield from alone(model)
        return
    for way, settings in WAYS.items():
        run = tracer.trace(model, ids=SOURCE, max_tokens=4, **settings).decode()
        yield of_run(f"{path.name} {way}", with_gradients(run, BACK.get(way)))
    yield of_run(f"{path.name} padded", tracer.trace(model, ids=PADDED, max_tokens=2))
    yield forced(model)
    if path.name == "marian_zh_en":
        yield of_run(f"{path.name} edited", with_gradients(edited(model), "sum(loss)"))
    stated: dict[str, Any] = {"mask": [0] * 5}
    if model.texts.takes_positions:
        stated = {"mask": [0, 0, 1, 0, 1], "positions": ODD}
    run = tracer.trace(model, ids=SOURCE, max_tokens=2, cache=True, **stated)
    yield of_run(f"{path.name} stated", with_gradients(run, "logits[-1, 5]", 1))


def forced(model: tracer.Model) -> Trace:
    """A padded source and a given target."""
    run = tracer.trace(model, ids=PADDED, target_ids=TARGET).decode()
    return of_run(f"{model.name} forced", with_gradients(run, "sum(loss)"))


def alone(model: tracer.Model) -> Iterator[Trace]:
    """What an encoder alone makes of a text, padded, and with all stated that can be."""
    padded = [*SOURCE, 1, 0]
    yield of_run(f"{model.name} padded", tracer.trace(model, ids=padded))
    last = max(model.facts.segments, 1) - 1
    segments = [0, 0, last, 0, last] if model.facts.segments else None
    stated = {"mask": [0, 0, 1, 0, 1], "positions": ODD, "segment_ids": segments}
    yield of_run(f"{model.name} stated", tracer.trace(model, ids=SOURCE, **stated))


def with_gradients(run: tracer.Run, text: str | None, number: int | None = None) -> tracer.Run:
    """The run with the gradients of a number over a step, the last one if none is named."""
    if text is not None:
        step = run.step(run.computed if number is None else number).number
        run.record_gradients(step, objective(compile_expression(text), Here(run, Cursor(step, 0))))
    return run


def edited(model: tracer.Model) -> tracer.Run:
    """A run with cells put in, and with one row of a record computed otherwise."""
    edits = edit("decoder.0.ffn.output[1]", 0.5), edit("decoder.0.ffn.residual[2]", mistake("no_residual"))
    return tracer.trace(model, ids=SOURCE, target_ids=TARGET).branch(*edits).decode()


def of_run(name: str, run: tracer.Run) -> Trace:
    """The records of all steps, and of the hypotheses that a search without a cache considered.

    Leaves are read from the run, and parameters from the file on disk.
    """
    stored = file_of(run.model)
    kind = np.dtype(run.model.dtype).type

    def read(leaf: Leaf) -> float:
        if leaf.at is None:
            return float(kind(stored[leaf.path][leaf.index]))
        record = run.at(leaf.at).find(leaf.path)
        assert record.address == leaf.path
        return float(record.output.array[leaf.index])

    tapes = [*(step.tape for step in run.steps), *considered(run)]
    return Trace(name, [record for tape in tapes for record in tape], read)


def considered(run: tracer.Run) -> Iterator[Tape]:
    """The passes of every hypothesis, exactly as the search performed them."""
    if run.in_force.strategy == "beam" and not run.cached:
        yield from (run.at(h.at) for step in run.search.steps for h in step)
