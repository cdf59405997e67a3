"""Two tensors held against each other cell by cell."""

import numpy as np
import pytest

from tracer.beside import change, matched, taken
from tracer.tensor import FEATURE, HEAD, Axis, Tensor

INF, NAN = np.inf, np.nan


def along(name, text):
    return Axis(name, list(text))


def row(text, *values):
    return Tensor(np.array(values), (along("key", text),))


@pytest.mark.parametrize(
    ("ours", "theirs", "places"),
    [
        ("我爱你", "我爱他", ([0, 1, 2], [0, 1, 2])),
        ("我爱你", "我很爱你", ([0, 1, 2], [0, 2, 3])),
        ("我很爱你", "他爱你", ([2, 3], [1, 2])),
        ("爱", "爱我爱", ([0], [2])),
        ("ab", "acb", ([0, 1], [0, 2])),
    ],
)
def test_tokens_meet_in_order_or_by_their_labels(ours, theirs, places):
    here, there = row(ours, *range(len(ours))), row(theirs, *range(len(theirs)))
    ([first], [second]) = matched(here, there)
    assert (list(first), list(second)) == places


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ((FEATURE,), (HEAD,)),
        ((FEATURE,), (FEATURE, HEAD)),
        ((along("key", "ab"),), (along("key", "xyz"),)),
        ((along("vocab", "ab"),), (along("vocab", "abc"),)),
        ((Axis("key"),), (along("key", "abc"),)),
    ],
)
def test_axes_that_do_not_match_are_none(here, there):
    left, right = (Tensor(np.zeros([n] * len(dims)), dims) for n, dims in ((2, here), (3, there)))
    assert matched(left, right) is None


def test_what_is_taken_keeps_labels_and_numbers():
    whole = Tensor(np.arange(6).reshape(2, 3), (HEAD, along("key", "abc")), "w")
    part = taken(whole, (range(2), [0, 2]))
    assert part.array.tolist() == [[0, 2], [3, 5]]
    assert part.labels == {"key": ["a", "c"]}
    assert [part.dims[1].number(n) for n in range(2)] == [0, 2]
    assert taken(whole, (range(2), range(3))) is whole


def test_a_change_is_what_is_added_and_names_both_tokens():
    found = change(row("北a∞n", 1.0, 2.0, -INF, NAN), row("东a∞n", 4.0, 2.0, -INF, NAN))
    assert found.array.tolist() == [3.0, 0.0, 0.0, 0.0]
    assert found.labels == {"key": ["北/东", "a", "∞", "n"]}
