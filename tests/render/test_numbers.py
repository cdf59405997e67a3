import numpy as np
import pytest

from tracer.render.numbers import Notation, decimals_of
from tracer.render.page import Page
from tracer.tensor import Statistics, Tensor

UNICODE, ASCII = Page(80), Page(80, plain=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.500"),
        (-2.1094, "-2.109"),
        (0.0, "0.000"),
        (-0.0, "0.000"),
        (0.0001, "<.001"),
        (-0.0001, ">-.001"),
        (1e-30, "<.001"),
        (123456.7891, "123456.789"),
        (-np.inf, "−∞"),
        (np.inf, "∞"),
        (np.nan, "nan"),
    ],
)
def test_three_decimals(value, text):
    assert Notation(UNICODE)(value) == text


@pytest.mark.parametrize(("decimals", "text"), [(0, "<1"), (1, "<.1"), (2, "<.01"), (5, "0.00012")])
def test_other_decimals(decimals, text):
    assert Notation(UNICODE, decimals)(0.00012) == text


def test_ascii():
    assert Notation(ASCII)(-np.inf) == "-inf"
    assert Notation(ASCII, marks_zero=True)(0.0) == ".    "


def test_a_marked_zero_stands_at_the_units():
    assert Notation(UNICODE, marks_zero=True).all([0.0, 0.25]) == ["·    ", "0.250"]


@pytest.mark.parametrize(
    ("statistics", "width"),
    [
        (Statistics(0.0, 1.0, 0.5, 0.1, 0), 6),
        (Statistics(-12.5, 1.0, 0.5, 0.1, 0), 7),
        (Statistics(np.nan, np.nan, np.nan, np.nan, 3), 6),
    ],
)
def test_width_covers_the_range_and_what_rounds_to_zero(statistics, width):
    assert Notation(UNICODE).width(statistics) <= width


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (1e-5, "0.000010"), (0.25, "0.250"), (1e-12, "<.001")])
def test_an_argument_is_given_the_decimals_it_needs(value, text):
    assert Notation(UNICODE).precisely(value) == text


def test_ids_have_no_decimals():
    assert decimals_of(Tensor(np.asarray(7), ())) == 0
    assert decimals_of(Tensor(np.zeros(2, np.float32), ())) == 3
