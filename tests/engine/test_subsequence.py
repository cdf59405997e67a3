"""Two sequences beside each other."""

import random

import pytest

from tracer.subsequence import beside, common


def length(left, right):
    """How long a longest common subsequence is, by the recurrence of the textbooks."""
    if not left or not right:
        return 0
    if left[0] == right[0]:
        return 1 + length(left[1:], right[1:])
    return max(length(left[1:], right), length(left, right[1:]))


@pytest.mark.parametrize("seed", range(200))
def test_what_is_in_common_is_as_long_as_it_can_be(seed):
    draw = random.Random(seed)
    left, right = (draw.choices("他去北京", k=draw.randrange(8)) for _side in range(2))
    found = common(left, right)
    assert len(found) == length(left, right)
    assert all(left[i] == right[j] for i, j in found)
    for places in zip(*found, strict=True):
        assert list(places) == sorted(set(places))


@pytest.mark.parametrize("seed", range(50))
def test_every_place_of_both_stands_somewhere(seed):
    draw = random.Random(seed)
    left, right = (draw.choices("abc", k=draw.randrange(9)) for _side in range(2))
    pairs = list(beside(left, right))
    assert [i for i, _j in pairs if i is not None] == list(range(len(left)))
    assert [j for _i, j in pairs if j is not None] == list(range(len(right)))


@pytest.mark.parametrize(
    ("left", "right", "pairs"),
    [
        ("去北京了", "去东京了", [(0, 0), (1, 1), (2, 2), (3, 3)]),
        ("ab", "axyb", [(0, 0), (None, 1), (None, 2), (1, 3)]),
        ("axb", "ab", [(0, 0), (1, None), (2, 1)]),
        ("", "a", [(None, 0)]),
        ("a", "", [(0, None)]),
        (
            "the cat",
            "the the cat",
            [*((n, n) for n in range(4)), *((None, n) for n in range(4, 8)), (4, 8), (5, 9), (6, 10)],
        ),
    ],
)
def test_what_differs_stands_side_by_side(left, right, pairs):
    assert list(beside(left, right)) == pairs


def test_a_long_text_is_no_trouble():
    left, right = [str(n % 97) for n in range(1500)], [str(n % 89) for n in range(1500)]
    assert len(common(left, right)) > 89
