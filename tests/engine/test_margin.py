import numpy as np
import pytest

import tracer
from tracer.margin import margin
from tracer.tensor import Tensor

from .conftest import FIXTURES


@pytest.mark.parametrize("name", ["torch_post", "gpt2", "marian_zh_en", "t5_v1_0"])
def test_the_terms_and_the_rest_make_the_margin(name: str) -> None:
    run = tracer.trace(tracer.load(FIXTURES / name, "float64"), ids=[7, 11, 12, 5, 2], max_tokens=2)
    tape = run.step(1)
    found = margin(tape)
    assert found is not None
    logits = tape["choice.logits"].array
    order = np.argsort(-logits)
    assert (found.winner.index[-1], found.rival.index[-1]) == (order[0], order[1])
    assert found.size == pytest.approx(logits[order[0]] - logits[order[1]])
    assert sum(found.difference().values()) + found.rest == pytest.approx(found.size)


def test_without_a_bias_nothing_is_left_over() -> None:
    found = margin(tracer.trace(tracer.load("zh-en-tiny", "float64"), "我爱你").step(1))
    assert found is not None
    assert found.rest == pytest.approx(0, abs=1e-12)


def test_a_sampled_token_may_lose() -> None:
    model = tracer.load(FIXTURES / "torch_post", "float64")
    for seed in range(20):
        run = tracer.trace(model, ids=[7, 11, 2], strategy="sample", temperature=50.0, seed=seed, max_tokens=1)
        found = margin(run.step(1))
        assert found is not None
        assert found.winner.index[-1] == run.output_ids[0]
        if found.size < 0:
            return
    pytest.fail("at such a temperature the likeliest token was drawn twenty times")


def test_how_much_likelier_one_was_is_told_of_what_was_chosen_from() -> None:
    how = {"strategy": "sample", "temperature": 3.0, "seed": 4, "max_tokens": 1}
    tape = tracer.trace(tracer.load("zh-en-tiny", "float64"), "我爱你", **how).step(1)
    found = margin(tape)
    assert found is not None
    probs = tape["choice.probs"].array
    assert np.exp(found.odds) == pytest.approx(probs[found.winner.index[-1]] / probs[found.rival.index[-1]])
    assert found.odds == pytest.approx(found.size / 3)


def test_nan_wins_no_contest() -> None:
    tape = tracer.trace(tracer.load("zh-en-tiny"), "我爱你", max_tokens=1).step(1)
    record = tape.find("choice.logits")
    array = record.output.array.copy()
    array[int(tape["choice"].array)] = np.nan
    record.output = Tensor(array, record.output.dims, record.output.address)
    assert margin(tape) is None


def test_where_one_token_is_left_there_is_no_contest() -> None:
    run = tracer.trace(tracer.load("zh-en-tiny"), "我爱你", strategy="sample", top_k=1, max_tokens=1)
    found = margin(run.step(1))
    assert found is not None, "top-k comes after the rules, and takes no part"
    given = tracer.trace(tracer.load("zh-en-tiny"), "我爱你", target="i love you")
    assert margin(given.step(1)) is None
