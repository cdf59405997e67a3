"""A tolerance is kept on its edge, in single precision too."""

import math

import numpy as np
import pytest

from tracer.nearness import is_near

TRUTH = float(np.float32(0.57))


@pytest.mark.parametrize(
    ("given", "value", "expected"),
    [
        (0.58, TRUTH, True),
        (0.56, TRUTH, True),
        (0.581, TRUTH, False),
        (math.inf, math.inf, True),
        (0.0, math.inf, False),
    ],
)
def test_an_answer_on_the_edge_counts(given: float, value: float, expected: bool) -> None:
    assert is_near(given, value, 0.01) is expected
