import numpy as np
import pytest

from tracer.arithmetic import Number
from tracer.ops.choice import argmax, candidates, draw, kept, log_probs, temper, top_k, top_p
from tracer.tensor import Axis, Tensor

VOCAB = Axis("vocab")
INF = np.inf


def vocab(*values: float) -> Tensor:
    return Tensor(np.array(values, np.float32), (VOCAB,), "@1:z")


def test_the_last_position_chooses() -> None:
    logits = Tensor(np.arange(6.0).reshape(2, 3), (Axis("position"), VOCAB))
    assert candidates.forward(logits, forbidden={}, forced=None).array.tolist() == [3, 4, 5]
    assert candidates.forward(logits, forbidden={1: "bad"}, forced=None).array.tolist() == [3, -INF, 5]
    assert candidates.forward(logits, forbidden={1: "bad"}, forced=1).array.tolist() == [-INF, 4, -INF]
    assert logits.array.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_what_is_forbidden_or_forced_says_why() -> None:
    logits = Tensor(np.arange(3.0).reshape(1, 3), (Axis("position"), VOCAB), "@1:logits")
    assert candidates.derive((1,), logits, forbidden={1: "bad"}, forced=None) == Number(-INF, "−∞", "bad")
    assert candidates.derive((1,), logits, forbidden={}, forced=2) == Number(-INF, "−∞", "token 2 is forced here")
    assert candidates.derive((2,), logits, forbidden={}, forced=2) == logits.leaf(0, 2)


def test_log_probs_add_up_to_one() -> None:
    z = log_probs.forward(vocab(1, 2, -INF)).array
    assert np.exp(z).tolist() == pytest.approx([0.268941, 0.731059, 0], abs=5e-7)


def test_a_search_keeps_what_it_found() -> None:
    assert kept.forward(vocab(0.9, 0.1), token=1).array == 1


def test_temperature_divides() -> None:
    assert temper.forward(vocab(1, -2), temperature=0.5).array.tolist() == [2, -4]


@pytest.mark.parametrize(("k", "kept"), [(1, [-INF, 3, -INF, -INF]), (2, [2, 3, -INF, -INF]), (9, [2, 3, 2, -1])])
def test_top_k_keeps_the_largest_and_of_equals_the_first(k: int, kept: list[float]) -> None:
    assert top_k.forward(vocab(2, 3, 2, -1), k=k).array.tolist() == kept


@pytest.mark.parametrize(
    ("p", "kept"),
    [
        (0.5, [0, 0, 1, 0]),
        (0.51, [0, 1, 1, 0]),
        (0.75, [0, 1, 1, 0]),
        (0.76, [1, 1, 1, 0]),
        (1.0, [1, 1, 1, 1]),
        (1e-9, [0, 0, 1, 0]),
    ],
)
def test_top_p_keeps_the_smallest_set_that_reaches_p(p: float, kept: list[int]) -> None:
    z = vocab(*np.log([0.125, 0.25, 0.5, 0.125]))
    assert np.isfinite(top_p.forward(z, p=p).array).astype(int).tolist() == kept


def test_argmax_takes_the_first_of_equals() -> None:
    assert argmax.forward(vocab(0.1, 0.4, 0.4, 0.1)).array == 1


def test_a_draw_depends_on_seed_and_step_alone() -> None:
    probs = vocab(*np.full(50, 0.02))
    drawn = [int(draw.forward(probs, seed=5, number=n).array) for n in range(1, 30)]
    assert drawn == [int(draw.forward(probs, seed=5, number=n).array) for n in range(1, 30)]
    assert drawn != [int(draw.forward(probs, seed=6, number=n).array) for n in range(1, 30)]
    assert len(set(drawn)) > 10


def test_draws_follow_the_distribution() -> None:
    probs = vocab(0.0, 0.7, 0.0, 0.3, 0.0)
    drawn = [int(draw.forward(probs, seed=1, number=n).array) for n in range(2000)]
    assert set(drawn) == {1, 3}
    assert drawn.count(1) / 2000 == pytest.approx(0.7, abs=0.04)
