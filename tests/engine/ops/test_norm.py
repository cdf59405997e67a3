"""What a norm divides together."""

from __future__ import annotations

import numpy as np

from tracer.ops.norm import joint_rms_norm, layer_norm, rms_norm
from tracer.tensor import D_K, HEAD, Axis, Tensor


def heads(*nought: tuple[int, int]) -> Tensor:
    """[2 heads, 3 queries, 4], all 1 but for the rows named."""
    array = np.ones((2, 3, 4))
    for row in nought:
        array[row] = 0
    return Tensor(array, (HEAD, Axis("query"), D_K))


def test_a_row_of_zeros_is_of_nothing() -> None:
    for norm in (layer_norm, rms_norm):
        assert norm.is_of_nothing(heads((0, 1)))
        assert not norm.is_of_nothing(heads())


def test_heads_that_are_divided_together_are_of_nothing_together() -> None:
    assert joint_rms_norm.is_of_nothing(heads((0, 1), (1, 1)))
    assert not joint_rms_norm.is_of_nothing(heads((0, 1), (1, 2)))
