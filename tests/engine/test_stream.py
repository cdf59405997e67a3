"""The residual stream: in every family, what a sublayer was given stands first, and what it adds second."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracer
from tracer.stream import additions

from .conftest import FIXTURES

REFERENCES = sorted(config.parent for config in FIXTURES.glob("*/config.json"))


@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: path.name)
def test_a_sublayer_adds_what_was_computed_in_it(path: Path) -> None:
    model = tracer.load(path)
    how = {"max_tokens": 1} if "decode" in model.texts.passes else {}
    for step in tracer.trace(model, ids=[7, 11, 12], **how):
        for record in additions(step.tape):
            assert [x.path.startswith(f"{record.scope}.") for x in record.inputs] == [False, True], record.address
