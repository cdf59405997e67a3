"""What the choice of a token leaves as it is, it holds once: a view of what the model has yielded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.edits import Edit
from tracer.tape import Tape

from ..conftest import FIXTURES

PROMPT = [5, 6, 7]


@pytest.fixture(scope="module", params=[False, True], ids=["whole", "cached"])
def cache(request: pytest.FixtureRequest) -> bool:
    """With every position computed in each step, and with a cache."""
    found: bool = request.param
    return found


@pytest.fixture(scope="module")
def model() -> tracer.Model:
    """A model of which no rule forbids a token."""
    found = tracer.load(FIXTURES / "gpt2")
    return replace(found, rules=replace(found.rules, eos_ids=()))


def tapes(model: tracer.Model, *edits: Edit, **settings: Any) -> list[Tape]:
    run = tracer.trace(model, ids=PROMPT, max_tokens=3, edits=edits, **settings)
    return [step.tape for step in run]


def shares(tape: Tape, one: str, other: str) -> bool:
    return np.shares_memory(tape[one].array, tape[other].array)


def test_greedy_decoding_holds_logits_and_probabilities_once(model: tracer.Model, cache: bool) -> None:
    for tape in tapes(model, cache=cache):
        assert shares(tape, "choice.logits", "logits")
        assert shares(tape, "choice.probs", "probs")
        vocab = tape["choice.probs"].array
        np.testing.assert_array_equal(vocab, tape["probs"].array[-1])
        np.testing.assert_array_equal(vocab, tape.find("choice.probs").again())
        assert tape.find("choice.probs").inputs == (tape["choice.logits"],)
        assert not vocab.flags.writeable


def test_a_temperature_of_1_changes_nothing(model: tracer.Model, cache: bool) -> None:
    for tape in tapes(model, strategy="sample", temperature=1.0, cache=cache):
        assert shares(tape, "choice.scaled", "logits")
        assert shares(tape, "choice.probs", "probs")


def test_another_temperature_has_numbers_of_its_own(model: tracer.Model, cache: bool) -> None:
    for tape in tapes(model, strategy="sample", temperature=0.5, cache=cache):
        assert shares(tape, "choice.logits", "logits")
        assert not shares(tape, "choice.scaled", "logits")
        assert not shares(tape, "choice.probs", "probs")
        np.testing.assert_array_equal(tape["choice.scaled"].array, tape["logits"].array[-1] / np.float32(0.5))
        assert tape["choice.probs"].array.max() > tape["probs"].array[-1].max()


@pytest.mark.parametrize("settings", [{"strategy": "sample", "top_k": 5}, {"strategy": "sample", "top_p": 0.5}])
def test_what_is_cut_has_numbers_of_its_own(model: tracer.Model, settings: dict[str, Any]) -> None:
    for tape in tapes(model, **settings):
        assert not shares(tape, "choice.probs", "probs")


@pytest.mark.parametrize(("changes", "own"), [({"suppressed": (9,)}, True), ({"repetition": 1.5}, True), ({}, False)])
def test_what_a_rule_changes_has_numbers_of_its_own(model: tracer.Model, changes: dict[str, Any], own: bool) -> None:
    ruled = replace(model, rules=replace(model.rules, **changes))
    for tape in tapes(ruled):
        assert shares(tape, "choice.logits", "logits") is not own
        assert shares(tape, "choice.probs", "probs") is not own


def test_an_edit_of_the_probabilities_leaves_the_choice_alone(model: tracer.Model) -> None:
    expected = tapes(model)
    for tape, plain in zip(tapes(model, tracer.edit("probs", 0.0)), expected, strict=True):
        assert not tape["probs"].array.any()
        np.testing.assert_array_equal(tape["choice.probs"].array, plain["choice.probs"].array)
        assert tape["choice"].array == plain["choice"].array


def test_an_edit_of_the_choice_leaves_the_probabilities_alone(model: tracer.Model) -> None:
    plain = tapes(model)[0]
    edited = tapes(model, tracer.edit("@1:choice.probs[11]", 2.0))[0]
    assert edited["choice"].array == 11
    np.testing.assert_array_equal(edited["probs"].array, plain["probs"].array)
    assert not shares(edited, "choice.probs", "probs")


def test_an_edit_of_the_logits_goes_on_to_both(model: tracer.Model) -> None:
    tape = tapes(model, tracer.edit("@1:logits[-1, 11]", 99.0))[0]
    assert tape["choice"].array == 11
    np.testing.assert_array_equal(tape["choice.probs"].array, tape["probs"].array[-1])


def test_what_is_not_recorded_chooses_the_same(model: tracer.Model, cache: bool) -> None:
    recorded, not_recorded = (
        tracer.trace(model, ids=PROMPT, max_tokens=3, cache=cache, record=record) for record in (True, False)
    )
    assert recorded.tokens == not_recorded.tokens


def test_what_was_dropped_is_computed(model: tracer.Model) -> None:
    whole, dropped = (tracer.trace(model, ids=PROMPT, max_tokens=2, record=False) for _ in range(2))
    dropped = replace(dropped, budget=1, shelf=None).decode()
    for step in whole:
        tape = dropped[step.number].tape
        np.testing.assert_array_equal(tape["choice.probs"].array, step["choice.probs"].array)
        assert tape["choice"].array == step["choice"].array
