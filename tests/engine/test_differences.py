import math

import numpy as np
import pytest

from tracer.differences import Difference, farthest

INF, NAN = math.inf, math.nan


def test_the_cell_that_differs_most_is_found_with_both_values() -> None:
    here, there = np.asarray([[1.0, 2.0], [3.0, 4.0]]), np.asarray([[1.0, 2.5], [3.0, 1.0]])
    found = farthest(here, there)
    assert found == Difference((1, 1), 4.0, 1.0)
    assert (found.size, found.relative) == (3.0, 0.75)


@pytest.mark.parametrize(
    ("here", "there", "size"),
    [(INF, INF, 0.0), (NAN, NAN, 0.0), (-INF, INF, INF), (NAN, 1.0, INF), (1.0, INF, INF), (0.0, -0.0, 0.0)],
)
def test_what_is_not_finite_differs_from_all_but_itself(here: float, there: float, size: float) -> None:
    found = farthest(np.asarray([0.0, here]), np.asarray([0.0, there]))
    assert found is not None
    assert found.size == size


def test_numbers_are_held_against_each_other_in_double_precision() -> None:
    found = farthest(np.asarray([1.0], np.float32), np.asarray([1.0 + 1e-9]))
    assert found is not None
    assert 0 < found.size < 2e-9


def test_nothing_has_no_cell_that_differs() -> None:
    assert farthest(np.zeros((0, 3)), np.zeros((0, 3))) is None
