"""Answers, held against a plain loop over traces, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.corpus.asking import Asked, Opened
from tracer.corpus.columns import Columns
from tracer.corpus.presets import preset
from tracer.corpus.questions import question
from tracer.corpus.sentences import Sentence
from tracer.model import Model

PAIRS = [
    *(
        ("我爱你", "i love you"),
        ("你爱我", "you love me"),
        ("他们喜欢猫", "they like cats"),
        ("我们爱你", "we love you"),
    ),
    *(("你喜欢猫吗", "do you like cats"), ("她爱他", "she loves him"), ("他爱她", "he loves her"), ("猫", "cat")),
    *(("我喜欢你", "i like you"), ("他喜欢我们", "he likes us"), ("你们爱猫", "you love cats"), ("我", "i")),
]


@pytest.fixture(scope="module")
def model() -> Model:
    return tracer.load("zh-en-tiny")


def table(asked: Asked, sentences: list[Sentence], opened: Opened) -> list[dict[str, Any]]:
    """The rows, without cells that say nothing."""
    found = Columns()
    for sentence in sentences:
        asked.rows(sentence, opened, found)
    lists = found.whole().lists
    assert {len(cells) for cells in lists.values()} == {found.rows}
    every = [{name: cells[n] for name, cells in lists.items()} for n in range(found.rows)]
    return [{name: cell for name, cell in row.items() if cell is not None} for row in every]


def asking(*texts: str, **how: Any) -> Asked:
    return Asked(tuple(map(question, texts)), **how)


def sentences(*, given: bool) -> list[Sentence]:
    return [Sentence(n, text, target if given else None) for n, (text, target) in enumerate(PAIRS, 1)]


def plain_forced(model: Model) -> Iterator[dict[str, Any]]:
    """The answers to three questions of each position that is read, as anyone would write it."""
    for n, (text, target) in enumerate(PAIRS, 1):
        run = tracer.trace(model, text, target=target)
        weights, loss = run[1]["decoder.0.cross_attn.weights"].array, run[1]["loss"].array
        pieces = run.target
        for position, piece in enumerate(pieces):
            row = {"sentence": n, "run": 0, "step": 1, "address": "loss", "position": position, "read": piece}
            row |= {"text": text, "target": target, "total": float(np.add.reduce(loss, dtype=np.float64))}
            row |= {f"first.head{head}": float(weights[head, position, 0]) for head in range(2)}
            if position + 1 < len(pieces):
                row |= {"token": pieces[position + 1], "loss": float(loss[position])}
            yield row


def test_given_outputs_have_a_row_for_each_position(model):
    asked = asking("first=dec.0.cross.weights[:, :, 0]", "loss=loss", "total=sum(loss)")
    assert table(asked, sentences(given=True), Opened(model)) == list(plain_forced(model))


def plain_decoded(model: Model) -> Iterator[dict[str, Any]]:
    """The same of each step of decoding, and what is of the encoder alone in a row of its own."""
    for n, (text, _target) in enumerate(PAIRS, 1):
        run = tracer.trace(model, text)
        head = {"sentence": n, "run": 0, "text": text}
        norm = float(np.sqrt(np.add.reduce(np.square(run[0]["encoder.output"].array, dtype=np.float64), None)))
        yield {**head, "step": 0, "address": run[0].tape.records[-1].address, "norm": norm}
        for token in run.tokens:
            weights = run[token.step]["decoder.0.cross_attn.weights"].array
            row = {**head, "step": token.step, "address": "choice", "token": token.piece}
            row |= {f"far.head{h}": float(weights[h, -1].max()) for h in range(2)}
            yield {**row, "is_love": token.piece == "▁love", "number": token.step, "said": token.piece}


def test_decoded_outputs_have_a_row_for_each_step(model):
    texts = ("far=max(dec.0.cross.weights[:, -1], key)", "norm=norm(enc.output)", 'is_love=token == "▁love"')
    found = table(asking(*texts, "number=step", "said=token"), sentences(given=False), Opened(model))
    assert found == list(plain_decoded(model))


def test_a_long_table_has_a_row_for_every_number(model):
    [one] = sentences(given=False)[:1]
    found = table(asking("w=dec.0.cross.weights[:, -1:]", is_long=True), [one], Opened(model))
    run = tracer.trace(model, one.text)
    expected = [
        {
            "expression": "w",
            "value": float(step["decoder.0.cross_attn.weights"].array[head, -1, key]),
            "step": step.number,
            "head": head,
            "key": key,
            "key_token": piece,
            "position": step.number - 1,
        }
        for step in run.steps[1:]
        for head in range(2)
        for key, piece in enumerate(run.source)
    ]
    assert [{name: row[name] for name in expected[0]} for row in found] == expected


def test_places(model):
    [one] = sentences(given=False)[:1]
    found = table(asking("n=step", at="dec.0.output"), [one], Opened(model))
    assert [row["step"] for row in found] == [1, 2, 3, 4]
    assert {row["address"] for row in found} == {tracer.trace(model, one.text)[1]["decoder.0.output"].path}
    assert [row["n"] for row in table(asking("n=step", at="2"), [one], Opened(model))] == [2]
    [row] = table(asking("n=step", at="9"), [one], Opened(model))
    assert "there is no step @9" in row["error"]
    [row] = table(asking("n=step", at="dec.*.nothing"), [one], Opened(model))
    assert "nothing is recorded" in row["error"] or "nothing in step" in row["error"]


def test_what_fails_costs_its_cell_or_its_row(model):
    texts = ["我爱你", "", "猫" * 40]
    asked = asking('love=prob("▁love")', "late=@4:probs[-1, 0]", "bad=dec.0.cross.weights")
    lines = [*(Sentence(n, text) for n, text in enumerate(texts, 1)), Sentence(4, error="this line is no JSON")]
    found = table(asked, lines, Opened(model))
    errors = [(row["sentence"], row.get("step"), row["error"]) for row in found]
    assert errors[0][:2] == (1, 1)
    assert errors[0][2] == (
        "bad has the axis key, which is longer in some sentences than in others: ask for one number, "
        "e.g. max(…, key), or add --long to tx-trace survey"
    )
    assert {row["sentence"] for row in found if "love" in row} == {1}
    assert [number for number, step, _error in errors if step is None] == [2, 3, 4]
    assert errors[-1][2] == "this line is no JSON"


@pytest.mark.parametrize("text", ["dec.0.cross.weights[:, 0:0, 0]", "dec.0.cross.weights[0:0, -1, 0]"])
def test_what_is_empty_says_nothing(model, text):
    for is_long in (False, True):
        asked = asking(f"a={text}", "n=step", is_long=is_long)
        found = table(asked, sentences(given=False)[:1], Opened(model))
        assert [row.get("n", row.get("value")) for row in found] == [1, 2, 3, 4]
        assert not [row for row in found if "error" in row]


def test_an_edited_run_is_asked_beside_the_other(model):
    def without_a_head(run):
        return run.branch(tracer.edit("decoder.0.cross_attn.heads[h1]", 0.0))

    found = table(asking("loss=loss", edits=(without_a_head,)), sentences(given=True)[:3], Opened(model))
    for n, (text, target) in enumerate(PAIRS[:3], 1):
        edit = tracer.edit("decoder.0.cross_attn.heads[h1]", 0.0)
        runs = tracer.trace(model, text, target=target), tracer.trace(model, text, target=target, edits=[edit])
        for number, run in enumerate(runs):
            cells = [row["loss"] for row in found if (row["sentence"], row["run"]) == (n, number) and "loss" in row]
            assert cells == run[1]["loss"].array.tolist()


def test_two_models_are_held_against_each_other(model):
    other = tracer.load("zh-en-tiny", "float64")
    asked = Asked(tuple(preset("kl", model, has_target=False, has_other=True)))
    found = table(asked, sentences(given=False)[:2], Opened(model, other))
    assert [row["agree"] for row in found] == [True] * len(found)
    assert 0 <= max(row["kl"] for row in found) < 1e-6


def test_encoders_are_held_against_each_other_over_what_they_read():
    bert = tracer.load("tests/fixtures/bert")
    asked = Asked(tuple(preset("kl", bert, has_target=False, has_other=True)), ids=True)
    found = table(asked, [Sentence(1, "5 9 7 2")], Opened(bert, bert))
    assert [(row["step"], row["position"], row["kl"]) for row in found] == [(0, n, 0.0) for n in range(4)]


@pytest.mark.parametrize("name", ["attention", "alignment"])
def test_a_preset_says_something_everywhere(name, model):
    for given in (False, True):
        asked = Asked(tuple(preset(name, model, has_target=given, has_other=False)))
        found = table(asked, sentences(given=given)[:3], Opened(model))
        assert [row for row in found if "error" in row] == []
        names = {cell.partition(".")[0] for row in found for cell in row}
        assert {one.name for one in asked.questions} <= names


def test_the_presets_are_what_they_say(model):
    asked = Asked(tuple(preset("attention", model, has_target=True, has_other=False)))
    found = table(asked, sentences(given=True)[:1], Opened(model))
    run = tracer.trace(model, *PAIRS[0][:1], target=PAIRS[0][1])
    own, cross = (run[1][f"decoder.0.{kind}_attn.weights"].array for kind in ("self", "cross"))
    read = [row for row in found if row["step"] == 1]
    aligned = cross.mean(0).argmax(-1)
    for head in range(2):
        previous = [row[f"self_previous.layer0.head{head}"] for row in read]
        assert np.isnan(previous[0])
        assert previous[1:] == [float(own[head, n, n - 1]) for n in range(1, len(own[head]))]
        shares = [row[f"cross_aligned.layer0.head{head}"] for row in read]
        np.testing.assert_allclose(shares, [cross[head, n, key] for n, key in enumerate(aligned)], rtol=1e-6)


def test_token_ids():
    gpt2 = tracer.load("tests/fixtures/gpt2")
    found = table(asking("top=argmax(logits[-1])", ids=True), [Sentence(1, "5 9 2"), Sentence(2, "5 x")], Opened(gpt2))
    run = tracer.trace(gpt2, ids=[5, 9, 2])
    assert [row["top"] for row in found if "top" in row] == [
        int(step["logits"].array[-1].argmax()) for step in run.steps
    ]
    assert found[-1]["error"] == "'5 x' is no list of token ids; write them like 5 9 2"
