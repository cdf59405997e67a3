"""Gradients against central differences: right ones hold, wrong ones do not, and kinks are told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tracer
from tracer.central import ALLOWED, CELLS, STEPS, Cell, Verified, _see, verify_gradients
from tracer.errors import InputError
from tracer.gradients import asked
from tracer.ops.gradients.linear import together
from tracer.tensor import Tensor
from tracer.verify import Check

from .conftest import FIXTURES, Dtype

SOURCE = [7, 11, 12, 5, 2]


def of(run: tracer.Run, number: int, text: str) -> Verified:
    run.record_gradients(number, asked(run, number, text).objective(run))
    return verify_gradients(run, number)


def failed(found: Verified) -> list[str]:
    return [failure for check in found.checks for failure in check.failures]


def model(name: str, dtype: Dtype = "float32") -> tracer.Model:
    return tracer.load(FIXTURES / name, dtype)


@pytest.mark.parametrize("name", ["torch_post", "gpt2", "mixtral"])
def test_those_of_a_loss_hold(name: str) -> None:
    run = tracer.trace(model(name), ids=SOURCE, target_ids=[1, 17, 16])
    found = of(run, 1, "sum(loss)")
    assert failed(found) == []
    assert all(check.checked > CELLS * 20 for check in found.checks)
    assert found.steps <= set(STEPS)


@pytest.mark.parametrize(("name", "cache"), [("marian_zh_en", True), ("llama_gqa", True), ("llama_gqa", False)])
def test_those_of_a_later_step_hold_with_what_was_left_given(name: str, cache: bool) -> None:
    run = tracer.trace(model(name), ids=SOURCE, max_tokens=2, cache=cache)
    assert failed(of(run, 2, "logits[-1, 3] - mean(logits[-1])")) == []


def test_those_of_an_encoder_hold() -> None:
    run = tracer.trace(model("bert", "float64"), ids=SOURCE)
    assert failed(of(run, 0, "sum(logits[1])")) == []


def test_edits_hold_there_too() -> None:
    run = tracer.trace(model("torch_post"), ids=SOURCE, target_ids=[1, 17, 16])
    edited = run.branch(tracer.edit("decoder.0.cross_attn.heads[h0]", 0.5)).descend(0.01, "sum(loss)").decode()
    found = of(edited, 1, "sum(loss)")
    assert failed(found) == []
    wide = asked(edited, 1, "sum(loss)").value(edited)
    assert wide != pytest.approx(asked(run, 1, "sum(loss)").value(run), rel=1e-3)


def test_they_are_the_same_cells_each_time() -> None:
    run = tracer.trace(model("gpt2"), ids=SOURCE[:2], target_ids=[1, 17])
    first, second = (of(run, 1, "sum(loss)") for _time in range(2))
    assert [check.at for check in first.checks] == [check.at for check in second.checks]
    assert [check.largest for check in first.checks] == [check.largest for check in second.checks]


def test_a_wrong_gradient_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contributions to a gradient, of which the first is counted twice."""
    right = type(together).forward

    def wrong(self: Any, *parts: Tensor) -> Tensor:
        return right(self, parts[0], *parts)

    monkeypatch.setattr(type(together), "forward", wrong)
    found = of(tracer.trace(model("gpt2"), ids=SOURCE[:2], target_ids=[1, 17]), 1, "sum(loss)")
    assert any(check.largest > 1e-2 for check in found.checks)
    assert "differences of sum(loss) do not come to it" in failed(found)[0]


def cell(moved: Any, gradient: float) -> Cell:
    return Cell("x[0]", 0.0, gradient, moved, 1.0)


@pytest.mark.parametrize(
    ("moved", "gradient", "kinks", "failures"),
    [
        (lambda by: max(by, 0.0), 0.0, 1, 0),
        (lambda by: max(by, 0.0), 1.0, 1, 0),
        (lambda by: max(by, 0.0), 0.7, 0, 1),
        (lambda by: max(by - 3e-6, 0.0), 0.0, 1, 0),
        (lambda by: np.sin(by), 1.0, 0, 0),
        (lambda by: np.sin(by), 1.001, 0, 1),
        (lambda by: by * np.nan, 1.0, 0, 1),
    ],
)
def test_a_kink_is_told_and_counts_as_no_failure(moved: Any, gradient: float, kinks: int, failures: int) -> None:
    found, check = Verified("E", []), Check("records", "cells")
    _see(found, check, cell(moved, gradient), 0.0)
    assert (len(found.kinks), len(check.failures), check.checked) == (kinks, failures, 1 - kinks)


def test_rounding_asks_for_a_larger_step() -> None:
    grain = 1e-9 * np.pi
    found, check = Verified("E", []), Check("records", "cells")
    _see(found, check, cell(lambda by: round((1 + by) / grain) * grain, 1.0), 1.0)
    assert check.largest <= ALLOWED
    assert len(found.steps) > 1


def test_without_gradients_there_is_nothing_to_check() -> None:
    run = tracer.trace(model("torch_post"), ids=SOURCE, target_ids=[1, 17])
    with pytest.raises(InputError, match="@1 has no gradients to check; backward E records those of a number"):
        verify_gradients(run, 1)
