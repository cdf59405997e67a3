"""Training steps: as torch makes them, and each number explained. `make_descents.py` says how the values came about."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.descent import Descended, Example, descended
from tracer.errors import AddressError, ExpressionError, InputError
from tracer.gradients import asked
from tracer.tensor import Parameter

from .conftest import FIXTURES, Dtype
from .test_verify import failures

TORCH = json.loads((FIXTURES / "descents.json").read_text(encoding="utf-8"))
LOSS = "sum(loss)"


def given(name: str = "torch_post", dtype: Dtype = "float64") -> tracer.Run:
    model = tracer.load(name if name.startswith("zh") else FIXTURES / name, dtype)
    return tracer.trace(model, ids=TORCH["source"], target_ids=TORCH["target"])


def descent(run: tracer.Run) -> Descended:
    value = run.edits[-1].value
    assert isinstance(value, Descended)
    return value


def numbers(run: tracer.Run, name: str) -> Any:
    found = run.parameters.get(name)
    assert found is not None
    return found.array


def sampled(array: Any) -> list[float]:
    flat = array.reshape(-1)
    return [*flat[:: max(1, len(flat) // TORCH["kept"])], flat[-1]]


def farthest_from_torch(run: tracer.Run, how: str) -> float:
    """The largest difference of a parameter's number."""
    known = TORCH[how]["parameters"].items()
    return max(float(np.max(np.abs(np.subtract(sampled(numbers(run, name)), there)))) for name, there in known)


@pytest.mark.parametrize("how", ["SGD", "Adam"])
def test_three_steps_are_those_of_torch(how: str) -> None:
    run = given()
    losses = [float(run[1]["loss"].array.sum())]
    for _step in range(3):
        run = run.descend(TORCH[how]["rate"], LOSS, how=how)
        losses.append(float(run[1]["loss"].array.sum()))
    assert losses == pytest.approx(TORCH[how]["losses"], abs=1e-9)
    assert farthest_from_torch(run, how) < 1e-8
    assert [edit.number for edit in run.edits] == [1, 2, 3]


def test_three_steps_at_once_in_float32() -> None:
    run = given(dtype="float32").descend(TORCH["SGD"]["rate"], LOSS, times=3)
    assert farthest_from_torch(run, "SGD") < 1e-6
    assert len(run.edits) == 1
    assert (descent(run).start, descent(run).after) == pytest.approx(
        (TORCH["SGD"]["losses"][0], TORCH["SGD"]["losses"][3]), rel=3e-6
    )


def test_the_run_before_stays_as_it_was() -> None:
    run = given("zh-en-tiny")
    before = {name: p.array.copy() for name, p in run.parameters.stored.items()}
    branch = run.descend(0.1, LOSS)
    assert all(np.array_equal(numbers(run, name), array) for name, array in before.items())
    assert branch.parent is run
    assert (branch.computed, branch.source_ids, branch.target_ids) == (1, run.source_ids, run.target_ids)
    assert [failures(branch, n) for n in branch.numbers] == [[], []]


def test_what_has_no_gradient_stays_the_same_and_what_is_tied_moves_as_one() -> None:
    run = given("zh-en-tiny")
    branch = run.descend(0.1, "sum(encoder.0.ffn.hidden)")
    moved = {name for name, p in run.model.parameters.items() if branch.model.parameters[name] is not p}
    assert "encoder.0.ffn.hidden.weight" in moved
    assert not any(name.startswith(("decoder", "encoder.0.ffn.output")) for name in moved)
    tied = given("zh-en-tiny").descend(0.1, LOSS).model.architecture.parameters
    assert tied.logits.weight is tied.decoder.embed.weight


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("gpt2", "h.0.mlp.c_fc.weight"),
        ("gpt2", "h.0.attn.c_attn.weight"),
        ("zh-en-tiny", "decoder.embed.weight"),
        ("mixtral", "model.layers.0.block_sparse_moe.experts.2.w1.weight"),
        ("bart_tied", "model.shared.weight"),
    ],
)
@pytest.mark.parametrize("how", ["sgd", "adam"])
def test_every_moved_number_is_worked_out(name: str, parameter: str, how: str) -> None:
    run = given(name)
    first = run.descend(0.01, LOSS, how=how)
    for branch in (first, first.descend(0.01, LOSS, how=how), first.descend(0.01, LOSS, how=how, times=3)):
        found = branch.parameters.get(parameter)
        assert found is not None
        for place in ((0, 0), (3, 5), (7, 1)):
            cell = found.leaf(*place)
            made = descent(branch).made(cell)
            assert made.expression.evaluate() == pytest.approx(cell.value, abs=1e-12)
            assert [leaf.path for leaf in made.expression.leaves()][:2] == [parameter, f"grad.{parameter}"]


def test_several_texts_at_once() -> None:
    one = given("zh-en-tiny")
    other = tracer.trace(one.model, ids=[9, 5, 2], target_ids=[1, 20, 21])
    rate, name = 0.05, "decoder.0.ffn.hidden.weight"
    both = descended(one, asked(one, 1, LOSS), rate, "SGD", beside=[Example.of(other, asked(other, 1, LOSS))])
    slopes = one.gradient(LOSS)[name].array + other.gradient(LOSS)[name].array
    assert np.allclose(numbers(both, name), numbers(one, name) - rate * slopes, atol=1e-15)
    made = descent(both).made(both.model.parameters[name].leaf(2, 3))
    assert made.expression.evaluate() == pytest.approx(numbers(both, name)[2, 3], abs=1e-12)
    total = sum(float(run[1]["loss"].array.sum()) for run in (one, other))
    assert descent(both).start == pytest.approx(total)


def test_gradients_that_are_there_are_not_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run = given("zh-en-tiny")
    question = asked(run, 1, LOSS)
    run.record_gradients(1, question.objective(run))
    monkeypatch.setattr(tracer.Run, "gradients_of", None)
    assert Example.of(run, question).tape is run.step(1)
    assert descended(run, question, 0.1, "SGD").objective(1) is None


def test_decoding_goes_on_with_the_moved_parameters() -> None:
    run = tracer.trace(tracer.load("zh-en-tiny", "float64"), "我爱你", cache=True)
    branch = run.descend(0.05, '-logprob("like")', step=2, times=5).decode()
    assert branch.text.startswith("like")
    assert [failures(branch, n) for n in branch.numbers] == [[] for _ in branch.numbers]


def test_moved_parameters_hold_in_another_arithmetic() -> None:
    branch = given("zh-en-tiny", "float32").descend(0.1, LOSS)
    wide = descent(branch).changed(tracer.load("zh-en-tiny", "float64"), branch.edits[-1])
    assert wide.dtype == "float64"
    assert all(
        isinstance(p, Parameter) and np.array_equal(p.array, branch.model.parameters[name].array)
        for name, p in wide.parameters.items()
    )


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"rate": 0}, InputError, "the rate is 0; expected a number above 0"),
    ({"rate": -1.0}, InputError, "the rate is -1.0"),
    ({"rate": math.nan}, InputError, "the rate is nan"),
    ({"rate": math.inf}, InputError, "the rate is inf"),
    ({"rate": "much"}, InputError, "the rate is much"),
    ({"how": "newton"}, InputError, "'newton' is none of sgd, adam"),
    ({"times": 0}, InputError, "times is 0; expected a whole number from 1"),
    ({"step": 9}, AddressError, "there is no step @9"),
    ({"expression": "loss"}, ExpressionError, "a derivative is that of one number"),
    ({"expression": "sum(decoder.embed.positions)"}, InputError, "no parameter has a gradient"),
    ({"expression": "1e305 * sum(loss)", "rate": 1e6}, InputError, "would no longer be finite"),
]


@pytest.mark.parametrize(("how", "kind", "told"), WRONG, ids=[told for _how, _kind, told in WRONG])
def test_what_can_not_be_done_is_told_in_a_sentence(how: dict[str, Any], kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told):
        given("zh-en-tiny").descend(**{"rate": 0.1, "expression": LOSS, "step": 1, **how})


@pytest.mark.parametrize(("how", "times", "told"), [("sgd", 1, 1), ("sgd", 9, 2), ("adam", 1, 3), ("adam", 3, 6)])
def test_all_that_is_held_is_counted(how: str, times: int, told: int) -> None:
    run = given("zh-en-tiny")
    value = descent(run.descend(0.01, LOSS, how=how, times=times))
    before = value.examples[0].run.model.parameters.values()
    kept = [array for each in (value.kept, value.moments) for m in each.values() for array in (m.mean, m.square)]
    arrays = {id(array): array for array in [*kept, *(p.array for p in [*value.parameters.values(), *before])]}
    own = {id(p.array) for p in run.model.parameters.values()}
    held = sum(array.nbytes for key, array in arrays.items() if key not in own)
    assert value.bytes == held == told * sum(p.array.nbytes for p in value.parameters.values())


def test_more_than_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.descent.machine_memory", lambda: 100_000)
    with pytest.raises(InputError, match=r"other parameters need 182\.8 kB, which is more memory than there is"):
        given("zh-en-tiny").descend(0.1, LOSS, how="adam")
