"""One pass of each checkpoint over the ids of its reference, and what its records may be called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from safetensors.numpy import load_file

import tracer
from tracer.comparing.meaning import find
from tracer.comparing.names import known
from tracer.tape import Record
from tracer.tensor import Array

from ..conftest import FIXTURES

FAMILIES = sorted(path.parent.name for path in FIXTURES.glob("*/reference.safetensors"))


@cache
def reference(name: str) -> Mapping[str, Array]:
    """What another implementation computed."""
    return load_file(FIXTURES / name / "reference.safetensors")


@cache
def run_of(name: str) -> tracer.Run:
    """The same here."""
    stored, model = reference(name), tracer.load(FIXTURES / name)
    source, target, segments = (
        next((stored[ids][0].tolist() for ids in names if ids in stored), None)
        for names in (("input_ids", "source_ids"), ("decoder_input_ids", "target_ids"), ("token_type_ids",))
    )
    target = model.texts.unstated if target is None else target
    return tracer.Run(model, source, target_ids=target, segments=segments).decode()


@cache
def names_of(name: str) -> Mapping[str, Sequence[Record]]:
    """What the records may be called."""
    return known(run_of(name))


def addresses(name: str, called: str) -> list[str]:
    """Of which records something may be that is called so, the likeliest first."""
    records, call = find(called, names_of(name))
    return [record.output.address for record in records[call:] or records[-1:]]
