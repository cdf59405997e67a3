"""Masks by other rules than the model's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.addresses import Index, Label, Span
from tracer.derive import derive
from tracer.edits import EditedRecord
from tracer.mask_rules import Causal, Hide, MaskedBy, Nothing, Rule, Show, Window, leak, leaks
from tracer.ops.attention import LOWEST, is_hidden

from .test_edits import decoded, failures, given

SELF = "decoder.0.self_attn.mask"


def hidden(run: tracer.Run, where: str, *rules: Rule) -> Any:
    """What a mask hides then: True where it does."""
    branch = run.branch(tracer.edit(where, MaskedBy(rules)))
    return is_hidden(branch[1 if where.startswith("decoder") else 0][where].array)


def test_each_rule_hides_what_it_says() -> None:
    run = given("gpt2")
    n = run[1][SELF].shape[0]
    query, key = np.indices((n, n))
    assert not hidden(run, SELF, Nothing()).any()
    assert np.array_equal(hidden(run, SELF, Nothing(), Causal()), key > query)
    assert np.array_equal(hidden(run, SELF, Causal(1)), key > query + 1)
    assert np.array_equal(hidden(run, SELF, Window(3)), (key > query) | (query - key >= 3))
    assert np.array_equal(hidden(run, SELF, Hide((Index(2), Span(4, 6)))), (key > query) | np.isin(key, [2, 4, 5]))
    assert np.array_equal(hidden(run, SELF, Show((Index(4),))), (key > query) & (key != 4))


def test_rules_go_on_from_what_the_model_hides() -> None:
    run = given("marian_zh_en")
    padded = tracer.trace(run.model, ids=[7, 11, 2, run.model.facts.pad_id or 0], target_ids=run.target_ids)
    where = "encoder.0.self_attn.mask"
    assert hidden(padded, where, Causal())[0].tolist() == [False, True, True, True]
    assert hidden(padded, where, Window(1))[2].tolist() == [True, True, False, True]
    assert not hidden(padded, where, Nothing()).any()
    twice = padded.branch(tracer.edit(where, MaskedBy((Hide((Index(0),)),))))
    twice = twice.branch(tracer.edit(where, MaskedBy((Show((Index(3),)),))))
    assert is_hidden(twice[0][where].array)[1].tolist() == [True, False, False, False]


def test_no_change_for_the_model_s_own_rule() -> None:
    run = given("gpt2")
    branch = run.branch(tracer.edit(SELF, MaskedBy((Nothing(), Causal()))))
    assert np.array_equal(branch[1]["logits"].array, run[1]["logits"].array)


def test_a_query_that_sees_no_key_has_equal_weights() -> None:
    run = given("gpt2")
    branch = run.branch(tracer.edit(SELF, MaskedBy((Hide((Index(0),)),))))
    assert np.all(branch[1][SELF].array[0] == LOWEST)
    weights = branch[1]["decoder.0.self_attn.weights"].array
    assert np.allclose(weights[:, 0], 1 / weights.shape[-1])
    assert failures(branch, branch.step(1)) == []


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize("rules", [(Window(2),), (Causal(1),), (Hide((Index(0),)), Show((Index(1),)))], ids=str)
def test_the_places_are_those_of_the_text_with_and_without_a_cache(cache: bool, rules: tuple[Rule, ...]) -> None:
    run = decoded("gpt2", cache=cache)
    branch = run.branch(tracer.edit("decoder.*.self_attn.mask", MaskedBy(rules))).decode()
    assert [failures(branch, step.tape) for step in branch.steps] == [[]] * len(branch)
    last = branch.steps[-1][SELF].array[-1]
    n = len(last)
    key = np.arange(n)
    expected = {"window": key < n - 2, "shift": key > n, "hide": key == 0}[str(rules[0]).split()[0]]
    assert np.array_equal(is_hidden(last), expected)


def test_the_keys_of_cross_attention_are_counted_from_the_beginning() -> None:
    for cache in (True, False):
        run = decoded(cache=cache)
        branch = run.branch(tracer.edit("decoder.0.cross_attn.mask", MaskedBy((Causal(),)))).decode()
        last = branch.steps[-1]
        keys = last["decoder.0.cross_attn.mask"].array[-1]
        assert is_hidden(keys).tolist() == [key > last.number - 1 for key in range(len(keys))]


def test_a_token_that_is_not_there_yet_is_hidden_once_it_is() -> None:
    run = decoded(cache=False)
    piece = run.target[2]
    branch = run.branch(tracer.edit(SELF, MaskedBy((Hide((Label(piece),)),)))).decode()
    assert not is_hidden(branch[1][SELF].array).any()


def test_a_cell_says_which_rule_hides_it() -> None:
    branch = given("gpt2").branch(tracer.edit(SELF, MaskedBy((Causal(1), Window(2)))))
    record = branch.step(1).find(SELF)
    far, later, seen = (derive(record, cell) for cell in ((4, 1), (1, 3), (1, 2)))
    assert (far.value, later.value, seen.value) == (-math.inf, -math.inf, 0)
    assert "hidden by the window of 2: key 1 is 3 before query 4" in far.note
    assert "hidden by the causal mask, moved by 1: key 3 > query 1 + 1" in later.note
    assert seen.note.startswith("set by edit 1; computed was -inf; key 2 is visible (shift 1, window 2)")
    assert isinstance(record, EditedRecord)
    assert record.call.recorded(record.output).note.startswith("shift 1, window 2: causal: ")


def test_leaks_are_counted() -> None:
    run = given("gpt2")
    assert list(leaks(run.step(1).find(SELF))) == []
    branch = run.branch(tracer.edit(SELF, MaskedBy((Causal(1),))))
    n = run[1][SELF].shape[0]
    assert list(leaks(branch.step(1).find(SELF))) == [(query, 1) for query in range(n - 1)]
    assert leak(2, 1) == "position 2 sees 1 later token"
    assert leak(0, 3) == "position 0 sees 3 later tokens"
