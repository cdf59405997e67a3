"""The lecture's worked examples, with the values that the arithmetic gives."""

import math

import numpy as np
import pytest

from tracer.addresses import At
from tracer.ops.attention import mask, masked, scores
from tracer.ops.linear import add, linear
from tracer.ops.norm import layer_norm
from tracer.ops.softmax import softmax
from tracer.tensor import FEATURE, Axis, Parameter, Tensor

POSITION = Axis("position")


def row(*values: float) -> Tensor:
    return Tensor(np.array([values]), (POSITION, FEATURE), "x", At(1))


def parameter(name: str, values: object) -> Parameter:
    array = np.array(values, dtype=np.float64)
    return Parameter(array, (FEATURE,) * array.ndim, name)


def test_layer_norm_of_1_3_5() -> None:
    gain, bias = parameter("gain", [1, 1, 1]), parameter("bias", [0, 0, 0])
    y = layer_norm.forward(row(1, 3, 5), weight=gain, bias=bias, eps=0.0)
    assert y.array[0] == pytest.approx([-1.22474, 0, 1.22474], abs=5e-6)
    assert math.sqrt(8 / 3) == pytest.approx(1.63299, abs=5e-6)
    expression = layer_norm.derive((0, 0), row(1, 3, 5), weight=gain, bias=bias, eps=0.0)
    assert expression.evaluate() == pytest.approx(-math.sqrt(3 / 2), rel=1e-15)


def test_layer_norm_has_gain_and_bias() -> None:
    gain, bias = parameter("gain", [2, 1, 2]), parameter("bias", [0, 7, 1])
    y = layer_norm.forward(row(1, 3, 5), weight=gain, bias=bias, eps=0.0)
    assert y.array[0] == pytest.approx([-2 * 1.22474, 7, 1 + 2 * 1.22474], abs=1e-5)


def test_softmax_of_1_2_and_two_hidden() -> None:
    x = row(1, 2, -math.inf, -math.inf)
    y = softmax.forward(x)
    assert y.array[0] == pytest.approx([0.268941, 0.731059, 0, 0], abs=5e-7)
    assert y.array[0, 2] == 0
    assert softmax.derive((0, 0), x).evaluate() == pytest.approx(0.268941, abs=5e-7)
    assert softmax.derive((0, 3), x).evaluate() == 0


def test_linear_has_rows_for_vectors() -> None:
    weight, bias = parameter("W", [[1, 2], [3, 4], [5, 6]]), parameter("b", [10, 20, 30])
    y = linear.forward(row(1, -1), weight=weight, bias=bias)
    assert y.array.tolist() == [[9, 19, 29]]
    assert y.array[0].tolist() == (weight.array @ [1, -1] + bias.array).tolist()
    assert (
        linear.derive((0, 1), row(1, -1), weight=weight, bias=bias).python()
        == "(((1.0 * 3.0) + ((-1.0) * 4.0)) + 20.0)"
    )


def test_the_residual_is_a_sum() -> None:
    assert add.forward(row(1, 2, 3), row(10, 20, 30)).array.tolist() == [[11, 22, 33]]


def test_the_causal_mask_hides_what_comes_later() -> None:
    x = Axis("query", ["x¹", "x²", "x³", "x⁴"])
    m = mask.forward(query=x, key=x.named("key"), shape=(4, 4), past=0, padding=(), window=None, dtype=np.float64)
    assert np.isneginf(m.array).tolist() == [[j > i for j in range(4)] for i in range(4)]
    assert m.labels == {"query": list(x.labels or ()), "key": list(x.labels or ())}
    raw = Tensor(np.array([[[1.0, 2.0, 3.0, 4.0]] * 4]), (Axis("head"), x, x.named("key")))
    weights = softmax.forward(masked.forward(raw, m)).array[0]
    assert weights[0].tolist() == [1, 0, 0, 0]
    assert weights[1] == pytest.approx([0.268941, 0.731059, 0, 0], abs=5e-7)


def test_scores_are_scaled_by_the_root_of_d_k() -> None:
    q = Tensor(np.array([[[1.0, 2.0, 3.0, 4.0]]]), (Axis("head"), Axis("query"), Axis("d_k")))
    assert scores.forward(q, q).array.tolist() == [[[30 / 2]]]
