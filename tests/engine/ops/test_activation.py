import math

import numpy as np
import pytest

from tracer.arithmetic import Quotient
from tracer.ops import activation
from tracer.tensor import FEATURE, Tensor

from ..conftest import Dtype

X = np.concatenate([np.linspace(-7, 7, 2801), [0.46875, 4.0, -4.0, 1e-300, -1e-9, 30, 1e8, 1e150, -1e200]])


def test_erf_is_that_of_the_mathematics_library() -> None:
    expected = [math.erf(x) for x in X]
    np.testing.assert_allclose(activation.erf(X), expected, rtol=2e-15)


def test_erf_at_infinity() -> None:
    assert activation.erf(np.array([np.inf, -np.inf, 0.0])).tolist() == [1, -1, 0]
    assert np.isnan(activation.erf(np.array([np.nan])))


@pytest.mark.parametrize("name", ["silu", "quick_gelu"])
def test_a_derivation_is_the_formula_however_large_the_number(name: str, dtype: Dtype) -> None:
    x = Tensor(np.array([-2513, -473, -95, -54, -1, 0, 2513], dtype), (FEATURE,))
    op = activation.BY_NAME[name]
    for place, value in enumerate(op.forward(x).array.tolist()):
        derived = op.derive((place,), x)
        assert isinstance(derived, Quotient)
        assert derived.evaluate() == pytest.approx(value, rel=1e-5, abs=1e-42)


@pytest.mark.parametrize("name", activation.BY_NAME)
def test_activations_are_finite_for_large_numbers(name: str) -> None:
    x = np.array([-1e4, -700, -100, 0, 100, 700, 1e4], np.float32)
    y = activation.BY_NAME[name].forward(Tensor(x, (FEATURE,))).array
    assert y.dtype == np.float32
    assert y.tolist() == pytest.approx([0, 0, 0, 0, 100, 700, 1e4], abs=1e-6)
