"""Given outputs, token by token."""

import numpy as np
import pytest

import tracer
from tracer.errors import InputError
from tracer.scored import scored

from .conftest import FIXTURES

GIVEN = {
    "marian_zh_en": {"ids": [7, 11, 12, 5, 0], "target_ids": [59, 7, 8, 0]},
    "torch_post": {"ids": [7, 11, 12, 5, 2], "target_ids": [1, 7, 8, 2]},
    "gpt2": {"ids": [7, 11, 12], "target_ids": [5, 2, 9]},
    "llama_gqa": {"ids": [7, 11, 12], "target_ids": [5, 2, 9]},
}


@pytest.mark.parametrize("name", GIVEN)
def test_every_token_after_the_first_is_scored_where_it_stands(name):
    run = tracer.trace(tracer.load(FIXTURES / name, "float64"), **GIVEN[name])
    ids, tape = list(run.decoder_ids), run.step(1)
    prompt = 1 if run.first == 0 else len(GIVEN[name]["ids"])
    found = list(scored(tape))
    assert [(token.position, token.id) for token in found] == [(n - 1, ids[n]) for n in range(prompt, len(ids))]
    for token in found:
        probs = tape["probs"].array[token.position]
        order = np.argsort(-probs).tolist()
        assert order[token.rank - 1] == token.id
        assert token.other == next(i for i in order if i != token.id)
        assert (token.prob, token.other_prob) == (probs[token.id], probs[token.other])
        assert token.loss == pytest.approx(-np.log(probs[token.id]))


def test_what_was_decoded_is_not_scored():
    run = tracer.trace(tracer.load("zh-en-tiny"), "我爱你")
    assert list(scored(run.step(1))) == []


@pytest.mark.parametrize("strategy", ["beam", "sample"])
def test_an_output_is_given_or_chosen_by_a_strategy(strategy):
    with pytest.raises(InputError, match=f"strategy {strategy} chooses tokens, and here the output is given"):
        tracer.trace(tracer.load("zh-en-tiny"), "我爱你", target="i love you", strategy=strategy)
