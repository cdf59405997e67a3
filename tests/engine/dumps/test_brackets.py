"""Numbers between brackets: where each stands, and how nearly it was printed."""

import math

import numpy as np
import pytest

from tracer.dumps.brackets import Brackets, cells, half_unit, number


def taken(*lines, deepest=3):
    brackets = Brackets(deepest)
    assert all(map(brackets.take, lines))
    assert brackets.closed
    return brackets.blocks[0]


def placed(block, lengths):
    """The numbers of a block by their places."""
    found = cells(block, lengths)
    return {tuple(place): value for place, value in zip(found.places.tolist(), found.values.tolist(), strict=True)}


def test_rows_over_several_lines():
    block = taken("[[1.5,", "2.5],", " [3.5, -4.5]]")
    assert placed(block, (2, 2)) == {(0, 0): 1.5, (0, 1): 2.5, (1, 0): 3.5, (1, 1): -4.5}


def test_what_follows_a_gap_is_counted_from_the_end():
    assert placed(taken("[1, 2, ..., 3]"), (9,)) == {(0,): 1, (1,): 2, (8,): 3}
    assert placed(taken("[[1, ...], ..., [2, ...]]"), (5, 4)) == {(0, 0): 1, (4, 0): 2}


def test_a_gap_at_the_end_leaves_the_rest_open():
    assert placed(taken("[1, 2, ...]"), (700,)) == {(0,): 1, (1,): 2}


def test_what_comes_twice_around_a_gap_is_taken_once():
    assert placed(taken("[1, 2, 3, ..., 2, 3, 4]"), (4,)) == {(0,): 1, (1,): 2, (2,): 3, (3,): 4}


def test_a_gap_may_leave_out_nothing():
    assert placed(taken("[1, 2, 3, ..., 4, 5, 6]"), (6,)) == {(n,): n + 1 for n in range(6)}


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("[1, 2]", (3,)),
        ("[1, 2, 3]", (2,)),
        ("[1, 2, ...]", (1,)),
        ("[1, ..., 2, ..., 3]", (9,)),
        ("[[1], [2]]", (2, 2)),
        ("[1, [2]]", (2,)),
        ("[[1], 2]", (2, 1)),
        ("[[[1]]]", (1, 1)),
        ("[1]", (1, 1)),
        ("[]", (1000000000, 1000000000)),
    ],
)
def test_other_shapes_do_not_fit(text, lengths):
    with pytest.raises(ValueError, match=r"axis|stands"):
        cells(taken(text), lengths)


@pytest.mark.parametrize("line", ["1", "...", "[1] 2", "]", "[[[[", "[a]", "main: 12 tokens", "[0x1]", "[" * 10**6])
def test_lines_that_are_none_are_not_taken(line):
    brackets = Brackets(3)
    assert not brackets.take(line)
    assert brackets.closed


def test_a_bracket_may_stay_open():
    brackets = Brackets(3)
    assert brackets.take("[1")
    assert not brackets.closed


def test_half_a_unit_of_the_last_digit():
    assert half_unit("-1.2345") == pytest.approx(5e-5)
    assert half_unit("4.3773e-01") == pytest.approx(5e-6)
    assert half_unit("-3.4028e+38") == pytest.approx(5e33)
    assert half_unit("0.50121983") == pytest.approx(5e-9)


@pytest.mark.parametrize("whole", ["7", "-3.", "351", "True", "inf", "-inf", "nan", "1.5e999", "1.5e-99999999999"])
def test_what_has_no_digits_behind_its_point_is_whole(whole):
    assert half_unit(whole) == 0


def test_numbers_that_are_none():
    assert np.isnan(number("-nan(ind)"))
    assert number("-inf") == -math.inf
    assert (number("True"), number("False")) == (1, 0)
