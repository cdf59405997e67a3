import numpy as np
import pytest

from tracer.tensor import Statistics, Tensor
from tracer.views.numbers import Notation, comes_out, decimals_of, legible, to_unit
from tracer.views.page import Page

UNICODE, ASCII = Page(), Page(plain=True)


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


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.25, "0.250"),
        (-0.0123456, "-0.0123"),
        (0.0000123456, "0.0000123"),
        (1.23456e-6, "1.23e-06"),
        (1e-12, "1.00e-12"),
        (123.45678, "123.457"),
        (123456.78912, "123456.8"),
        (9876543.21, "9876543"),
        (1.23456e7, "1.23e+07"),
        (-1e300, "-1.00e+300"),
        (-np.inf, "−∞"),
    ],
)
def test_an_argument_is_given_the_digits_it_needs(value, text):
    assert Notation(UNICODE).precisely(value) == text


def test_an_argument_may_have_powers_of_ten_throughout():
    assert Notation(Page(exponent=True)).precisely(0.25) == "2.500e-01"


def test_beyond_the_digits_of_a_double_there_are_powers_of_ten():
    assert Notation(UNICODE)(-1e300) == "-1.000e+300"
    assert Notation(UNICODE).all([1e15, 0.0, 0.5]) == ["1.000e+15", "0.000", "0.500"]
    assert Notation(UNICODE).width(Statistics(-1e300, 1.0, 0.0, 1.0, 0)) >= len("-999999999999999.875")


@pytest.mark.parametrize(
    ("read", "text", "is_so"),
    [
        (0.28, "0.3", True),
        (0.3601, "0.3", False),
        (-1.00004, "-1.0000", True),
        (1.2351e8, "1.235e+08", True),
        (1.2361e8, "1.235e+08", False),
        (7.1e-20, "7.101e-20", False),
        (12.4, "12", True),
        (np.nan, "0.5", True),
    ],
)
def test_whether_a_number_comes_out(read, text, is_so):
    assert comes_out(read, text) == is_so


@pytest.mark.parametrize(
    ("value", "text", "written"),
    [
        (0.12345, "0.1235", "0.1235"),
        (-0.00001, "0.1235", "0.0000"),
        (2.0, "12", "2"),
        (2.0, "7.1e-20", ""),
        (0.0, "7.1e-20", ""),
        (2.01676e-06, "1.676e-08", "2.01676e-06"),
        (1.1003e-4, "-2.98e-08", "1.100300e-04"),
        (1e7, "0.5", "1.00000000e+07"),
    ],
)
def test_to_the_last_digit_of_another(value, text, written):
    assert to_unit(value, text) == written


def test_ids_have_no_decimals():
    assert decimals_of(Tensor(np.asarray(7), ())) == 0
    assert decimals_of(Tensor(np.zeros(2, np.float32), ())) == 3


@pytest.mark.parametrize(
    ("values", "has_powers"),
    [([0.0099, -1e-9], True), ([-0.0099], True), ([0.01, 1e-9], False), ([0.0, 0.0], False), ([np.nan, np.inf], False)],
)
def test_where_all_numbers_are_small_there_are_powers_of_ten(values, has_powers):
    assert legible(UNICODE, values).exponent == has_powers


def test_decimals_that_somebody_chose_stay():
    assert not legible(Page(decimals=4, is_told=True), [1e-9]).exponent
    assert not legible(UNICODE.showing(3, None), [1e-9]).exponent
    assert Notation(UNICODE.showing(3, None)).alone(0.0002) == "<.001"


@pytest.mark.parametrize(
    ("value", "text"), [(0.25, "0.250"), (-0.00026, "-0.000260"), (2.6e-7, "2.60e-07"), (0.0, "0.000")]
)
def test_a_number_by_itself_has_its_digits(value, text):
    assert Notation(UNICODE).alone(value) == text
