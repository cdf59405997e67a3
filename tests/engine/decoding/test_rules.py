"""What a checkpoint forbids and forces, held against transformers' generation where that can be had."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.decoding.rules import Rules
from tracer.errors import InputError
from tracer.models.gpt2 import Gpt2
from tracer.models.stated import Stated

from ..conftest import FIXTURES

ANY = Rules(None, (2, 3))


def rules(**generation: Any) -> Rules:
    """The rules of a decoder-only model."""
    return Gpt2.rules(object.__new__(Gpt2), Stated(generation))


def test_no_rules_forbid_nothing() -> None:
    assert ANY.verdict([5, 6], 2, 10) == ({}, None)


@pytest.mark.parametrize(
    ("stated", "read", "ends"),
    [
        ({"min_length": 4}, [5, 6, 7], False),
        ({"min_length": 4}, [5, 6, 7, 8], True),
        ({"min_new_tokens": 2}, [5, 6, 7], False),
        ({"min_new_tokens": 2}, [5, 6, 7, 8], True),
        ({"min_new_tokens": 0, "min_length": 9}, [5, 6], True),
        ({"min_new_tokens": 3, "min_length": 2}, [5, 6, 7, 8], False),
    ],
)
def test_no_end_before_the_least_length(stated: dict[str, int], read: list[int], ends: bool) -> None:
    """``min_length`` counts the prompt, here of two ids, ``min_new_tokens`` does not and takes its place."""
    verdict = rules(eos_token_id=[2, 3], **stated).verdict(read, 2, 10)
    assert verdict.forced is None
    assert set(verdict.forbidden) == (set() if ends else {2, 3})


def test_an_end_that_is_forced_comes_however_early() -> None:
    assert rules(eos_token_id=2, forced_eos_token_id=2, min_new_tokens=9).verdict([5, 6], 1, 2).forced == 2


@pytest.mark.parametrize("eos", [2, [2], [3, 2]])
def test_end_tokens_are_no_bad_words(eos: int | list[int]) -> None:
    assert rules(eos_token_id=eos, bad_words_ids=[[2], [5, 2], [7]]).bad_words == ((5, 2), (7,))


@pytest.mark.parametrize("eos", [-1, [-1], None, []])
def test_what_is_no_end_token_ends_nothing(eos: Any) -> None:
    stated = Stated({"eos_token_id": eos})
    assert Gpt2.rules(object.__new__(Gpt2), stated).eos_ids == ()
    assert [decision.what for decision in stated.decisions if decision.odd] == [
        "config.json states no eos_token_id: an output ends at its limit alone"
    ]


def test_of_several_tokens_forced_at_the_end_the_first_is() -> None:
    """All have the same score in transformers, where greedy decoding takes the first."""
    assert rules(eos_token_id=2, forced_eos_token_id=[7, 5]).forced_eos == 5


def test_no_end_is_forced_where_transformers_has_no_limit() -> None:
    assert rules(eos_token_id=2, forced_eos_token_id=2).verdict([5, 6], 1, None).forced is None


@pytest.mark.parametrize(("n", "expected"), [(1, {5, 6, 7, 8}), (2, {7, 8}), (3, set()), (9, set())])
def test_no_row_of_the_source_is_repeated(n: int, expected: set[int]) -> None:
    found = rules(eos_token_id=2, encoder_no_repeat_ngram_size=n).verdict([0, 6], 1, None, [5, 6, 7, 6, 8])
    assert set(found.forbidden) == expected


def test_a_token_that_only_the_source_has_is_neither_forbidden_nor_penalised() -> None:
    stated = rules(eos_token_id=2, encoder_no_repeat_ngram_size=2, encoder_repetition_penalty=1.6)
    source = [5, None, 6, None, 8]
    assert set(stated.verdict([0, 6], 1, None, source).forbidden) == set()
    assert [adjustment.parameters["ids"] for adjustment in stated.adjustments([0, 6], 1, source)] == [[5, 6, 8]]


def test_adjustments_come_in_the_order_of_transformers() -> None:
    stated = rules(
        eos_token_id=2,
        repetition_penalty=1.2,
        encoder_repetition_penalty=1.6,
        sequence_bias=[[[9], 0.5]],
        exponential_decay_length_penalty=[0, 1.5],
    )
    found = [(name, parameters) for name, _op, parameters in stated.adjustments([5, 6], 1, [7, 8])]
    assert [name for name, _parameters in found] == [
        "sequence_bias",
        "encoder_repetition",
        "repetition",
        "length_decay",
    ]
    numbers = [{key: value for key, value in parameters.items() if key != "reason"} for _name, parameters in found]
    assert numbers == [
        {"biases": {9: 0.5}},
        {"penalty": 1 / 1.6, "ids": [7, 8]},
        {"penalty": 1.2, "ids": [5, 6]},
        {"ids": (2,), "factor": 1.5, "tokens": 1},
    ]
    assert list(ANY.adjustments([5, 6], 1, [7, 8])) == []


@pytest.mark.parametrize(
    ("read", "biases"),
    [([4], {7: 1.0}), ([4, 5], {7: 1.0, 6: 2.5}), ([5, 6], {7: -3.0}), ([5], {7: 1.0, 6: 2.5})],
)
def test_a_bias_is_of_what_completes_a_sequence(read: list[int], biases: dict[int, float]) -> None:
    stated = rules(sequence_bias=[[[7], 1.0], [[5, 6], 2.5], [[5, 6, 7], -4.0]])
    [adjustment] = stated.adjustments(read, 1, [])
    assert adjustment.parameters["biases"] == biases


@pytest.mark.parametrize(("chosen", "tokens"), [(0, None), (2, None), (3, 1), (5, 3)])
def test_the_end_becomes_likelier_beyond_a_length(chosen: int, tokens: int | None) -> None:
    stated = rules(eos_token_id=2, exponential_decay_length_penalty=[2, 1.5])
    found = [adjustment.parameters["tokens"] for adjustment in stated.adjustments([5] * (3 + chosen), 3, [])]
    assert found == ([] if tokens is None else [tokens])


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"min_length": -1}, "min_length is -1; expected a whole number from 0"),
        ({"min_new_tokens": "3"}, "min_new_tokens is '3'"),
        ({"no_repeat_ngram_size": True}, "no_repeat_ngram_size is True"),
        ({"max_new_tokens": 0}, "max_new_tokens is 0; expected a whole number from 1"),
        ({"repetition_penalty": 0}, "repetition_penalty is 0; expected a number above 0"),
        ({"sequence_bias": {"5": 1.0}}, "sequence_bias is {'5': 1.0}; expected a list of pairs"),
        ({"sequence_bias": [[[], 1.0]]}, "expected a list of pairs"),
        ({"sequence_bias": [[[5], "1"]]}, "expected a list of pairs"),
        ({"sequence_bias": [[5, 1.0]]}, "expected a list of pairs"),
        ({"exponential_decay_length_penalty": [1.5, 2]}, "expected a whole number from 0 and a number above 0"),
        ({"exponential_decay_length_penalty": [1]}, "expected a whole number from 0 and a number above 0"),
        ({"exponential_decay_length_penalty": 2}, "expected a whole number from 0 and a number above 0"),
        ({"early_stopping": "soon"}, "early_stopping is 'soon'; expected true / false / never"),
        ({"forced_eos_token_id": 2, "suppress_tokens": [2, 3]}, "a token that is not in suppress_tokens"),
    ],
)
def test_settings_that_make_no_sense(stated: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        rules(**stated)


def test_the_fixtures_state_least_lengths() -> None:
    """Greedy and beam search under them are compared with transformers in the tests of the models."""
    gpt2, llama = (tracer.load(FIXTURES / name).rules for name in ("gpt2_untied", "llama3_scaled"))
    assert (gpt2.min_new_tokens, gpt2.eos_ids, gpt2.bad_words) == (5, (2, 9, 30, 77), ((5, 6), (50,)))
    assert (llama.min_length, llama.eos_ids) == (17, (2, 3, 50, 70))


IDS = "expected a token id or a list of token ids"
WORDS = "expected a list of lists of token ids, none of them empty"


@pytest.mark.parametrize(
    ("key", "values", "expected"),
    [
        ("eos_token_id", ["abc", [1, "x"], {}, True, 1.5], IDS),
        ("suppress_tokens", ["x", {}, [None], [True]], IDS),
        ("begin_suppress_tokens", ["x", {}, [1.5]], IDS),
        ("forced_eos_token_id", ["x", 1.5, True, [[2]]], IDS),
        ("forced_bos_token_id", ["x", 1.5, True, [2]], "expected a token id"),
        ("bad_words_ids", [5, [5], [[]], [["x"]], {}, [[2], [True]]], WORDS),
    ],
)
def test_ids_that_are_none(key: str, values: list[Any], expected: str) -> None:
    for value in values:
        with pytest.raises(InputError, match=re.escape(f"config.json: {key} is {value!r}; {expected}")):
            rules(**{key: value})


def test_a_value_of_the_configuration_is_said_to_be_there(tmp_path: Path) -> None:
    path = copied(tmp_path, {"min_length": 1})
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | {"decoder_start_token_id": True}))
    with pytest.raises(InputError, match=r"/config\.json: decoder_start_token_id is True; expected a token id"):
        tracer.load(path)


def copied(directory: Path, generation: dict[str, Any]) -> Path:
    """A checkpoint with an encoder that states other settings."""
    path = shutil.copytree(FIXTURES / "bart_tied", directory / "bart")
    (path / "generation_config.json").write_text(json.dumps(generation))
    return path
