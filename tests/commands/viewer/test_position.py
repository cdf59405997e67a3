import pytest

from commands.viewer.position import Position

START = Position.first((2, 3, 40, 50))


def test_the_last_two_axes_are_rows_and_columns_at_first():
    assert (START.rows, START.columns, START.leading) == (2, 3, (0, 1))
    assert START.matrix == (0, 0, slice(None), slice(None))


def test_a_motion_stops_at_the_edges():
    assert START.moved(3, 4).cursor == (0, 0, 3, 4)
    assert START.moved(-1, 10**9).cursor == (0, 0, 0, 49)


def test_the_window_follows_the_cell_and_leaves_no_room_to_spare():
    assert START.moved(9, 0).within(10, 5).top == 0
    assert START.moved(10, 0).within(10, 5).top == 1
    far = START.moved(39, 49).within(10, 5)
    assert (far.top, far.left) == (30, 45)
    assert far.moved(-20, 0).within(10, 5).top == 19
    assert far.within(100, 100).top == 0


def test_a_page_moves_the_window_along():
    page = START.moved(3, 0).scrolled(10, 0).within(10, 5)
    assert (page.row, page.top) == (13, 10)


def test_matrices_follow_each_other_round():
    assert START.turned(1).cursor[:2] == (0, 1)
    assert START.turned(3).cursor[:2] == (1, 0)
    assert START.turned(-1).cursor[:2] == (1, 2)
    assert Position.first((3, 4)).turned(1) == Position.first((3, 4))


def test_rows_change_places_with_columns():
    turned = START.moved(5, 7).transposed()
    assert (turned.row, turned.column) == (7, 5)
    assert turned.transposed() == START.moved(5, 7)


def test_every_pair_of_axes_comes_once():
    position, seen = Position.first((2, 3, 4)), []
    for _ in range(3):
        seen.append((position.rows, position.columns))
        position = position.regrouped()
    assert sorted(seen) == [(0, 1), (0, 2), (1, 2)]
    assert position == Position.first((2, 3, 4))


@pytest.mark.parametrize("shape", [(1, 1), (2, 1, 3)])
def test_motions_keep_within_the_tensor(shape):
    position = Position.first(shape)
    for change in (position.moved(9, 9), position.scrolled(-9, -9), position.turned(5), position.regrouped()):
        seen = change.within(3, 3)
        assert all(0 <= place < length for place, length in zip(seen.cursor, shape, strict=True))
        assert seen.top >= 0
        assert seen.left >= 0
