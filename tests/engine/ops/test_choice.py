import numpy as np
import pytest

from tracer.addresses import At
from tracer.arithmetic import Leaf, Node, Noted, Number, Replaced
from tracer.i18n import N_
from tracer.ops.choice import (
    allowed,
    argmax,
    beam_score,
    bias,
    candidates,
    draw,
    kept,
    length_decay,
    log_softmax,
    repetition,
    summed_log_prob,
    temper,
)
from tracer.tensor import Axis, Tensor

VOCAB = Axis("vocab")
INF = np.inf


def vocab(*values: float) -> Tensor:
    return Tensor(np.array(values, np.float32), (VOCAB,), "z", At(1))


def test_the_last_position_chooses() -> None:
    logits = Tensor(np.arange(6.0).reshape(2, 3), (Axis("position"), VOCAB))
    assert candidates.forward(logits, forbidden={}, forced=None).array.tolist() == [3, 4, 5]
    assert candidates.forward(logits, forbidden={1: "bad"}, forced=None).array.tolist() == [3, -INF, 5]
    assert candidates.forward(logits, forbidden={1: "bad"}, forced=1).array.tolist() == [-INF, 4, -INF]
    assert logits.array.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_what_is_forbidden_or_forced_says_why() -> None:
    logits = Tensor(np.arange(3.0).reshape(1, 3), (Axis("position"), VOCAB), "logits", At(1))
    forced = "token 2 is forced here"
    assert candidates.derive((1,), logits, forbidden={1: "bad"}, forced=None) == replaced(
        -INF, logits.leaf(0, 1), "bad"
    )
    assert candidates.derive((1,), logits, forbidden={}, forced=2) == replaced(-INF, logits.leaf(0, 1), forced)
    assert candidates.derive((2,), logits, forbidden={}, forced=2) == Noted(logits.leaf(0, 2), forced)
    assert candidates.derive((2,), logits, forbidden={1: "bad"}, forced=None) == logits.leaf(0, 2)


def replaced(value: float, cell: Leaf, note: str) -> Node:
    return Noted(Replaced(Number(value), cell), note)


def scalar(value: float, address: str) -> Tensor:
    return Tensor(np.array(value), (), address)


def test_log_probs_add_up_to_one() -> None:
    z = log_softmax.forward(vocab(1, 2, -INF)).array
    assert np.exp(z).tolist() == pytest.approx([0.268941, 0.731059, 0], abs=5e-7)


def test_log_probs_are_those_of_the_last_position() -> None:
    logits = Tensor(np.array([[5.0, 5.0, 5.0], [1.0, 2.0, -INF]]), (Axis("position"), VOCAB), "logits", At(1))
    log_p = log_softmax.forward(logits)
    assert log_p.axes == ("vocab",)
    assert np.exp(log_p.array).tolist() == pytest.approx([0.268941, 0.731059, 0], abs=5e-7)
    assert log_softmax.derive((1,), logits).evaluate() == pytest.approx(-0.313262, abs=5e-7)


def test_a_search_takes_a_forbidden_token_for_impossible_and_a_forced_one_for_certain() -> None:
    log_p = vocab(-1, -2, -0.5)
    assert allowed.forward(log_p, forbidden={}, forced=None).array.tolist() == [-1, -2, -0.5]
    assert allowed.forward(log_p, forbidden={1: N_("bad")}, forced=None).array.tolist() == [-1, -INF, -0.5]
    assert allowed.forward(log_p, forbidden={}, forced=1).array.tolist() == [-INF, 0, -INF]
    assert log_p.array.tolist() == [-1, -2, -0.5]


def test_what_a_search_takes_for_impossible_or_certain_says_why() -> None:
    log_p, forced = vocab(-1, -2, -0.5), "token 2 is forced here"
    assert allowed.derive((1,), log_p, forbidden={1: N_("bad")}, forced=None) == replaced(-INF, log_p.leaf(1), "bad")
    assert allowed.derive((0,), log_p, forbidden={1: N_("bad")}, forced=None) == log_p.leaf(0)
    assert allowed.derive((1,), log_p, forbidden={}, forced=2) == replaced(-INF, log_p.leaf(1), forced)
    assert allowed.derive((2,), log_p, forbidden={}, forced=2) == replaced(0.0, log_p.leaf(2), forced)


def test_log_p_is_added_to_that_of_the_tokens_before() -> None:
    log_p, before = vocab(-1, -2, -0.5), scalar(-3.25, "@1.4:choice.log_prob")
    assert summed_log_prob.forward(log_p, token=2).array == -0.5
    assert summed_log_prob.forward(log_p, before, token=2).array == -3.75
    assert summed_log_prob.forward(log_p, before, token=2).array.dtype == np.float64
    assert list(summed_log_prob.derive((), log_p, token=2).leaves()) == [log_p.leaf(2)]
    assert list(summed_log_prob.derive((), log_p, before, token=2).leaves()) == [before.leaf(), log_p.leaf(2)]


@pytest.mark.parametrize(("penalty", "score"), [(1.0, -2.0), (0.0, -8.0), (0.5, -4.0), (-1, -32.0), (2, -0.5)])
def test_a_score_is_log_p_by_a_power_of_the_length(penalty: float, score: float) -> None:
    log_prob = scalar(-8.0, "@4:choice.log_prob")
    assert beam_score.forward(log_prob, tokens=4, penalty=penalty).array == score
    derived = beam_score.derive((), log_prob, tokens=4, penalty=penalty)
    assert derived.evaluate() == score
    assert list(derived.leaves()) == [log_prob.leaf()]


def test_a_search_keeps_what_it_found_by_its_score() -> None:
    probs, score = vocab(0.9, 0.1), scalar(-2.0, "@1:choice.score")
    assert kept.forward(probs, score, token=1).array == 1
    assert kept.derive((), probs, score, token=1).evaluate() == 1
    assert list(kept.derive((), probs, score, token=1).leaves()) == [probs.leaf(1), score.leaf()]


@pytest.mark.parametrize(("penalty", "expected"), [(2.0, [2, -4, 0.5, 3]), (0.5, [2, -1, 2, 3])])
def test_a_penalty_makes_what_repeats_less_likely_whatever_its_sign(penalty: float, expected: list[float]) -> None:
    z, how = vocab(2, -2, 1, 3), {"ids": [1, 2, 2, 99], "penalty": penalty, "reason": N_("read before")}
    assert repetition.forward(z, **how).array.tolist() == expected
    assert [repetition.derive((i,), z, **how).evaluate() for i in range(4)] == expected
    assert z.array.tolist() == [2, -2, 1, 3]


def test_a_penalty_says_whom_it_meets_and_why() -> None:
    z, how = vocab(2, -2), {"ids": [1], "penalty": 2.0, "reason": N_("read before")}
    assert repetition.derive((0,), z, **how) == z.leaf(0)
    met = repetition.derive((1,), z, **how)
    assert isinstance(met, Noted)
    assert (met.note, list(met.leaves())) == ("read before", [z.leaf(1), z.leaf(1)])


def test_a_bias_is_added_to_those_that_have_one() -> None:
    z, how = vocab(1, -2, 3), {"biases": {1: 0.5, 2: -4.0}, "reason": N_("would complete a sequence")}
    assert bias.forward(z, **how).array.tolist() == [1, -1.5, -1]
    assert [bias.derive((i,), z, **how).evaluate() for i in range(3)] == [1, -1.5, -1]
    assert bias.derive((0,), z, **how) == z.leaf(0)
    assert z.array.tolist() == [1, -2, 3]


@pytest.mark.parametrize(("factor", "tokens", "expected"), [(1.5, 1, [3, -1, -INF, 4]), (2.0, 3, [16, 12, -INF, 4])])
def test_an_end_token_becomes_likelier_whatever_its_sign(factor: float, tokens: int, expected: list[float]) -> None:
    z, how = vocab(2, -2, -INF, 4), {"ids": [0, 1, 2], "factor": factor, "tokens": tokens}
    assert length_decay.forward(z, **how).array.tolist() == expected
    assert [length_decay.derive((i,), z, **how).evaluate() for i in range(4)] == expected


def test_a_decay_beyond_all_numbers_is_certain() -> None:
    z = vocab(2, -2)
    assert length_decay.forward(z, ids=[0], factor=1e9, tokens=99).array.tolist() == [INF, -2]


def test_temperature_divides() -> None:
    assert temper.forward(vocab(1, -2), temperature=0.5).array.tolist() == [2, -4]


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
