"""Alignments: on sentences that the built-in model translates well, and beside runs with a word hidden by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.attribution import catalogue
from tracer.attribution.alignments import ENOUGH, Alignments, Reading, alignments
from tracer.attribution.word_occlusion import LEAST, PART
from tracer.attribution.words import Word
from tracer.errors import AddressError, InputError
from tracer.run import Run
from tracer.tensor import Axis, Tensor

from ...commands.kept import kept_of
from .runs import BOTH, ENCODERS, TARGET, run

SENTENCES = {
    "我爱你们的猫。": {"I": "我", "love": "爱", "cat": "猫"},
    "她有一颗纯洁的心。": {"She": "她", "has": "有", "pure": "纯"},
    "谢谢你，我吃饱了。": {"Thank": "谢谢", "you": "你", ",": "，"},
    "我父亲在他的房间里。": {"father": "父亲", "room": "房间"},
    "昨天她去了商店。": {"She": "她", "went": "去", "store": "商店", "yesterday": "昨天"},
    "你为什么哭？": {"Why": "为什么", "crying": "哭", "?": "？"},
    "你好！": {"Hello": "你好", "!": "！"},
    "我们明天一起吃晚饭吧。": {"dinner": "晚饭", "tomorrow": "明天", ".": ""},
}


@cache
def translated(text: str, **how: Any) -> Run:
    return tracer.trace(tracer.load("zh-en"), text, **how)


def told(found: Alignments) -> dict[str, str]:
    """The words of the source by those of the output."""
    return {row.word.text: "".join(word.text for word, _share in row.sources) for row in found.aligned}


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize("strategy", ["greedy", "beam"])
def test_words_come_from_where_a_translator_has_them_from(text: str, strategy: str) -> None:
    found = told(alignments(translated(text, strategy=strategy)))
    assert {word: found[word] for word in SENTENCES[text]} == SENTENCES[text]


@pytest.mark.parametrize("method", ["alti", "weights", "norms"])
def test_what_was_recorded_says_nearly_the_same(method: str) -> None:
    found = told(alignments(translated("我爱你们的猫。"), catalogue()[method]))
    assert (found["love"], found["cat"]) == ("爱", "猫")


@pytest.mark.parametrize("name", BOTH)
def test_hiding_words_is_a_run_in_which_they_are_hidden(name: str) -> None:
    of = run(name, target_ids=TARGET)
    found = alignments(of)
    assert found.method.name == "word occlusion"
    assert len(found.source) > 1
    losses = of[1]["loss"].array

    def lost(*words: Word) -> list[float]:
        hidden = {place for word in words for place in word.places}
        mask = [int(place not in hidden) for place in range(len(of.source_ids))]
        found_lost = tracer.trace(of.model, ids=of.source_ids, target_ids=TARGET, mask=mask)[1]["loss"].array - losses
        return [sum(found_lost[place - 1] for place in target.places) / np.log(2) for target in found.target]

    own = [sum(losses[place - 1] for place in target.places) / np.log(2) for target in found.target]
    expected = np.array([lost(word) for word in found.source])
    alone = expected.copy()
    for j, pair in enumerate(pairwise(found.source)):
        expected[j : j + 2] += np.maximum(np.array(lost(*pair)) - alone[j] - alone[j + 1], 0) / 2
    expected[expected < np.maximum(LEAST, PART * np.array(own))] = 0
    for j, source in enumerate(found.source):
        expected[j, [source.is_punctuation != target.is_punctuation for target in found.target]] = 0
    expected = expected.T
    assert found.bits is not None
    assert np.allclose(found.bits.array, expected, rtol=0, atol=1e-9)
    sums = expected.sum(1, keepdims=True)
    assert np.allclose(found.table.array, expected / np.where(sums > 0, sums, 1), rtol=0, atol=1e-9)


@pytest.mark.parametrize("reading", ["output", "input"])
def test_what_flows_is_read_where_a_word_comes_out_or_goes_in(reading: Reading) -> None:
    of = run("marian_zh_en", target_ids=TARGET)
    found = alignments(of, catalogue()["rollout"], reading)
    flow = catalogue()["rollout"](of, 1)
    for row, target in enumerate(found.target):
        first = target.places.start - (reading == "output")
        rows = flow.table.array[first : first + len(target.places)].mean(0)
        expected = np.array([sum(rows[place] for place in word.places) for word in found.source])
        assert np.allclose(found.table.array[row], expected / expected.sum())
    assert found.reading == reading
    assert found.unread == []


def test_the_last_word_of_a_run_that_breaks_off_is_never_read() -> None:
    of = translated("我爱你们的猫。", max_tokens=3)
    found = alignments(of, catalogue()["weights"], "input")
    assert [word.text for word in found.target] == ["I", "love"]
    assert [word.text for word in found.unread] == ["your"]
    assert len(alignments(of, catalogue()["weights"]).target) == 3


def test_several_words_are_told_where_they_come_near_the_first() -> None:
    found = alignments(translated("谢谢你，我吃饱了。"))
    for row, shares in zip(found.aligned, found.table.array, strict=True):
        near = [share for share in shares if 0 < ENOUGH * shares.max() <= share]
        assert set(near) <= {share for _word, share in row.sources}


def row_of(amounts: list[list[float]], source: str) -> list[str]:
    """What is told of each word of the output, by amounts [target, source]."""
    of = [Word(text, range(place, place + 1)) for place, text in enumerate(source)]
    target = [Word(f"w{n}", range(n + 1, n + 2)) for n in range(len(amounts))]
    axes = (Axis("target", [word.text for word in target]), Axis("source", list(source)))
    table = Tensor(np.array(amounts), axes)
    found = Alignments(catalogue()["word occlusion"], of, target, table, bits=table)
    return ["".join(word.text for word, _share in row.sources) for row in found.aligned]


def test_a_sign_beside_belongs_to_the_word_that_has_most_of_it() -> None:
    assert row_of([[0.8, 0.2, 0.0], [0.0, 0.1, 0.9]], "昨天她") == ["昨天", "她"]
    assert row_of([[0.8, 0.2, 0.0], [0.0, 0.3, 0.7]], "昨天她") == ["昨", "天她"]
    assert row_of([[0.95, 0.05, 0.0], [0.0, 0.0, 0.9]], "昨天她") == ["昨", "她"]
    assert row_of([[0.8, 0.2, 0.0], [0.0, 0.1, 0.9]], "abc") == ["a", "c"]
    assert row_of([[0.1, 0.7, 0.2]], "天她昨") == ["天她昨"]
    assert row_of([[0.2, 0.0, 0.8]], "天她昨") == ["昨"]


def test_a_mark_comes_from_marks_alone() -> None:
    found = alignments(translated("他比我高三厘米。"))
    assert found.bits is not None
    for word, bits in zip(found.target, found.bits.array, strict=True):
        assert not any(bits[n] for n, of in enumerate(found.source) if of.is_punctuation != word.is_punctuation)
    assert found.aligned[0].bits == pytest.approx(found.bits.array[0].max())


def test_no_word_is_told_to_come_from_many() -> None:
    found = alignments(translated("我爱你们的猫。"))
    axes = (Axis("target", ["a"]), Axis("source", list("bcdefg")))
    source = [Word(text, range(place, place + 1)) for place, text in enumerate("bcdefg")]
    shares = Tensor(np.array([[0.15, 0.2, 0.15, 0.15, 0.2, 0.15]]), axes)
    [row] = replace(found, source=source, target=[Word("a", range(1, 2))], table=shares).aligned
    assert [word.text for word, _share in row.sources] == ["b", "c", "d", "f"]


def test_edits_hold_where_words_are_hidden() -> None:
    of = translated("我爱你们的猫。")
    branch = of.branch(tracer.edit("encoder.output[1]", 0.0))
    assert not np.allclose(alignments(branch).table.array[:3], alignments(of).table.array[:3])
    once = of.branch(tracer.edit("@2:decoder.0.ffn.output", 0.0))
    with pytest.raises(InputError, match=r"@2:decoder\.0\.ffn\.output holds in one step alone.*try alignments alti"):
        catalogue()["word occlusion"](once)
    assert alignments(once).method.name == "weights"


def test_of_a_kept_trace_it_is_weights() -> None:
    of = translated("我爱你们的猫。")
    found = alignments(kept_of(of))
    assert found.method.name == "weights"
    assert np.array_equal(found.table.array, alignments(of, catalogue()["weights"]).table.array)
    with pytest.raises(AddressError, match="need no parameters"):
        alignments(kept_of(of), catalogue()["alti"])


@pytest.mark.parametrize("name", ["gpt2", ENCODERS[0]])
def test_one_text_alone_has_no_alignments(name: str) -> None:
    with pytest.raises(InputError, match="reads one text, and alignments are between two; flow shows"):
        alignments(run(name))


def test_an_output_without_a_word_has_none() -> None:
    with pytest.raises(InputError, match="there is no word in the output, so there is nothing to align"):
        alignments(translated("我爱你。", target=""))


def test_an_output_that_is_too_long_to_be_read_again_is_told_of_as_such() -> None:
    with pytest.raises(InputError, match="the output has 65 tokens, and the decoder of marian_zh_en takes at most 64"):
        alignments(tracer.trace(run("marian_zh_en").model, ids=[7, 8, 9]))


def test_a_run_goes_on_to_its_end() -> None:
    done = translated("我爱你们的猫。")
    begun = done.of(done.model)
    assert told(alignments(begun)) == told(alignments(done))
    assert begun.ended


def test_the_start_token_is_no_word_where_ids_are_all_that_is_known() -> None:
    found = alignments(run("torch_post", target_ids=TARGET))
    assert [word.text for word in found.target] == list(map(str, TARGET[1:]))
