"""Numbers held against each other, whatever there is of theirs."""

from __future__ import annotations

import numpy as np
import pytest

from tracer.comparing.held import NOTHING, STORED, Held, Noise, apart, held
from tracer.comparing.layouts import Layout
from tracer.dumps.evidence import Evidence, Printed, Statistics, Values
from tracer.tensor import Array

from ...dumped import KINDS, bf16, f16, hashed, printed, statistics, summed, values

WHOLE = np.ones((1, 1), bool)
NUMBERS = np.random.default_rng(0).normal(size=(12, 20)).astype(np.float32)


def as_is(array: Array) -> Layout:
    return Layout((slice(None),) * array.ndim, array.shape, array.shape, tuple(range(array.ndim)))


def against(theirs: Evidence, ours: Array = NUMBERS, kept: Array = WHOLE, noise: Noise | None = None) -> Held:
    """Theirs against an array of that layout."""
    return held(theirs, as_is(ours), ours, kept, noise or Noise(1e-6))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_numbers_agree(kind: str) -> None:
    found = against(KINDS[kind](NUMBERS))
    assert found.holds
    assert found.cells == (36 if kind == "summed" else 240)
    assert found.cosine is None or 0.9999 < found.cosine <= 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by", [0.1, np.inf, np.nan])
def test_another_number_does_not(kind: str, by: float) -> None:
    theirs = NUMBERS.copy()
    theirs[0, 1] += by
    found = against(KINDS[kind](theirs))
    assert not found.holds
    assert np.isfinite(found.allowed)
    assert (found.largest == np.inf) == (not np.isfinite(by))


@pytest.mark.parametrize("kind", ["values", "bf16", "f16", "text", "summed"])
def test_the_cell_is_told_with_both_numbers(kind: str) -> None:
    theirs = NUMBERS.copy()
    theirs[1, 18] += 1
    cell = against(KINDS[kind](theirs)).cell
    assert cell is not None
    assert cell.place == (1, 18)
    assert (cell.here, cell.there) == pytest.approx((NUMBERS[1, 18], NUMBERS[1, 18] + 1), abs=1e-2)


@pytest.mark.parametrize(
    ("kind", "figure", "change"),
    [
        ("summed", "sum", lambda x: x[5].__iadd__(0.1)),
        ("statistics", "mean", lambda x: np.negative(x, out=x)),
        ("statistics", "max", lambda x: x.put(x.argmax(), 9.0)),
        ("statistics", "min", lambda x: x.put(x.argmin(), -9.0)),
        ("hash", "Σ|x|", lambda x: x[5].__iadd__(0.1)),
    ],
)
def test_what_differs_most_over_all_cells_is_told(kind: str, figure: str, change: object) -> None:
    theirs = NUMBERS.copy()
    change(theirs)  # type: ignore[operator]
    found = against(KINDS[kind](theirs))
    assert (found.holds, found.figure) == (False, figure)


def test_stored_in_fewer_digits_a_number_may_lose_those_and_no_more() -> None:
    for kind, stored in ((bf16, "BF16"), (f16, "F16")):
        found = against(kind(NUMBERS))
        assert 0 < found.largest <= found.allowed < 1.1 * STORED[stored] * float(np.abs(NUMBERS).max())
        theirs = kind(NUMBERS).read()
        theirs[3, 3] *= 1 + 2.5 * STORED[stored]
        assert not against(values(theirs, stored)).holds


def test_digits_are_half_a_unit_of_the_last() -> None:
    ours = np.full((1, 1), 0.12345)
    for there, holds in ((0.1234, True), (0.1235, True), (0.1233, False), (0.1236, False)):
        text = Printed((1, 1), places=np.zeros((1, 2), int), values=np.array([there]), half=np.array([5e-5]))
        assert against(text, ours).holds is holds


def test_statistics_are_as_near_as_they_were_printed() -> None:
    mean = float(NUMBERS.astype(np.float64).mean())
    for share, off, holds in ((1e-3, 5e-4, True), (1e-6, 5e-4, False)):
        found = against(Statistics(NUMBERS.shape, figures={"mean": mean * (1 + off)}, share=share))
        assert found.holds is holds


def test_figures_that_nobody_stated_are_not_asked_for() -> None:
    assert against(Statistics(NUMBERS.shape, figures={})) is NOTHING
    assert against(Statistics(NUMBERS.shape, figures={"median": 3.0})) is NOTHING


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("low", [-np.inf, np.finfo(np.float32).min, -3.3895e38, -1e9, -65504.0, -1e4])
def test_a_key_is_hidden_whatever_number_stands_for_that(kind: str, low: float) -> None:
    ours = np.where(np.tri(6, 6, dtype=bool), NUMBERS[:6, :6], -np.inf).astype(np.float32)
    found = against(KINDS[kind](np.maximum(ours, np.float32(low))), ours)
    assert found.holds
    assert (found.cells == 36) is (kind != "hash")


@pytest.mark.parametrize("kind", ["values", "bf16", "text", "summed", "statistics"])
def test_a_key_that_one_side_alone_hides_differs(kind: str) -> None:
    ours = np.where(np.tri(6, 6, dtype=bool), NUMBERS[:6, :6], -np.inf).astype(np.float32)
    assert not against(KINDS[kind](NUMBERS[:6, :6]), ours).holds
    assert not against(KINDS[kind](ours), NUMBERS[:6, :6]).holds


def test_padding_is_not_counted() -> None:
    theirs = NUMBERS.copy()
    theirs[-3:] = np.nan
    kept = np.arange(12)[:, None] < 9
    for kind in ("values", "bf16", "text"):
        found = against(KINDS[kind](theirs), kept=kept)
        assert (found.holds, found.cells) == (True, 180)
    for kind in ("statistics", "hash"):
        assert against(KINDS[kind](theirs), kept=kept) is NOTHING
    found = against(printed(NUMBERS, total=99.0), kept=kept)
    assert (found.holds, found.figure) == (True, "")
    assert against(values(theirs), kept=np.zeros((1, 1), bool)) is NOTHING


def test_small_differences_that_go_one_way_are_no_rounding() -> None:
    noise = Noise(1e-4, 1e-6)
    one = NUMBERS.astype(np.float64)
    one[0, 0] += 5e-5
    assert not against(values(one), NUMBERS.astype(np.float64), noise=noise).holds
    one[0, 0] -= 4.9e-5
    assert against(values(one), NUMBERS.astype(np.float64), noise=noise).holds
    found = against(values(NUMBERS.astype(np.float64) + 2e-6), NUMBERS.astype(np.float64), noise=noise)
    assert (found.largest <= found.allowed, found.spread > 1, found.holds) == (True, True, False)


def test_of_few_cells_nothing_is_asked_on_the_whole() -> None:
    ours = np.zeros((1, 8))
    assert apart(ours + 5e-5, as_is(ours), ours, WHOLE, Noise(1e-4, 1e-6)).holds


def test_infinities_are_the_same_where_their_signs_are() -> None:
    ours = np.array([[np.inf, np.nan, 1.0]])
    assert against(values(ours), ours).holds
    assert not against(values(-ours), ours).holds


@pytest.mark.parametrize("shape", [(0, 3), (1, 1)])
def test_nothing_or_one_number(shape: tuple[int, int]) -> None:
    for kind in (values, printed, hashed, *([statistics, summed] if shape[0] else [])):
        found = against(kind(np.ones(shape, np.float32)), np.ones(shape, np.float32))
        assert (found.holds, found.cells) == (True, shape[0])


def test_whole_numbers_hold_their_values() -> None:
    assert isinstance(values(np.arange(3)), Values)
    assert against(values(np.arange(3)[None]), np.arange(3.0)[None]).holds
