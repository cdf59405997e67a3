from collections.abc import Sequence

import numpy as np

from tracer.addresses import At
from tracer.past import Past, Rows
from tracer.tensor import D_K, HEAD, Axis, Tensor


def new(first: float, step: int, n: int = 1) -> Tensor:
    """[head 1, key n, d_k 1], counted from ``first``."""
    array = np.arange(first, first + n, dtype=np.float32).reshape(1, n, 1)
    return Tensor(array, (HEAD, Axis("key"), D_K), "layer.k_new", At(step))


def grown(*tensors: Tensor, labels: Sequence[str] = "abcd") -> list[Rows]:
    """What there is after each of some tensors."""
    found: list[Rows] = []
    for tensor in tensors:
        past = found[-1] if found else None
        length = tensor.shape[1] + (past.shape[1] if past else 0)
        found.append(Rows.after(past, tensor, labels[:length], capacity=5))
    return found


def values(rows: Tensor) -> list[float]:
    return rows.array.ravel().tolist()


def test_rows_grow_step_by_step() -> None:
    first, second = grown(new(0, 1, n=2), new(2, 2))
    assert values(first) == [0, 1]
    assert values(second) == [0, 1, 2]
    assert second.axes == ("head", "key", "d_k")
    assert second.labels == {"key": ["a", "b", "c"]}
    assert first.room is second.room


def test_a_row_is_a_cell_of_the_step_that_made_it() -> None:
    rows = grown(new(0, 1, n=2), new(2, 2), new(3, 3))[-1]
    assert [(leaf.address, leaf.index, leaf.value) for leaf in (rows.made(0, key, 0) for key in range(4))] == [
        ("@1:layer.k_new", (0, 0, 0), 0),
        ("@1:layer.k_new", (0, 1, 0), 1),
        ("@2:layer.k_new", (0, 0, 0), 2),
        ("@3:layer.k_new", (0, 0, 0), 3),
    ]


def test_a_step_made_again_stands_where_it_stood() -> None:
    first, second = grown(new(0, 1), new(1, 2))
    again = Rows.after(first, new(1, 2), "ab", capacity=5)
    assert again.room is second.room


def test_what_goes_another_way_leaves_the_first_alone() -> None:
    first, second = grown(new(0, 1), new(1, 2))
    other = Rows.after(first, new(5, 2), "ab", capacity=5)
    assert (values(second), values(other)) == ([0, 1], [0, 5])
    assert values(Rows.after(other, new(6, 3), "abc", capacity=5)) == [0, 5, 6]
    assert values(Rows.after(second, new(2, 3), "abc", capacity=5)) == [0, 1, 2]


def test_how_long_a_past_is() -> None:
    assert Past(5).length == 0
    assert Past(5, {"layer.k": grown(new(0, 1, n=2), new(2, 2))[-1]}).length == 3
