"""What holds passes, and what does not is caught."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import tracer
from tracer.addresses import At, Index, Span
from tracer.gradients import asked
from tracer.past import Rows
from tracer.tape import Record
from tracer.tensor import Tensor
from tracer.verify import EVERY, SAMPLE, Check, cells, together, verify

from .conftest import FIXTURES, Dtype

REFERENCES = sorted(config.parent for config in FIXTURES.glob("*/config.json"))
SOURCE = [7, 11, 12, 5, 2]


def failing(run: tracer.Run, number: int, records: list[Record] | None = None) -> list[str]:
    """The names of the checks that do not hold for a step, or for some of its records."""
    checks = verify(run, run.step(number).records if records is None else records)
    return [check.name for check in checks if check.failures]


def failures(run: tracer.Run, number: int) -> list[str]:
    return [failure for check in verify(run, run.step(number).records) for failure in check.failures]


@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: path.name)
def test_every_step_of_the_reference_checkpoints_holds(path: Path, dtype: Dtype) -> None:
    """In float32 with the cache, in float64 without."""
    model = tracer.load(path, dtype)
    how: dict[str, Any] = {"max_tokens": 2, "cache": dtype == "float32"} if "decode" in model.texts.passes else {}
    run = tracer.trace(model, ids=SOURCE, **how)
    for step in (run.steps[0], run.steps[-1]):
        assert failures(run, step.number) == []


@pytest.mark.parametrize("name", ["zh-en", "zh-en-tiny", "zh-en-unmasked"])
def test_every_step_of_the_built_in_models_holds(name: str) -> None:
    run = tracer.trace(tracer.load(name), "我爱你", cache=name == "zh-en")
    for step in run.steps:
        assert failures(run, step.number) == []


def test_sampled_searched_padded_and_given_outputs_hold(random_model: tracer.Model) -> None:
    ways: list[dict[str, Any]] = [
        {"strategy": "sample", "temperature": 0.7, "top_k": 9, "top_p": 0.9, "seed": 1, "max_tokens": 2},
        {"strategy": "beam", "beams": 2, "max_tokens": 2},
        {"target_ids": [1, 17, 16]},
    ]
    for how in ways:
        run = tracer.trace(random_model, ids=[*SOURCE, 0, 0], **how)
        assert [failures(run, step.number) for step in run.steps] == [[] for _ in run.steps]


@pytest.mark.parametrize("name", ["marian_zh_en", "gpt2", "t5_v1_1"])
def test_the_pass_of_every_hypothesis_holds(name: str, dtype: Dtype) -> None:
    """In float32 with the cache, in float64 without."""
    model = tracer.load(FIXTURES / name, dtype)
    run = tracer.trace(model, ids=SOURCE, strategy="beam", beams=2, max_tokens=2, cache=dtype == "float32")
    for h in (h for step in run.search.steps for h in step):
        assert [check.failures for check in verify(run, run.at(h.at).records)] == [[]] * 6, h.name


@pytest.mark.parametrize("cache", [True, False])
def test_what_a_hypothesis_does_not_have_from_its_parent_is_caught(random_model: tracer.Model, cache: bool) -> None:
    run = tracer.trace(random_model, ids=SOURCE, strategy="beam", beams=2, max_tokens=2, cache=cache)
    record = run.at(At(2, 1)).find("choice.log_prob")
    log_p, before = record.inputs
    record.inputs = log_p, Tensor(before.array + 0.01, (), before.path, before.at)
    record.output = record.op.forward(*record.inputs, **record.parameters)
    record.output.path, record.output.at = "choice.log_prob", At(2, 1)
    (failure,) = verify(run, [record])[0].failures
    assert f"from {before.address}, where something else stands" in failure


@pytest.fixture
def run(random_model: tracer.Model) -> tracer.Run:
    """A fresh run, to be tampered with."""
    return tracer.trace(random_model, ids=SOURCE, max_tokens=3, cache=True)


def checked(run: tracer.Run, number: int) -> dict[str, Check]:
    return {check.name: check for check in verify(run, run.step(number).records)}


def test_it_says_how_much_was_checked(run: tracer.Run) -> None:
    found, tape = checked(run, 2), run.step(2)
    assert found["derivation"].checked == sum(len(cells(record)) for record in tape)
    assert found["softmax adds up to 1"].checked == sum(
        record.output.array[..., 0].size for record in tape if record.op.name == "softmax"
    )
    assert 0 < found["cached against uncached"].checked <= len(tape)
    assert found["derivation"].at
    assert checked(run, 0)["cached against uncached"].checked == 0


def test_the_cells_of_a_large_tensor_are_the_same_each_time(run: tracer.Run) -> None:
    large = run.step(2).find("probs")
    assert large.output.array.size > EVERY
    assert len(cells(large)) == SAMPLE
    assert cells(large) == cells(large)
    small = run.step(2).find("decoder.0.self_attn.scores")
    assert len(cells(small)) == small.output.array.size


def test_selectors_leave_the_cells_that_are_checked(run: tracer.Run) -> None:
    weights = run.step(2).find("decoder.0.cross_attn.weights")
    _heads, queries, keys = weights.output.shape
    assert cells(weights, [Index(0), Index(-1)]) == [(0, queries - 1, key) for key in range(keys)]
    found = {check.name: check.checked for check in verify(run, [weights], [Index(0), Index(0), Span(1, 3)])}
    assert found["derivation"] == 2
    assert found["softmax adds up to 1"] == 1
    large = run.step(2).find("probs")
    assert {cell[1] < 100 for cell in cells(large, [Index(0), Span(0, 100)])} == {True}


def test_checks_of_several_subjects_are_one_each() -> None:
    one, other = Check("a", "cells", 3, 0.5, "x", ["y"]), Check("a", "cells", 4, 0.25, "z", [])
    assert together([[one], [other]]) == [Check("a", "cells", 7, 0.5, "x", ["y"])]


def tamper(record: Record, index: tuple[int, ...], value: float) -> None:
    """Change one recorded cell behind the program's back."""
    changed = record.output.array.copy()
    changed[index] = value
    record.output.array = changed


@pytest.mark.parametrize(
    ("address", "index"),
    [
        ("decoder.0.self_attn.scores", (1, 0, 1)),
        ("decoder.0.ffn.hidden", (0, 5)),
        ("decoder.1.ffn.norm", (0, 3)),
        ("logits", (0, 77)),
        ("decoder.embed.tokens", (0, 2)),
    ],
)
def test_a_corrupted_cell_is_caught(run: tracer.Run, address: str, index: tuple[int, ...]) -> None:
    record = run.step(2).find(address)
    tamper(record, index, float(record.output.array[index]) + 1)
    assert "performed again" in failing(run, 2)
    [said] = [check for check in verify(run, [record], tuple(map(Index, index))) if check.name == "derivation"]
    assert said.failures[0].startswith(f"{record.output.address}[{','.join(map(str, index))}] is recorded as")


@pytest.mark.parametrize(("address", "index"), [("choice.top_k", 8), ("choice.top_k", 0), ("choice.top_p", 2)])
def test_a_wrong_cut_is_caught(random_model: tracer.Model, address: str, index: int) -> None:
    """A cell kept that should not have been, or the other way round, by its rank."""
    how: dict[str, Any] = {"strategy": "sample", "temperature": 2.0, "top_k": 7, "top_p": 0.3, "seed": 1}
    run = tracer.trace(random_model, ids=SOURCE, max_tokens=1, **how)
    record = run.step(1).find(address)
    z = record.inputs[0].array
    place = int(np.argsort(-z)[index])
    tamper(record, (place,), -np.inf if np.isfinite(record.output.array[place]) else float(z[place]))
    derivation, *_others = verify(run, [record], [Index(place)])
    assert derivation.failures


@pytest.mark.parametrize("how", [{}, {"strategy": "sample", "temperature": 2.0, "seed": 1}])
def test_a_wrong_choice_is_caught(random_model: tracer.Model, how: dict[str, Any]) -> None:
    run = tracer.trace(random_model, ids=SOURCE, max_tokens=1, **how)
    record = run.step(1).find("choice")
    tamper(record, (), int(record.output.array) + 1)
    assert "derivation" in failing(run, 1, [record])


def test_a_row_of_softmax_that_is_no_distribution_is_caught(run: tracer.Run) -> None:
    record = run.step(2).find("decoder.0.cross_attn.weights")
    tamper(record, (0, 0, 0), 0.9)
    assert "softmax adds up to 1" in failing(run, 2, [record])


def test_a_hidden_key_with_any_weight_is_caught(random_model: tracer.Model) -> None:
    run = tracer.trace(random_model, ids=SOURCE, max_tokens=3, cache=False)
    record = run.step(2).find("decoder.0.self_attn.weights")
    tamper(record, (0, 0, 1), 1e-30)
    assert "hidden is exactly 0" in failing(run, 2, [record])


def test_gradients_of_which_nothing_is_kept_are_derived_and_not_performed_twice(random_model: tracer.Model) -> None:
    run = tracer.trace(random_model, ids=[5, 6, 2], target_ids=[5, 6])
    tape = run.record_gradients(1, asked(run, 1, "sum(loss)").objective(run))
    records = [tape.find(f"grad.{path}") for path in ("decoder.0.ffn.hidden.weight", "decoder.0.ffn.hidden")]
    checked = {check.name: check.checked for check in verify(run, records)}
    assert checked["performed again"] == 1
    assert checked["derivation"] > 24


def test_nan_is_caught(run: tracer.Run) -> None:
    record = run.step(2).find("decoder.0.ffn.hidden")
    tamper(record, (0, 0), np.nan)
    assert failing(run, 2, [record]) == ["derivation", "performed again"]


def test_infinities_are_checked_without_a_warning(run: tracer.Run) -> None:
    record = run.step(2).find("decoder.0.ffn.norm")
    changed = record.inputs[0].array.copy()
    changed[0, 0] = np.inf
    record.inputs[0].array = changed
    assert "performed again" in failing(run, 2, [record])


def test_swapped_labels_are_caught(run: tracer.Run) -> None:
    record = run.step(2).find("decoder.0.cross_attn.weights")
    key = record.output.dims[2]
    assert key.labels is not None
    swapped = [*key.labels]
    swapped[0], swapped[1] = swapped[1], swapped[0]
    record.output.dims = (*record.output.dims[:2], key._replace(labels=swapped))
    assert failing(run, 2, [record]) == ["labels"]
    assert "axis key of @2:decoder.0.cross_attn.weights" in failures(run, 2)[0]


def test_labels_swapped_in_the_source_itself_are_caught(run: tracer.Run) -> None:
    labels = cast("list[str]", run.texts[0].labels)
    labels[0], labels[1] = labels[1], labels[0]
    assert "labels" in failing(run, 0)


def test_a_cache_with_wrong_rows_is_caught(run: tracer.Run) -> None:
    record = run.step(3).find("decoder.0.self_attn.k")
    cast("Rows", record.output).room[0, 0, :] += 1
    assert checked(run, 3)["derivation"].failures


def test_operands_that_are_not_what_their_address_has_are_caught(run: tracer.Run) -> None:
    record = run.step(2).find("decoder.0.ffn.residual")
    tamper(run.step(2).find("decoder.0.cross_attn.residual"), (0, 0), 5.0)
    stale = run.step(2).find("decoder.0.ffn.norm")
    assert failing(run, 2, [stale]) != []
    assert failing(run, 2, [record]) != []
