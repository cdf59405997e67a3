"""A tokenizer of a stranger, which takes neither memory nor time, and whose faults are one sentence."""

from __future__ import annotations

import json
import os
import shutil
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import tokenizers

import tracer
from tracer.errors import InputError
from tracer.tokenizers import library
from tracer.tokenizers.byte_level import LLAMA3_WORDS, QWEN_WORDS
from tracer.tokenizers.doubts import SECONDS, Trial, trial_of

BASE = Path(__file__).parents[1] / "fixtures" / "gpt2"
TEXT = "love a " + "x" * 30
GROWING = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 1000}
ADDED = dict.fromkeys(("single_word", "lstrip", "rstrip", "special"), False)
PADDING = {"direction": "Right", "pad_id": 0, "pad_type_id": 0, "pad_token": "!", "pad_to_multiple_of": None}
TRUNCATION = {"direction": "Right", "strategy": "LongestFirst", "max_length": 3}
SEQUENCE = {"Sequence": {"id": "A", "type_id": 0}}
OTHER = {"Sequence": {"id": "B", "type_id": 0}}
TOKEN = {"SpecialToken": {"id": "x", "type_id": 0}}


def normalizing(*steps: Any) -> dict[str, Any]:
    return {"normalizer": {"type": "Sequence", "normalizers": list(steps)}}


def enclosing(*single: Any, ids: Any = None) -> dict[str, Any]:
    special = {} if ids is None else {"x": {"id": "x", "ids": ids, "tokens": ["x"] * len(ids)}}
    found = {"type": "TemplateProcessing", "single": single, "pair": [SEQUENCE, OTHER], "special_tokens": special}
    return {"post_processor": found}


def within(parts: dict[str, Any]) -> dict[str, Any]:
    """The same post-processor, in a sequence."""
    return {"post_processor": {"type": "Sequence", "processors": [parts["post_processor"]]}}


def splitting(pattern: str) -> dict[str, Any]:
    return {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}}


def model_of(kind: str, **options: Any) -> dict[str, Any]:
    parts = dict.fromkeys(("normalizer", "pre_tokenizer", "decoder", "post_processor"))
    return {**parts, "model": {"type": kind, "vocab": {"love": 0}, **options}}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of a checkpoint whose tokenizer.json is followed as it stands."""
    place = tmp_path / "model"
    shutil.copytree(BASE, place)
    (place / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    return place


def opened(directory: Path, **parts: Any) -> list[int]:
    """The ids of a text, with other parts in tokenizer.json."""
    file = directory / "tokenizer.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | parts))
    return list(tracer.Run(model := tracer.load(directory), model.source_ids(TEXT)[0]).source_ids)


def growing_token(length: int) -> dict[str, Any]:
    """A token beside the vocabulary that the normaliser makes so many times as long as soon as it is read."""
    return {"added_tokens": [{"id": 500, "content": "a", "normalized": True, **ADDED}]} | normalizing(
        *[GROWING] * length
    )


BROKEN = {
    "growing": (normalizing(*[GROWING] * 4), "can't be used"),
    "growing tokens": (growing_token(4), "can't be used"),
    "growing by patterns": (
        normalizing(*[{**GROWING, "pattern": {"Regex": ""}}] * 4),
        "can't be used .it takes too long, or too much memory",
    ),
    "growing by short patterns": (
        normalizing(*[{**GROWING, "pattern": {"Regex": "."}, "content": "x" * 64}] * 5),
        "can't be used .it takes too long, or too much memory",
    ),
    "growing by nothing": (
        normalizing(*[{**GROWING, "pattern": {"String": ""}, "content": "x"}] * 40),
        "can't be used",
    ),
    "an endless output": (
        {"decoder": {"type": "Replace", "pattern": {"Regex": "(x+x+)+y"}, "content": ""}},
        "decoder has a regular expression that may not come to an end",
    ),
    "growing by bytes": (normalizing(*[{"type": "ByteLevel"}] * 60), "can't be used"),
    "growing output": ({"decoder": {"type": "Sequence", "decoders": [GROWING] * 4}}, "decoder makes a text longer"),
    "a token without id": (enclosing(TOKEN, SEQUENCE), "names x, and gives it no id"),
    "no place for the text": (enclosing(OTHER), "put a text once"),
    "no place for the text, further in": (within(within(enclosing(OTHER))), "put a text once"),
    "a token without id, further in": (within(within(enclosing(TOKEN, SEQUENCE))), "names x, and gives it no id"),
    "many places for the text": (enclosing(*[SEQUENCE] * 1000), "put a text once"),
    "many tokens": (enclosing(TOKEN, SEQUENCE, ids=[1] * 1000), "put a text once"),
    "an id beyond the vocabulary": (enclosing(TOKEN, SEQUENCE, ids=[65536]), "65536, .* vocabulary of 480"),
    "another": (
        {"post_processor": {"type": "BertProcessing", "sep": ["x", 65536], "cls": ["y", 4000000000]}},
        "4000000000, .* vocabulary of 480",
    ),
    "an endless pattern": (splitting("(x+x+)+y"), "can't be used"),
    "no pattern": (splitting("((("), "is no tokenizer.json"),
    "no unknown token": (model_of("WordLevel", unk_token="<no>"), "can't be cut into tokens .WordLevel error"),
    "no unknown piece": (
        model_of("WordPiece", unk_token="<no>", continuing_subword_prefix="##", max_input_chars_per_word=100),
        "can't be cut into tokens .WordPiece error",
    ),
    "none of any": (model_of("Unigram", vocab=[["i", -1.0]], unk_id=None), "can't be cut into tokens"),
    "pieces of no length": ({"pre_tokenizer": {"type": "FixedLength", "length": 0}}, "can't be cut into tokens"),
    "a table longer than the file": (
        normalizing({"type": "Precompiled", "precompiled_charsmap": b64encode(b"\xff" * 12).decode()}),
        "precompiled_charsmap is broken",
    ),
}


@pytest.mark.parametrize(("parts", "message"), BROKEN.values(), ids=BROKEN)
def test_what_would_take_the_machine_is_one_sentence(
    directory: Path, parts: dict[str, Any], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match=message) as raised:
        opened(directory, **parts)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "parts",
    [
        {"padding": {"strategy": {"Fixed": 10**9}, **PADDING}},
        {"padding": {"strategy": "BatchLongest", **PADDING, "pad_to_multiple_of": 10**9}},
        {"truncation": {**TRUNCATION, "stride": 3}},
        {"truncation": {**TRUNCATION, "stride": 5}},
        splitting("(?:a|b)+"),
    ],
)
def test_what_is_not_followed_does_nothing(directory: Path, parts: dict[str, Any]) -> None:
    assert opened(directory, **parts) == opened(directory)


@pytest.mark.parametrize(
    "pattern",
    [
        *("(x+x+)+y", "(a|aa)*b", "((a+)b)+", r"(a)\1", r"(?<n>a)\k<n>", "x" * 5000),
        *("(a?a)*b", "(?:aa?)+$", "((a)?a)*b", "((a){2,9})*b"),
    ],
)
def test_patterns_that_may_not_end_are_tried_out(pattern: str) -> None:
    assert trial_of(splitting(pattern), BASE, lambda: "") is not None


def test_the_tokenizers_in_use_are_not_tried_out() -> None:
    spaces = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    usual = [
        splitting(QWEN_WORDS),
        splitting(LLAMA3_WORDS),
        normalizing({"type": "Prepend", "prepend": "▁"}, spaces),
        normalizing({"type": "NFKC"}, {**spaces, "pattern": {"Regex": " {2,}"}}),
    ]
    assert [trial_of(state, BASE, lambda: "") for state in usual] == [None] * len(usual)


@pytest.mark.parametrize("kind", sorted(path.parent.name for path in BASE.parent.glob("*/tokenizer.json")))
def test_none_of_the_fixtures_is_tried_out(kind: str) -> None:
    file = BASE.parent / kind / "tokenizer.json"
    assert trial_of(json.loads(file.read_text()), file, lambda: "") is None


def test_a_trial_is_over_in_its_time() -> None:
    written = tokenizers.Tokenizer.from_file(str(BASE / "tokenizer.json")).to_str()
    Trial(BASE, lambda: written).check(TEXT)
    assert SECONDS < 30


def test_what_a_library_without_python_writes_is_not_seen(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with library.refusing("wrong"):
            os.write(2, b"\x1b]52;")
            raise ValueError

    with pytest.raises(InputError, match="wrong"):
        fail()
    assert capfd.readouterr().err == ""
    os.write(2, b"back")
    assert capfd.readouterr().err == "back"


def test_an_interrupt_leaves_standard_error_as_it_was(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put = os.dup2

    def interrupted(source: int, target: int) -> None:
        monkeypatch.setattr(os, "dup2", put)
        put(source, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "dup2", interrupted)
    with pytest.raises(KeyboardInterrupt), library.refusing("wrong"):
        pass
    os.write(2, b"back")
    assert capfd.readouterr().err == "back"
