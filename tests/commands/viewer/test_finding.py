import pytest

from commands.viewer.finding import jumped, searched
from commands.viewer.position import Position
from tracer.errors import AddressError


@pytest.fixture
def position(tensor):
    return Position.first(tensor.shape)


@pytest.mark.parametrize(
    ("text", "cursor"),
    [
        ("2,3", (0, 2, 3)),
        ("-1", (0, 3, 0)),
        ('"▁love", "爱"', (0, 2, 1)),
        ('h1,"love",-1', (1, 2, 4)),
        (" 1 , 2 , 3 ", (1, 2, 3)),
    ],
)
def test_a_jump_names_row_and_column_or_a_place_on_every_axis(tensor, position, text, cursor):
    assert jumped(tensor, position, text).cursor == cursor


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("4,0", "index 4 is out of range on axis query"),
        ("0:2", "0:2 is more than one cell"),
        ("0,1,2,3", "4 places are given"),
        ("x", "does not parse"),
        ('"nobody"', "axis query has no"),
    ],
)
def test_a_jump_that_leads_nowhere(tensor, position, text, message):
    with pytest.raises(AddressError, match=message):
        jumped(tensor, position, text)


def test_a_search_goes_through_rows_then_columns_and_round(tensor, position):
    first = searched(tensor, position, "北", (1, -1), back=False)
    second = searched(tensor, position, "北", first, back=False)
    assert (first, second) == ((1, 3), (2, 2))
    assert searched(tensor, position, "北", second, back=False) == first
    assert searched(tensor, position, "北", second, back=True) == first
    assert searched(tensor, position, "北", first, back=True) == second


def test_a_search_minds_neither_case_nor_what_stands_around(tensor, position):
    assert searched(tensor, position, "LOVE", (1, -1), back=False) == (1, 2)


def test_a_search_reaches_the_axes_that_are_not_seen(tensor, position):
    assert searched(tensor, position.regrouped(), "love", (0, -1), back=False) == (1, 2)


def test_a_search_in_vain(tensor, position):
    with pytest.raises(AddressError, match='no label contains "nobody"'):
        searched(tensor, position, "nobody", (1, -1), back=False)
    with pytest.raises(AddressError, match="nothing is searched for yet"):
        searched(tensor, position, "", (1, -1), back=False)
