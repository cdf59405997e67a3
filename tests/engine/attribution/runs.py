"""Runs of the checkpoints among the fixtures, whose methods of attribution must add up."""

from __future__ import annotations

from functools import cache
from typing import Any

import tracer
from tracer.run import Run

from ..conftest import FIXTURES

NAMES = sorted(config.parent.name for config in FIXTURES.glob("*/config.json"))
IDS = [7, 11, 12, 5, 2]
TARGET = [1, 5, 7, 9]


@cache
def model(name: str, dtype: Any = "float64") -> tracer.Model:
    return tracer.load(FIXTURES / name, dtype)


ENCODERS = [name for name in NAMES if model(name).texts.passes == ("encode",)]
DECODING = [name for name in NAMES if name not in ENCODERS]
BOTH = [name for name in DECODING if "encode" in model(name).texts.passes]


def run(name: str, dtype: Any = "float64", **how: Any) -> Run:
    """A run of some ids: of an encoder as it is, else to three tokens unless the output is given."""
    given = {} if name in ENCODERS or "target_ids" in how else {"max_tokens": 3}
    return tracer.trace(model(name, dtype), ids=IDS, **{**given, **how})
