"""Tokenizers in the metadata of a GGUF file: the same ids as from the files that they were taken from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracer.decisions import Decisions
from tracer.errors import InputError
from tracer.i18n import spoken
from tracer.tokenizers import Tokenizer
from tracer.tokenizers.gguf import WORDS, read_gguf
from tracer.tokenizers.sentence_pieces import Model, read_model

from .conftest import FIXTURES

KEYS = "tokenizer.ggml."
FILE = Path("model.gguf")


def read(stated: Mapping[str, Any]) -> Tokenizer:
    found = read_gguf(FILE, {f"{KEYS}{key}": value for key, value in stated.items()}, Decisions())
    assert found is not None
    assert found[0] is found[1]
    return found[0]


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FIXTURES / name / "tokenizer_cases.json").read_text("utf-8"))["cases"]
    return found


def pieces_of(model: Model) -> dict[str, Any]:
    """The metadata that llama.cpp's converter makes of a SentencePiece model."""
    return {
        "tokens": [piece.text for piece in model.pieces],
        "scores": np.array([piece.score for piece in model.pieces], np.float32),
        "token_type": np.array([piece.sort for piece in model.pieces], np.int32),
        "unknown_token_id": model.unknown,
    }


def byte_pairs(**changes: Any) -> dict[str, Any]:
    """Those of GPT-2's vocabulary."""
    ids = json.loads((FIXTURES / "gpt2" / "vocab.json").read_text("utf-8"))
    lines = (FIXTURES / "gpt2" / "merges.txt").read_text("utf-8").split("\n")
    merges = [line for line in lines if line and not line.startswith("#version")]
    return {"model": "gpt2", "pre": "gpt-2", "tokens": sorted(ids, key=ids.__getitem__), "merges": merges} | changes


def unigram(**changes: Any) -> dict[str, Any]:
    """Those of T5's pieces, and of the sentinels beside them."""
    model = read_model(FIXTURES / "t5_v1_0" / "spiece.model")
    charsmap = {} if model.charsmap is None else {"precompiled_charsmap": np.frombuffer(model.charsmap, np.int8)}
    flags = {"add_space_prefix": model.dummy_prefix, "remove_extra_whitespaces": model.remove_extra}
    return {"model": "t5", **pieces_of(model), "eos_token_id": 1, **flags, **charsmap} | changes


@pytest.mark.parametrize("case", cases("gpt2"))
def test_byte_pairs_are_merged_as_from_their_own_files(case: dict[str, Any]) -> None:
    tokenizer = read(byte_pairs())
    assert tokenizer.encode(case["text"]).ids == case["ids"]
    assert tokenizer.decode(case["ids"]) == case["text"]


@pytest.mark.parametrize("case", [case for case in cases("t5_v1_0") if "<extra_id" not in case["text"]])
def test_the_likeliest_pieces_are_found_as_from_their_own_file(case: dict[str, Any]) -> None:
    assert read(unigram()).encode(case["text"]).ids == case["ids"]


DIGITS = [*"0123456789", "12", "123", "1234", "a", "b", "ab", "'", "S", "'S", "Ġ", "Ġa"]
MERGES = ["1 2", "12 3", "123 4", "a b", "' S", "Ġ a"]
WHOLE, THREES, SINGLE = ["1234"], ["123", "4"], ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("default", THREES),
        ("gpt-2", WHOLE),
        ("llama-bpe", THREES),
        ("qwen2", SINGLE),
        ("smollm", SINGLE),
        ("falcon", THREES),
        ("tekken", SINGLE),
        ("gpt-4o", THREES),
    ],
)
def test_digits_are_kept_together_as_llama_cpp_does(words: str, expected: list[str]) -> None:
    tokenizer = read({"model": "gpt2", "pre": words, "tokens": DIGITS, "merges": MERGES})
    assert tokenizer.cut("1234").pieces == expected


@pytest.mark.parametrize(("words", "expected"), [("gpt-2", ["'", "S"]), ("llama-bpe", ["'S"]), ("qwen2", ["'S"])])
def test_an_apostrophe_before_a_capital_ends_a_word_or_not(words: str, expected: list[str]) -> None:
    tokenizer = read({"model": "gpt2", "pre": words, "tokens": DIGITS, "merges": MERGES})
    assert tokenizer.cut("ab'S").pieces == ["ab", *expected]


@pytest.mark.parametrize("words", WORDS)
def test_every_kind_of_words_can_be_cut(words: str) -> None:
    text = "I'm you'RE  12345 我们 naïve\n\n x_y() ½"
    tokenizer = read(byte_pairs(pre=words))
    assert tokenizer.decode(tokenizer.cut(text).ids) == text


@pytest.mark.parametrize(
    ("stated", "ids"),
    [
        (byte_pairs(bos_token_id=0, eos_token_id=1), ([], [])),
        (byte_pairs(bos_token_id=0, add_bos_token=True), ([0], [])),
        (byte_pairs(bos_token_id=0, pre="llama-bpe"), ([0], [])),
        (byte_pairs(bos_token_id=0, pre="llama-bpe", add_bos_token=False), ([], [])),
        (byte_pairs(pre="llama-bpe"), ([], [])),
        (byte_pairs(eos_token_id=1, add_eos_token=True), ([], [1])),
        (unigram(), ([], [1])),
        (unigram(add_eos_token=False), ([], [])),
        (unigram(model="llama", bos_token_id=2), ([2], [])),
    ],
)
def test_what_encloses_a_text_is_as_stated_or_as_is_usual(
    stated: dict[str, Any], ids: tuple[list[int], list[int]]
) -> None:
    tokenizer = read(stated)
    assert tokenizer.encode("a").ids == [*ids[0], *tokenizer.cut("a").ids, *ids[1]]


def test_tokens_of_control_and_of_a_user_are_found_whole() -> None:
    stated = byte_pairs()
    tokens = [*stated["tokens"], "<|im_start|>", "<mine>"]
    sorts = np.array([1] * len(stated["tokens"]) + [3, 4], np.int32)
    tokenizer = read(stated | {"tokens": tokens, "token_type": sorts})
    ids = tokenizer.encode("<|im_start|>a<mine>b").ids
    assert [ids[0], ids[2]] == [len(tokens) - 2, len(tokens) - 1]
    assert tokenizer.decode(ids) == "a<mine>b", "what is of control stands for no text"


def test_a_piece_may_stand_there_twice() -> None:
    stated = byte_pairs()
    tokenizer = read(stated | {"tokens": [*stated["tokens"], stated["tokens"][-1]]})
    assert tokenizer.decode(tokenizer.cut("Hello world").ids) == "Hello world"


@pytest.mark.parametrize("stated", [{}, {"model": "none"}, {"model": "no_vocab"}])
def test_without_one_there_are_ids_alone(stated: dict[str, Any]) -> None:
    decisions = Decisions()
    assert read_gguf(FILE, {f"{KEYS}{key}": value for key, value in stated.items()}, decisions) is None
    assert decisions == []


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"model": "bert"}, "its tokenizer, 'bert', is not known here"),
        ({"model": "rwkv"}, "its tokenizer, 'rwkv', is not known here"),
        (byte_pairs(pre="poro-chat"), "what its tokenizer takes for a word, 'poro-chat', is not known here"),
    ],
)
def test_one_that_is_not_known_is_said(stated: dict[str, Any], told: str) -> None:
    decisions = Decisions()
    assert read_gguf(FILE, {f"{KEYS}{key}": value for key, value in stated.items()}, decisions) is None
    assert [(spoken(decision.what), decision.odd) for decision in decisions] == [(told, True)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"tokens": []}, "tokenizer.ggml.tokens is broken"),
        ({"tokens": "abc"}, "tokenizer.ggml.tokens is broken"),
        ({"tokens": [["a"]]}, "tokenizer.ggml.tokens is broken"),
        ({"tokens": np.arange(3)}, "tokenizer.ggml.tokens is broken"),
        ({"merges": ["a"]}, "its tokenizer is broken"),
        ({"merges": ["nowhere there"]}, "its tokenizer is broken"),
        ({"merges": [1]}, "tokenizer.ggml.merges is broken"),
        ({"pre": 3}, "tokenizer.ggml.pre is broken"),
        ({"token_type": np.array([1])}, "tokenizer.ggml.token_type is broken"),
        ({"token_type": ["a"]}, "tokenizer.ggml.token_type is broken"),
        ({"bos_token_id": 1 << 30, "add_bos_token": True}, "tokenizer.ggml.bos_token_id is broken"),
        ({"bos_token_id": "0"}, "tokenizer.ggml.bos_token_id is broken"),
        ({"add_bos_token": 3, "bos_token_id": 0}, "tokenizer.ggml.add_bos_token is broken"),
        ({"add_space_prefix": "yes"}, "tokenizer.ggml.add_space_prefix is broken"),
    ],
)
def test_what_is_broken_is_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        read(byte_pairs(**change))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_an_unknown_token_that_is_none_is_refused(kind: str) -> None:
    with pytest.raises(InputError, match=r"unknown_token_id is broken|its tokenizer is broken"):
        read(unigram(model=kind, unknown_token_id=1 << 20))
    with pytest.raises(InputError, match="scores is broken"):
        read(unigram(model=kind, scores=np.zeros(2, np.float32)))
