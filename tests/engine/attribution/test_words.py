"""Words out of pieces."""

from __future__ import annotations

import pytest

from tracer.attribution.words import words
from tracer.pieces import Unknown

CASES = {
    "▁I ▁love ▁your ▁cat .": ["I", "love", "your", "cat", "."],
    "▁I ' m ▁go ing .": ["I'm", "going", "."],
    "▁don ' t": ["don't"],
    "<s> ▁she </s>": ["she"],
    '▁well - known ▁" quo ted "': ["well-known", '"', "quoted", '"'],
    "▁ 我 爱 你 。 </s>": ["我", "爱", "你", "。"],
    "▁我们 爱 北京 ， ▁Tom ▁说": ["我们", "爱", "北京", "，", "Tom", "说"],
    "我 爱 你 们 </s>": ["我", "爱", "你", "们"],
    "▁ユ ニ": ["ユ", "ニ"],
    "▁안녕 하 세요": ["안녕하세요"],
    "Hel lo": ["Hel", "lo"],
    "Hel lo ▁wor ld !": ["Hello", "world", "!"],
    r"▁a \xe4\xbd \xa0 b": ["a你b"],
    r"▁ \xe4\xbd": [r"\xe4\xbd"],
    "en_XX ▁a </s>": ["a"],
    "__de__ ▁a </s> <pad>": ["a"],
    ">>deu<< ▁a </s>": ["a"],
    "[CLS] ▁a [SEP]": ["a"],
    "</s>": [],
    "": [],
}


@pytest.mark.parametrize("pieces", CASES)
def test_pieces_are_put_together(pieces: str) -> None:
    found = words(pieces.split(), {"en_XX"})
    assert [word.text for word in found] == CASES[pieces]


def test_every_piece_within_is_in_one_word() -> None:
    pieces = ["<s>", "▁I", "'", "m", "▁go", "ing", ".", "</s>"]
    assert [place for word in words(pieces) for place in word.places] == list(range(1, 7))


def test_an_unknown_part_is_a_word_and_no_special_token() -> None:
    found = words(["▁", Unknown("<unk>", "龘"), "了", "<unk>", "</s>"])
    assert [word.text for word in found] == ["龘", "了", "<unk>"]


def test_what_comes_before_the_first_place_is_no_word() -> None:
    assert [word.text for word in words(["1", "5", "7"], after=1)] == ["5", "7"]
    assert words(["1"], after=1) == []


def test_a_special_token_within_a_text_stays() -> None:
    assert [word.text for word in words(["<s>", "▁a", "<URL>", "▁b", "</s>"])] == ["a", "<URL>", "b"]
