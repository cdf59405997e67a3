"""What there is to say of a difference that nothing explains."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tracer.comparing.clues import MOST, clues
from tracer.i18n import spoken
from tracer.tensor import Array, Axis, Tensor

HEADS = ("head", "query", "d_k")
WEIGHTS = ("head", "query", "key")
ROWS = ("position", "feature")
RANDOM = np.random.default_rng(0)


def tensor(*shape: int, axes: tuple[str, ...] = HEADS) -> Tensor:
    return Tensor(RANDOM.normal(size=shape).astype(np.float32), tuple(map(Axis, axes)))


def told(here: Tensor, there: Array) -> list[str]:
    return [spoken(one) for one in clues(here, there)]


Change = Callable[[Array], Array]


def shifted(x: Array) -> Array:
    return x + np.linspace(-1, 1, x.shape[-1], dtype=np.float32)


def flipped(x: Array) -> Array:
    return x[:, ::-1]


@pytest.mark.parametrize(
    ("change", "clue"),
    [
        (lambda x: -x, "theirs is ours with the other sign"),
        (lambda x: 2.5 * x, "theirs is 2.5 × ours"),
        (lambda x: x / 8**0.5, "theirs is 0.353553 × ours"),
        (lambda x: x + 3, "theirs is ours + 3 everywhere"),
        (lambda x: x - 0.125, "theirs is ours + -0.125 everywhere"),
        (shifted, "the difference is the same at every query, as a bias would be"),
        (lambda x: x[[2, 0, 1, 3]], "theirs is ours with head in the order 2, 0, 1, 3"),
        (flipped, "theirs is ours with query in the order 4, 3, 2, 1, 0"),
        (lambda x: np.roll(x, 1, -1), "theirs is ours with d_k in the order 7, 0, 1, 2, 3, 4, 5, 6"),
        (np.zeros_like, "theirs is 0 × ours"),
    ],
)
def test_how_theirs_may_be_made_of_ours(change: Change, clue: str) -> None:
    here = tensor(4, 5, 8)
    assert told(here, change(here.array))[0] == clue


def test_rounding_hides_none_of_it() -> None:
    here = tensor(4, 5, 8)
    noise = 1 + 1e-6 * RANDOM.normal(size=(4, 5, 8))
    assert told(here, -here.array * noise)[0] == "theirs is ours with the other sign"
    assert told(here, here.array[[1, 0, 2, 3]] * noise)[0] == "theirs is ours with head in the order 1, 0, 2, 3"


def test_of_a_difference_of_no_kind_nothing_is_said() -> None:
    here = tensor(4, 5, 8)
    assert told(here, here.array + RANDOM.normal(size=(4, 5, 8))) == []


def test_the_rank_of_the_difference() -> None:
    here = tensor(20, 24, axes=ROWS)
    for rank in (1, 2, 5):
        low = RANDOM.normal(size=(20, rank)) @ RANDOM.normal(size=(rank, 24))
        assert told(here, here.array + low) == [f"the difference has rank {rank}, of 20 possible"]
    assert told(here, here.array + RANDOM.normal(size=(20, 24))) == []


def where(*places: tuple[int | slice, ...]) -> Change:
    def change(x: Array) -> Array:
        found = x.copy()
        for place in places:
            found[place] += RANDOM.uniform(1, 2, found[place].shape).astype(np.float32)
        return found

    return change


@pytest.mark.parametrize(
    ("change", "clues"),
    [
        (where((1,)), ["only head 1 differs"]),
        (where((slice(1, 3),)), ["only head 1–2 differs"]),
        (where((0,), (3,)), ["only head 0, 3 differs"]),
        (where((slice(None), 4)), ["only query 4 differs"]),
        (where((2, 3, 5)), ["only head 2 differs", "only query 3 differs", "only d_k 5 differs"]),
    ],
)
def test_where_along_the_axes_they_differ(change: Change, clues: list[str]) -> None:
    here = tensor(4, 5, 8)
    assert [one for one in told(here, change(here.array)) if one.startswith("only")] == clues


def test_many_places_are_counted_up_to_eight() -> None:
    here = tensor(24, 3, axes=ROWS)
    assert "only position 0, 2, 4, 6, 8, 10, 12, 14, … differs" in told(here, where((slice(0, 20, 2),))(here.array))


@pytest.mark.parametrize(
    ("mask", "clue"),
    [
        (np.tri(6, dtype=bool), "only keys up to the query differ (i ≥ j)"),
        (~np.tri(6, dtype=bool), "only keys after the query differ (i < j)"),
        (np.eye(6, dtype=bool), "only keys up to the query differ (i ≥ j)"),
    ],
)
def test_on_which_side_of_the_diagonal(mask: Array, clue: str) -> None:
    here = tensor(2, 6, 6, axes=WEIGHTS)
    assert clue in told(here, here.array + mask * RANDOM.uniform(1, 2, (2, 6, 6)))
    both = told(here, here.array + RANDOM.uniform(1, 2, (2, 6, 6)))
    hidden = here.replaced(np.where(np.tri(6, dtype=bool), here.array, -np.inf))
    alone = told(hidden, hidden.array + RANDOM.uniform(1, 2, (2, 6, 6)))
    assert not any("the query" in one for one in [*both, *alone])


def test_what_is_hidden_or_no_number_is_left_aside() -> None:
    here = tensor(2, 6, 6, axes=WEIGHTS)
    hidden = here.replaced(np.where(np.tri(6, dtype=bool), here.array, -np.inf))
    assert told(hidden, 2 * hidden.array)[0] == "theirs is 2 × ours"
    assert told(hidden, hidden.array + 3)[0] == "theirs is ours + 3 everywhere"
    there = 2 * here.array
    there[0, 0, :3] = np.nan, np.inf, -np.inf
    assert told(here, there)[:2] == [
        "3 of 72 numbers are not finite there, and here they are",
        "theirs is 2 × ours",
    ]
    assert told(here, np.full((2, 6, 6), np.nan)) == ["72 of 72 numbers are not finite there, and here they are"]


def test_padding_says_nothing() -> None:
    here = tensor(7, 6, axes=ROWS)
    kept = (np.arange(7) > 1)[:, None]
    for there, clue in (
        (2 * here.array, "theirs is 2 × ours"),
        (here.array + 3, "theirs is ours + 3 everywhere"),
        (shifted(here.array), "the difference is the same at every position, as a bias would be"),
    ):
        theirs = np.where(kept, there, np.inf)
        assert [spoken(one) for one in clues(here, theirs, kept)][:1] == [clue]
        assert not any("only" in spoken(one) for one in clues(here, theirs, kept))
    some = np.where(np.arange(7)[:, None] > 4, here.array + RANDOM.uniform(1, 2, (7, 6)), here.array)
    assert "only position 5–6 differs" in [spoken(one) for one in clues(here, some, kept)]


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (MOST + 1, 4), (3, MOST + 1)])
def test_any_size(shape: tuple[int, int]) -> None:
    here = tensor(*shape, axes=ROWS)
    assert len(told(here, here.array + RANDOM.normal(size=shape))) <= 3


def test_one_row() -> None:
    here = tensor(7, axes=("vocab",))
    assert told(here, 3 * here.array) == ["theirs is 3 × ours"]
    assert told(here, np.roll(here.array, 2))[0] == "theirs is ours with vocab in the order 5, 6, 0, 1, 2, 3, 4"
    assert told(tensor(axes=()), np.float32(3.0)) != []
