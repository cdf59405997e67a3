"""Tokens beyond the vocabulary: told when the checkpoint opens, refused where one would have to be read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.decisions import DECODING, TOKENIZER
from tracer.errors import InputError
from tracer.run import Run

from ..conftest import FIXTURES

BEYOND = {
    "eos_token_id": (50256, "an end token is 50256, beyond the vocabulary of 480: it can never be chosen"),
    "forced_bos_token_id": (480, "forced_bos_token_id is 480, beyond the vocabulary of 480: it can't be forced"),
    "forced_eos_token_id": (999, "forced_eos_token_id is 999, beyond the vocabulary of 480: it can't be forced"),
    "suppress_tokens": ([7, 481, 482], "suppress_tokens has 481, 482, beyond the vocabulary of 480"),
    "begin_suppress_tokens": ([600], "begin_suppress_tokens has 600, beyond the vocabulary of 480"),
    "bad_words_ids": ([[500], [5, 480], [480, 5]], "bad_words_ids has 480, 500, beyond the vocabulary of 480"),
}


def stating(directory: Path, name: str, **generation: Any) -> Path:
    """A fixture with another generation_config.json."""
    shutil.copytree(FIXTURES / name, directory, dirs_exist_ok=True)
    (directory / "generation_config.json").write_text(json.dumps(generation), encoding="utf-8")
    return directory


def padded(directory: Path, *tokens: str) -> Path:
    """GPT-2's fixture with tokens added to its tokenizer, and the embedding as it was."""
    shutil.copytree(FIXTURES / "gpt2", directory, dirs_exist_ok=True)
    path = directory / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    (known,) = tokenizer["added_tokens"]
    tokenizer["added_tokens"] += [known | {"id": i, "content": token} for i, token in enumerate(tokens, 480)]
    path.write_text(json.dumps(tokenizer), encoding="utf-8")
    return directory


def odd(model: tracer.Model, about: str) -> list[str]:
    return [str(decision.what) for decision in model.decisions if decision.odd and decision.about == about]


@pytest.mark.parametrize("key", BEYOND)
def test_what_is_stated_of_tokens_beyond_the_vocabulary_is_told(tmp_path: Path, key: str) -> None:
    stated, message = BEYOND[key]
    told = odd(tracer.load(stating(tmp_path, "gpt2", **{"eos_token_id": 0, key: stated})), DECODING)
    assert [line for line in told if line.startswith(f"generation_config.json: {message}")]


def test_and_is_no_rule_that_is_followed(tmp_path: Path) -> None:
    stated = {key: value for key, (value, _message) in BEYOND.items()} | {"sequence_bias": [[[480], 1.0], [[5], 2.0]]}
    model = tracer.load(stating(tmp_path, "gpt2", **(stated | {"eos_token_id": 0, "no_repeat_ngram_size": 3})))
    assert model.rules.followed == {
        "suppress_tokens": [7],
        "no_repeat_ngram_size": 3,
        "sequence_bias": [[[5], 2.0]],
    }


@pytest.mark.parametrize("settings", [{}, {"strategy": "beam", "beams": 3}, {"strategy": "sample", "seed": 3}])
def test_and_changes_nothing_else(tmp_path: Path, settings: dict[str, Any]) -> None:
    beyond = {key: stated for key, (stated, _message) in BEYOND.items()}
    runs = [
        tracer.trace(tracer.load(stating(tmp_path, "gpt2", **generation)), "The", max_tokens=8, **settings)
        for generation in (beyond | {"min_new_tokens": 4}, {"suppress_tokens": [7]})
    ]
    assert runs[0].output_ids == runs[1].output_ids
    assert len(runs[0].output_ids) == 8


def test_a_start_token_beyond_the_vocabulary_is_refused_when_it_is_read(tmp_path: Path) -> None:
    model = tracer.load(stating(tmp_path, "bart_tied", decoder_start_token_id=117, eos_token_id=2))
    message = "generation_config.json: the start token is 117, beyond the vocabulary of 117: decoding can't start"
    assert message in odd(model, DECODING)
    run = Run(model, [5, 6, 2])
    assert len(run[0])
    for begin in (lambda: run.step(1), lambda: tracer.trace(model, ids=[5, 6, 2], strategy="beam")):
        with pytest.raises(InputError, match=r"reads token 117 first, and has a vocabulary of 117$"):
            begin()
    assert tracer.trace(model, ids=[5, 6, 2], target_ids=[2, 7])[1]["loss"].shape == (1,)


def test_a_token_without_an_embedding_is_refused_where_it_is_used(tmp_path: Path) -> None:
    model = tracer.load(padded(tmp_path, "[PAD]"))
    assert odd(model, TOKENIZER) == [
        "the tokenizer has [PAD] beyond the model's 480 tokens: a text with such a token is refused"
    ]
    assert (
        tracer.trace(model, "The", max_tokens=3).text
        == tracer.trace(tracer.load(FIXTURES / "gpt2"), "The", max_tokens=3).text
    )
    message = r"the text has \[PAD\], token 480, and .* has a vocabulary of 480; leave it out"
    with pytest.raises(InputError, match=message):
        tracer.trace(model, "The[PAD]")
    with pytest.raises(InputError, match=message):
        tracer.trace(model, "The", target="end[PAD]")
    with pytest.raises(InputError, match="token id 480 is out of range"):
        tracer.trace(model, ids=[5, 480])


def test_of_many_tokens_the_first_are_named(tmp_path: Path) -> None:
    (told,) = odd(tracer.load(padded(tmp_path, *(f"<{n}>" for n in range(9)))), TOKENIZER)
    assert told.startswith("the tokenizer has <0>, <1>, <2>, … beyond")
