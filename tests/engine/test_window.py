import pytest

from tracer.window import Hidden, places, window


@pytest.mark.parametrize(
    ("n", "room", "keep", "shown"),
    [
        (3, 5, [], [0, 1, 2]),
        (5, 5, [], [0, 1, 2, 3, 4]),
        (100, 5, [], [0, 1, Hidden(2, 98), 98, 99]),
        (100, 4, [], [0, 1, Hidden(2, 99), 99]),
        (100, 6, [50], [0, 1, Hidden(2, 50), 50, Hidden(51, 99), 99]),
        (100, 3, [50], [Hidden(0, 50), 50, Hidden(51, 100)]),
        (100, 5, [-1], [0, 1, Hidden(2, 98), 98, 99]),
        (0, 5, [-1], []),
    ],
)
def test_window(n, room, keep, shown):
    assert window(n, room, keep) == shown


@pytest.mark.parametrize("n", range(1, 40))
@pytest.mark.parametrize("room", [3, 4, 7, 20])
def test_it_fits_and_leaves_nothing_unaccounted(n, room):
    for keep in range(n):
        shown = window(n, room, [keep])
        assert len(shown) <= max(room, 3)
        assert keep in places(shown)
        assert sum(len(place) if isinstance(place, Hidden) else 1 for place in shown) == n
        assert all(len(place) > 1 for place in shown if isinstance(place, Hidden))
