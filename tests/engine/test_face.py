"""The Python face: what a notebook relies on."""

import numpy as np
import pytest

import tracer


@pytest.fixture(scope="module")
def run() -> tracer.Run:
    return tracer.trace(tracer.load("zh-en-tiny"), "我爱你")


def test_a_tensor_is_an_array(run: tracer.Run) -> None:
    tensor = run[2]["decoder.0.cross_attn.weights"]
    assert np.array_equal(np.asarray(tensor), tensor.array)
    assert np.asarray(tensor, np.float64).dtype == np.float64


def test_runs_and_models_show_themselves_in_a_line(run: tracer.Run) -> None:
    assert repr(run) == "<Run of zh-en-tiny: @0 to @4, 'i love you'>"
    assert repr(run.model).startswith("<Model zh-en-tiny: ")


def test_a_run_is_a_sequence_of_steps(run: tracer.Run) -> None:
    assert [step.number for step in run] == [0, 1, 2, 3, 4]
    assert len(run) == 5


@pytest.mark.parametrize(
    "given", [{"text": "我爱你", "ids": [5, 2]}, {"text": "我爱你", "target": "i", "target_ids": [1]}]
)
def test_a_thing_is_given_once(given: dict[str, object]) -> None:
    with pytest.raises(tracer.TraceError, match="one of each"):
        tracer.trace(tracer.load("zh-en-tiny"), **given)
