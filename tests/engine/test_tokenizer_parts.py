"""Of a tokenizer.json no more is read than is judged, and nothing that follows gets past that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tracer.errors import InputError
from tracer.tokenizers import parts
from tracer.tokenizers.parts import parts_in

HEAD: dict[str, Any] = {"version": "1.0", "added_tokens": [{"content": "我\\"}], "normalizer": {"type": "NFC"}}
MODEL = {"type": "BPE", "vocab": {"decoder": 0, '"normalizer":{': 1, "pre_tokenizer": -2}, "merges": ["a b"]}
PATH = Path("tokenizer.json")


@pytest.mark.parametrize("indent", [None, 2])
def test_the_parts_before_the_model_are_read(indent: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "object_in", lambda *_given: pytest.fail("all of it was read"))
    data = json.dumps({**HEAD, "decoder": None, "model": MODEL}, indent=indent, ensure_ascii=False).encode()
    assert parts_in(PATH, data) == {**HEAD, "decoder": None}


LATER = [
    b'"normalizer": {"type": "Other"}',
    b'"n\\u006frmalizer": {"type": "Other"}',
    b'"normali\\u007Aer"\n:\n[]',
    b'"decoder" : null',
]


@pytest.mark.parametrize("later", LATER)
def test_what_follows_the_model_is_read_too(later: bytes) -> None:
    data = json.dumps({**HEAD, "model": MODEL}).encode()[:-1] + b", " + later + b"}"
    assert parts_in(PATH, data) == json.loads(data)


@pytest.mark.parametrize(
    "data", [b"", b"[1]", b'{"a": 1', b'{"a": ' + b"[" * 100_000, b"{1: 2}", b'{"a" 1}', b"\xff{}"]
)
def test_what_is_no_object_is_refused_as_ever(data: bytes) -> None:
    with pytest.raises(InputError, match=r"tokenizer\.json: (is no JSON|expected a JSON object)"):
        parts_in(PATH, data)


def test_an_object_without_a_model_is_read_whole() -> None:
    assert parts_in(PATH, json.dumps(HEAD).encode()) == HEAD
