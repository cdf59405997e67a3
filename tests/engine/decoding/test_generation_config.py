"""Every key of generation_config.json is followed, refused, told of, or known to have no effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.decoding import generation_config as keys
from tracer.decoding.reading import read_rules
from tracer.errors import InputError
from tracer.models.stated import Stated
from tracer.models.texts import texts_of

from ..conftest import FIXTURES

OF_TRANSFORMERS = json.loads((FIXTURES / "decoding_keys.json").read_text(encoding="utf-8"))
EARLIER = ("force_bos_token_to_be_generated", "_commit_hash")
"""What files of earlier versions state."""
TABLES = (keys.TOKENS, keys.LIMITS, keys.RULES, keys.DEFAULTS, keys.UNFOLLOWED, keys.WITHOUT_EFFECT, {"do_sample"})
FOLLOWED = {*keys.TOKENS, *keys.LIMITS, *keys.RULES, *keys.DEFAULTS, "do_sample"}


@pytest.mark.parametrize("key", sorted({*OF_TRANSFORMERS, *EARLIER}))
def test_what_becomes_of_a_key_is_settled_once(key: str) -> None:
    assert sum(key in table for table in TABLES) == 1


def test_a_key_is_asked_for_if_it_is_followed_and_if_it_is_told_of() -> None:
    asked: set[str] = set()

    class Listening(Stated):
        def get(self, key: str, default: Any = None) -> Any:
            asked.add(key)
            return super().get(key, default)

    texts_of(("encode", "decode")).rules(Listening({"_from_model_config": True}), None)
    assert asked - {"_from_model_config"} == {*FOLLOWED, *keys.UNFOLLOWED}


VALUES: dict[str, Any] = {
    "cache_implementation": "quantized",
    "stop_strings": ["."],
    "force_words_ids": [[5]],
    "watermarking_config": {"bias": 2.5},
}
"""To some effect; of all other keys, 0.5 is."""


def stating(directory: Path, **stated: Any) -> tracer.Model:
    """The gpt2 fixture, with an own generation_config.json and what it states there."""
    for name in ("config.json", "model.safetensors"):
        (directory / name).symlink_to(FIXTURES / "gpt2_untied" / name)
    (directory / "generation_config.json").write_text(json.dumps({"eos_token_id": 2} | stated))
    return tracer.load(directory)


def noted(model: tracer.Model) -> list[str]:
    return [decision.what for decision in model.decisions if decision.odd]


@pytest.mark.parametrize("key", sorted(keys.UNFOLLOWED))
def test_what_is_not_followed_is_told_by_name(tmp_path: Path, key: str) -> None:
    value, strategy = VALUES.get(key, 0.5), keys.UNFOLLOWED[key].strategy
    model = stating(tmp_path, **{key: value})
    told = [] if strategy else [f"generation_config.json states {key}={value}, which is not followed"]
    assert noted(model) == told
    expected = [f"{key}={value}"] if strategy else []
    assert {name: model.rules.unfollowed(name) for name in ("sample", "beam")} == {
        name: expected if name == strategy else [] for name in ("sample", "beam")
    }


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, row in keys.UNFOLLOWED.items() for value in (*row.neutral, None)]
)
def test_what_would_change_nothing_is_not_told(tmp_path: Path, key: str, value: Any) -> None:
    model = stating(tmp_path, **{key: value})
    assert (noted(model), model.rules.stated) == ([], {})


def test_what_nobody_knows_is_told(tmp_path: Path) -> None:
    assert noted(stating(tmp_path, num_beam=4, chat_format="chatml", output_scores=True)) == [
        "generation_config.json: not known here, and not followed: num_beam = 4, chat_format = 'chatml'"
    ]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, {"greedy": [], "sample": [], "beam": []}),
        ({"num_beams": 1, "do_sample": False, "temperature": 1, "top_k": 0, "top_p": 1.0, "length_penalty": 1}, {}),
        ({"num_beams": 6}, {"greedy": ["num_beams=6"], "sample": ["num_beams=6"]}),
        (
            {"num_beams": 6, "early_stopping": True},
            {"greedy": ["num_beams=6", "early_stopping=True"], "sample": ["num_beams=6", "early_stopping=True"]},
        ),
        ({"early_stopping": True, "length_penalty": 2.0}, {}),
        (
            {"do_sample": True, "min_p": 0.1, "num_return_sequences": 2},
            {
                "greedy": ["do_sample=True", "min_p=0.1", "num_return_sequences=2"],
                "sample": ["num_return_sequences=2"],
                "beam": ["do_sample=True", "min_p=0.1", "num_return_sequences=2"],
            },
        ),
        ({"temperature": 0.6, "top_k": 20}, {}),
        (
            {"do_sample": True, "num_beams": 2},
            {"greedy": ["do_sample=True", "num_beams=2"], "sample": ["num_beams=2"], "beam": ["do_sample=True"]},
        ),
    ],
)
def test_what_a_strategy_leaves_out_is_what_transformers_would_not(
    stated: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    rules = read_rules(Stated(stated))
    for strategy in ("greedy", "sample", "beam"):
        assert rules.unfollowed(strategy) == expected.get(strategy, [])


@pytest.mark.parametrize(
    ("stated", "strategy"),
    [
        ({}, "greedy"),
        ({"temperature": 0.5, "early_stopping": True}, "greedy"),
        ({"num_beams": 1, "do_sample": False}, "greedy"),
        ({"num_beams": 4}, "beam"),
        ({"do_sample": True, "num_beams": 1}, "sample"),
        ({"do_sample": True, "num_beams": 4}, "beam"),
    ],
)
def test_the_strategy_is_the_one_stated_unless_another_is_asked_for(
    tmp_path: Path, stated: dict[str, Any], strategy: str
) -> None:
    model = stating(tmp_path, **stated)
    run = tracer.trace(model, ids=[5, 6], max_tokens=2)
    assert (run.in_force.strategy, run.origin("strategy")) == (
        strategy,
        "default" if strategy == "greedy" else "stated",
    )
    other = tracer.trace(model, ids=[5, 6], max_tokens=2, strategy="greedy")
    assert (other.in_force.strategy, other.origin("strategy")) == ("greedy", "asked")


def test_a_given_output_needs_no_strategy(tmp_path: Path) -> None:
    run = tracer.trace(stating(tmp_path, num_beams=4), ids=[5, 6], target_ids=[7, 8])
    assert run.in_force.strategy == "greedy"
    assert run.branch(tracer.edit("decoder.0.ffn.output", 0.0)).decode()[1]["loss"].shape == (2,)


def test_what_is_asked_for_belongs_to_the_strategy_that_is_stated(tmp_path: Path) -> None:
    model = stating(tmp_path, num_beams=4)
    assert tracer.trace(model, ids=[5, 6], max_tokens=2, beams=2).in_force.beams == 2
    with pytest.raises(InputError, match="top_k belongs to strategy sample, and this is beam"):
        tracer.trace(model, ids=[5, 6], top_k=3)


def test_a_stated_value_that_is_out_of_range_leaves_the_other_strategies(tmp_path: Path) -> None:
    model = stating(tmp_path, do_sample=True, temperature=0)
    with pytest.raises(InputError, match=r"can't be followed: temperature is 0; .*; ask for another value"):
        tracer.trace(model, ids=[5, 6])
    assert tracer.trace(model, ids=[5, 6], strategy="greedy", max_tokens=1).tokens
    assert tracer.trace(model, ids=[5, 6], temperature=0.5, max_tokens=1).tokens


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"num_beams": 4, "max_length": 20}, "num_beams=4, max_length=20"),
        ({"eos_token_id": 5}, "eos_token_id=5"),
        ({"num_beams": 1, "early_stopping": False, "use_cache": False, "eos_token_id": 2}, ""),
    ],
)
def test_beside_it_config_json_has_no_say(tmp_path: Path, configuration: dict[str, Any], expected: str) -> None:
    path = tmp_path / "config.json"
    stating(tmp_path)
    values = json.loads(path.read_text()) | configuration
    path.unlink()
    path.write_text(json.dumps(values))
    model = tracer.load(tmp_path)
    assert model.rules.eos_ids == (2,)
    assert (model.rules.stated, model.rules.max_length) == ({}, None)
    assert [what for what in noted(model) if "config.json states" in what] == (
        [f"config.json states {expected}, which does not hold: generation_config.json alone counts in decoding"]
        if expected
        else []
    )
