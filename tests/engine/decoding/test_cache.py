import numpy as np

from tracer.decoding.cache import Cache, Rows
from tracer.tensor import D_K, HEAD, Axis, Tensor


def new(n: int, first: float, step: int) -> Tensor:
    """[head 1, key n, d_k 1], counted from ``first``."""
    array = np.arange(first, first + n, dtype=np.float32).reshape(1, n, 1)
    return Tensor(array, (HEAD, Axis("key"), D_K), f"@{step}:layer.k_new")


def test_rows_grow_step_by_step() -> None:
    rows = Rows(1, 5, 1, 2, np.float32)
    assert rows.extended(new(2, 0, 1), 0, "ab").array.ravel().tolist() == [0, 1]
    grown = rows.extended(new(1, 2, 2), 2, "abc")
    assert grown.array.ravel().tolist() == [0, 1, 2]
    assert grown.axes == ("head", "key", "d_k")
    assert grown.labels == {"key": ["a", "b", "c"]}


def test_a_row_is_a_cell_of_the_step_that_made_it() -> None:
    rows = Rows(1, 5, 1, 2, np.float32)
    for step, (n, past) in enumerate(((2, 0), (1, 2), (1, 3)), 1):
        rows.extended(new(n, past, step), past, "abcde")
    places = [
        (leaf.address, leaf.index, leaf.value) for key in range(4) if (leaf := rows.leaf(new(1, 3, 3), 3, 0, key, 0))
    ]
    assert places == [
        ("@1:layer.k_new", (0, 0, 0), 0),
        ("@1:layer.k_new", (0, 1, 0), 1),
        ("@2:layer.k_new", (0, 0, 0), 2),
        ("@3:layer.k_new", (0, 0, 0), 3),
    ]


def test_a_step_written_again_changes_nothing() -> None:
    rows = Rows(1, 5, 1, 1, np.float32)
    rows.extended(new(1, 0, 1), 0, "a")
    later = rows.extended(new(1, 1, 2), 1, "ab").array
    rows.extended(new(1, 0, 1), 0, "a")
    assert later.ravel().tolist() == [0, 1]


def test_a_copy_goes_its_own_way() -> None:
    cache = Cache.of(1, 1, 1, capacity=4, prompt=1, dtype=np.float32)
    ours = cache.layers[0].k
    ours.extended(new(1, 0, 1), 0, "a")
    theirs = cache.copy(1).layers[0].k
    assert theirs.extended(new(1, 5, 2), 1, "ab").array.ravel().tolist() == [0, 5]
    assert ours.extended(new(1, 1, 2), 1, "ab").array.ravel().tolist() == [0, 1]
