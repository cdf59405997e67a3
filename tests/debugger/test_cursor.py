import pytest
from fake_run import DECODER, ENCODER

from tracer.debugger.cursor import Cursor, into, one, out, over


def test_cursors_compare_in_the_order_of_the_run():
    assert Cursor(1, 9) < Cursor(2, 1) < Cursor(2, 2)


@pytest.mark.parametrize(("at", "expected"), [(0, 6), (1, 2), (2, 6), (3, 4), (4, 6), (5, 6)])
def test_over_performs_an_operation_or_a_scope(at, expected):
    assert over(ENCODER, at) == expected


@pytest.mark.parametrize(("at", "expected"), [(0, 5), (2, 3), (3, 5), (5, 6), (6, 7), (7, 8)])
def test_over_in_the_decoder(at, expected):
    assert over(DECODER, at) == expected


@pytest.mark.parametrize(("at", "expected"), [(0, 6), (1, 2), (2, 6), (3, 4), (4, 6), (5, 6)])
def test_out_finishes_the_scope_or_the_next_one_out(at, expected):
    assert out(ENCODER, at) == expected


def test_out_at_the_top_finishes_the_step():
    assert out(DECODER, 6) == len(DECODER)


def test_into_passes_the_scope_of_the_next_record():
    assert into(ENCODER[::-1], 0) == 2
    assert into(DECODER[::-1], 0) == len(DECODER)


def test_one_is_one():
    assert one(ENCODER, 3) == 4
