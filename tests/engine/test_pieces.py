"""Pieces as labels, and the texts they go by."""

import json

import pytest

import tracer
from tracer.pieces import Ids, Unknown, goes_by, token_of, with_parts
from tracer.run import Run
from tracer.verify import verify


@pytest.fixture(scope="module")
def model():
    return tracer.load("zh-en-tiny")


def test_an_unknown_piece_is_seen_with_what_it_stands_for():
    assert [Unknown("<unk>", "龘"), Unknown("[UNK]", "a b"), Unknown("unk", "é")] == ["<unk 龘>", "[UNK a b]", "unk é"]
    assert [token_of(piece) for piece in (Unknown("<unk>", "龘"), "▁love")] == ["<unk>", "▁love"]
    assert json.dumps([Unknown("<unk>", "x")]) == '["<unk x>"]'


@pytest.mark.parametrize(
    ("piece", "texts"),
    [("▁love", {"▁love", "love"}), ("<unk>", {"<unk>"}), (Unknown("<unk>", "龘"), {"<unk 龘>", "<unk>", "龘"})],
)
def test_what_a_piece_goes_by(piece, texts):
    known = {"▁love", "love", "lov", "<unk>", "<unk 龘>", "龘", "", "unk"}
    assert {text for text in known if goes_by(piece, text)} == texts


def test_each_unknown_piece_stands_for_the_next_part():
    assert with_parts(["a", "<unk>", "b", "<unk>", "<unk>"], "<unk>", ["x", "<unk>", "y"]) == [
        "a", "<unk x>", "b", "<unk>", "<unk y>",
    ]  # fmt: skip
    assert with_parts(["a", "<unk>"], None, []) == ["a", "<unk>"]


SOURCE = ["我", "<unk 龘>", "爱", "<unk 🙂>", "<unk 龘>", "</s>"]


def test_labels_of_the_source_say_what_was_not_known(model):
    run = tracer.trace(model, "我龘爱🙂龘", max_tokens=2)
    assert run.source == SOURCE
    assert run[0]["encoder.0.self_attn.weights"].labels == {"query": SOURCE, "key": SOURCE}
    assert run[1]["decoder.0.cross_attn.weights"].labels["key"] == SOURCE
    assert not [check for check in verify(run, run[1].tape.records) if check.failures]


def test_they_are_selected_by_the_token_by_the_part_and_whole(model):
    weights = tracer.trace(model, "我龘爱🙂龘", max_tokens=1)[1]["decoder.0.cross_attn.weights"]
    places = {'"<unk>"': 1, '"<unk>"#2': 3, '"<unk>"#3': 4, '"龘"': 1, '"龘"#2': 4, '"<unk 🙂>"': 3, '"<unk 龘>"#2': 4}
    run = tracer.trace(model, "我龘爱🙂龘", max_tokens=1)
    for label, place in places.items():
        assert run[1][f"decoder.0.cross_attn.weights[h1, 0, {label}]"].array == weights.array[1, 0, place]


def test_labels_of_a_given_output_do_too(model):
    run = tracer.trace(model, "我爱你", target="i 龘 you")
    assert run.target == ["<s>", "▁i", "<unk 龘>", "▁you", "</s>"]
    assert run[1]["loss"].labels["position"][2] == "<unk 龘>"


def test_ids_alone_have_the_pieces_of_the_vocabulary(model):
    ids, unknown = model.source_ids("我龘")
    assert (isinstance(ids, Ids), ids, unknown) == (True, [*ids], ["龘"])
    assert Run(model, list(ids)).source == ["我", "<unk>", "</s>"]
    assert tracer.trace(model, ids=ids, max_tokens=1).source == ["我", "<unk 龘>", "</s>"]
    assert tracer.trace(model, ids=list(ids), max_tokens=1).source == ["我", "<unk>", "</s>"]


def test_the_token_itself_in_a_text_is_no_part_that_was_not_known(model):
    encoded = model.source.encode("我<unk>龘")
    assert (encoded.unknown, encoded.ids.pieces) == (["龘"], ["我", "<unk>", "<unk 龘>", "</s>"])
