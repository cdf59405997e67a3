"""The decoder reads each layer of the encoder; the last is the run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tracer
from tracer.addresses import At
from tracer.attribution.decoderlens import decoderlens
from tracer.errors import AddressError, InputError
from tracer.passes import Across

from .runs import BOTH, TARGET, run

WAYS: dict[str, dict[str, Any]] = {
    "with a cache": {"cache": True},
    "without": {"cache": False},
    "given": {"target_ids": TARGET},
    "beams": {"strategy": "beam", "beams": 2},
    "drawn": {"strategy": "sample", "seed": 3},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", BOTH)
def test_the_last_layer_of_every_family_is_the_run(name: str, way: str) -> None:
    traced = run(name, **WAYS[way])
    for step in {1, traced.computed}:
        probs = traced.step(step)["probs"].array
        found = decoderlens(traced, step=step)
        assert found.gap == 0
        assert found.likeliest.ids[-1].tolist() == probs.argmax(-1).tolist()
        assert found.likeliest.probs[-1].tolist() == probs.max(-1).tolist()
        assert len(found.layers) == len(found.likeliest.ids)


@pytest.mark.parametrize("name", ["marian_zh_en", "t5_v1_0"])
def test_the_whole_output_of_the_last_layer_is_that_of_the_run(name: str) -> None:
    traced = run(name)
    found = decoderlens(traced, whole=True)
    assert found.outputs[-1] == traced.text
    assert len(found.outputs) == len(found.layers)


def test_an_earlier_layer_goes_through_the_last_norm_of_the_encoder() -> None:
    """Held against a pass made by hand, with a memory made by hand."""
    traced = run("t5_v1_0", cache=False)
    encoded = traced.step(0)
    norm = encoded.find("encoder.norm")
    memory = norm.op.forward(encoded.find("encoder.0.output").output, **norm.parameters)
    here = traced.pass_at(At(3))
    assert here.across is not None
    changed = Across(memory, here.across.text)
    tape = here.tape()
    traced.model.architecture.decode(tape, here.text, changed.memory, changed.text, here.start)
    found = decoderlens(traced, step=3)
    np.testing.assert_array_equal(found.likeliest.probs[1], tape["probs"].array.max(-1))


def test_the_run_stays_as_it_is_and_edits_of_it_hold() -> None:
    traced = run("marian_zh_en")
    before = traced.step(2)["logits"].array.copy()
    branch = traced.branch(tracer.edit("encoder.0.self_attn.heads[h1]", 0.0)).decode()
    assert decoderlens(branch).gap == 0
    decoderlens(traced)
    assert np.array_equal(traced.step(2)["logits"].array, before)
    assert not traced.edits


@pytest.mark.parametrize("name", ["gpt2", "bert"])
def test_a_model_of_one_stack_has_none(name: str) -> None:
    with pytest.raises(InputError, match="no decoder that reads an encoder"):
        decoderlens(run(name))


def test_what_can_not_be_had_is_told() -> None:
    with pytest.raises(InputError, match="the output is given here"):
        decoderlens(run("marian_zh_en", target_ids=TARGET), whole=True)
    with pytest.raises(AddressError, match="step @0 is the encoder's"):
        decoderlens(run("marian_zh_en"), step=0)
    with pytest.raises(AddressError):
        decoderlens(run("marian_zh_en"), step=99)
