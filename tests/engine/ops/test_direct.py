"""What a row of a result is a sum of: exactly what it says, in every record of the reference checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.operation import Operation
from tracer.ops import catalogue
from tracer.ops.norm import layer_norm
from tracer.tape import Record
from tracer.tensor import FEATURE, Array, Axis, Parameter, Tensor

from ..conftest import FIXTURES

REFERENCES = sorted(config.parent for config in FIXTURES.glob("*/config.json"))
SUMS = {
    *("linear", "concat", "add", "portion", "scale", "rescale", "last"),
    *("layer_norm", "rms_norm", "offset_rms_norm", "mix"),
}
FAMILIES = ("marian_zh_en", "gpt2", "t5_v1_0", "gemma2", "granite", "qwen2_moe")
"""Which have all of them."""


def run_of(path: Path) -> tracer.Run:
    model = tracer.load(path, "float64")
    how: dict[str, Any] = {"max_tokens": 1, "cache": True} if "decode" in model.texts.passes else {}
    return tracer.trace(model, ids=[7, 11, 12, 5, 2], **how)


def sums(path: Path) -> Iterator[Record]:
    """The records that are said to be sums."""
    records = (record for step in run_of(path).steps for record in step)
    return (record for record in records if type(record.op).direct is not Operation.direct)


def as_sum(record: Record, row: int, factors: Array) -> float:
    """Σ factors · row, by what the row is said to be a sum of."""
    whole = (slice(None),) * (len(record.output.shape) - 1)
    found = record.op.direct((row, *whole), factors, *record.inputs, **record.parameters)
    return float(sum((one.factors * one.tensor.array[one.where]).sum() for one in found))


@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: path.name)
def test_a_row_is_the_sum_that_it_is_said_to_be(path: Path) -> None:
    random = np.random.default_rng(0)
    for record in sums(path):
        row, factors = record.output.shape[0] - 1, random.normal(size=record.output.shape[1:])
        terms = factors * record.output.array[row]
        assert as_sum(record, row, factors) == pytest.approx(terms.sum(), abs=1e-12 * abs(terms).sum()), record


def test_every_sum_is_among_them() -> None:
    found = {record.op.name for name in FAMILIES for record in sums(FIXTURES / name)}
    assert found == SUMS
    said = {name for name, op in catalogue().items() if type(op).direct is not Operation.direct}
    assert said == SUMS


def test_what_a_norm_divides_by_stands() -> None:
    gain = Parameter(np.array([1.0, 2.0, -1.0]), (FEATURE,), "gain")
    x = Tensor(np.array([[1.0, 3.0, 5.0]]), (Axis("position"), FEATURE))
    [one] = layer_norm.direct((0, slice(None)), np.array([1.0, 0.0, 0.0]), x, weight=gain, eps=0.0)
    deviation = np.sqrt(8 / 3)
    np.testing.assert_allclose(one.factors, np.array([2 / 3, -1 / 3, -1 / 3]) / deviation)


def test_many_rows_of_a_matrix_are_looked_at_some_at_a_time() -> None:
    random = np.random.default_rng(0)
    weight = Parameter(random.normal(size=(3000, 4)).astype(np.float32), (Axis("vocab"), FEATURE), "W")
    x = Tensor(random.normal(size=(1, 4)).astype(np.float32), (Axis("position"), FEATURE))
    factors = random.normal(size=3000)
    [one] = catalogue()["linear"].direct((0, slice(None)), factors, x, weight=weight)
    np.testing.assert_allclose(one.factors, factors @ weight.array.astype(np.float64))


def test_what_is_no_sum_of_its_inputs_says_nothing() -> None:
    x = Tensor(np.ones((1, 3)), (Axis("position"), FEATURE))
    assert list(catalogue()["relu"].direct((0, slice(None)), np.ones(3), x)) == []
