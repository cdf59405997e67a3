"""The families that are an encoder alone against transformers: small checkpoints, number by number."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer
from tracer.comparing.comparison import compare
from tracer.dumps.opening import open_dump
from tracer.errors import InputError, TraceError
from tracer.tensor import Array

from ..conftest import FIXTURES, Dtype
from .published import changed
from .references import Reference, agree

NAMES = ("bert", "distilbert", "roberta")
REFERENCES = {name: Reference(name) for name in NAMES}
PADS = {"bert": 0, "distilbert": 0, "roberta": 1}


@pytest.fixture(scope="module", params=NAMES)
def reference(request: pytest.FixtureRequest) -> Reference:
    return REFERENCES[request.param]


@pytest.fixture(scope="module")
def model(reference: Reference, dtype: Dtype) -> tracer.Model:
    return tracer.load(FIXTURES / reference.name, dtype)


def address(name: str) -> str:
    """Where the engine records a hidden state, attention weights or the logits of a reference."""
    kind, _dot, number = name.removeprefix("batch.").partition(".")
    if kind == "logits":
        return kind
    if kind == "attn":
        return f"encoder.{number}.self_attn.weights"
    return "encoder.embed.output" if number == "0" else f"encoder.{int(number) - 1}.output"


def segments(reference: Reference) -> list[int] | None:
    return reference.ids("token_type_ids") if "token_type_ids" in reference.arrays else None


def test_one_pass_over_a_text(model: tracer.Model, reference: Reference) -> None:
    run = tracer.trace(model, ids=reference.ids("input_ids"), segment_ids=segments(reference))
    names = [name for name in reference.compared() if "module/" not in name]
    assert ([step.number for step in run.steps], len(names)) == ([0], 6)
    for name in names:
        agree(run[0][address(name)].array, reference.arrays[name], reference, name)
    np.testing.assert_allclose(run[0]["probs"].array.sum(axis=-1), 1, rtol=1e-6)


@pytest.mark.parametrize("row", [0, 1])
def test_rows_of_a_padded_batch_run_singly(model: tracer.Model, reference: Reference, row: int) -> None:
    run = tracer.trace(model, ids=reference.ids("batch.input_ids", row))
    for name in reference.compared("batch."):
        agree(run[0][address(name)].array, reference.arrays[name][row], reference, name)


def test_every_module(model: tracer.Model, reference: Reference) -> None:
    comparison = compare(model, open_dump(FIXTURES / reference.name / "reference.safetensors"))
    assert not [check for check in comparison.checks if not check.holds]
    assert {check.name for check in comparison.checks} >= {"logits", "attn.1", "hidden.2", "batch.logits"}
    assert comparison.unmatched == []


def outputs(directory: Path, ids: list[int]) -> Array:
    return tracer.trace(tracer.load(directory), ids=ids)[0]["encoder.output"].array


def renamed(directory: Path, name: str, change: Any) -> Path:
    """A fixture with other names in its file; what is given none is left out."""
    shutil.copytree(FIXTURES / name, directory, dirs_exist_ok=True)
    tensors = load_file(directory / "model.safetensors")
    named = {change(old): array for old, array in tensors.items()}
    save_file({new: array for new, array in named.items() if new}, directory / "model.safetensors")
    return directory


def older(name: str) -> str:
    """The name of a tensor in the files of the first BERT."""
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


def body(name: str) -> str:
    """The name of a tensor in a file without a head and without the base; empty for those of the head."""
    base, _dot, rest = name.partition(".")
    return rest if base in NAMES else ""


def test_the_norms_of_older_files_have_other_names(tmp_path: Path) -> None:
    ids = REFERENCES["bert"].ids("input_ids")
    found = outputs(renamed(tmp_path, "bert", older), ids)
    np.testing.assert_array_equal(found, outputs(FIXTURES / "bert", ids))


@pytest.mark.parametrize("name", NAMES)
def test_without_a_head_there_are_hidden_states_alone(tmp_path: Path, name: str) -> None:
    ids, path = REFERENCES[name].ids("input_ids"), renamed(tmp_path, name, body)
    run = tracer.trace(tracer.load(path), ids=ids)
    assert not {"logits", "probs", "transform.norm"} & {*run[0].tape.addresses}
    np.testing.assert_array_equal(run[0]["encoder.output"].array, outputs(FIXTURES / name, ids))


def test_heads_for_other_tasks_are_left_aside(tmp_path: Path) -> None:
    path = renamed(tmp_path, "bert", lambda name: name) / "model.safetensors"
    more = ("bert.pooler.dense.weight", "cls.seq_relationship.bias", "classifier.weight", "qa_outputs.bias")
    save_file(load_file(path) | dict.fromkeys(more, np.zeros(3, np.float32)), path)
    assert tracer.load(tmp_path).ignored == {
        "bert.pooler.dense.weight": "the pooler, which only heads of other tasks read",
        **dict.fromkeys(more[1:], "a head for another task, which is not computed here"),
    }


def test_half_a_head_is_none(tmp_path: Path) -> None:
    path = renamed(tmp_path, "bert", lambda name: "" if "transform.dense" in name else name)
    with pytest.raises(InputError, match=r"tensor cls\.predictions\.transform\.dense\.bias is missing"):
        tracer.load(path)


def test_padding_has_a_position_of_its_own_in_roberta() -> None:
    model = tracer.load(FIXTURES / "roberta")
    found = tracer.trace(model, ids=[5, 1, 7, 8], mask=[1, 1, 1, 1])[0].tape.find("encoder.embed.positions")
    assert (found.parameters["positions"], found.parameters["offset"]) == ([0, -1, 1, 2], 2)
    table = model.parameters["roberta.embeddings.position_embeddings.weight"].array
    np.testing.assert_array_equal(found.output.array, table[[2, 1, 3, 4]])


def test_positions_are_stated_as_transformers_counts_them() -> None:
    model, ids = tracer.load(FIXTURES / "roberta"), [5, 6, 7]
    usual, stated = (tracer.trace(model, ids=ids, **given) for given in ({}, {"positions": [2, 3, 4]}))
    np.testing.assert_array_equal(usual[0]["encoder.output"].array, stated[0]["encoder.output"].array)
    with pytest.raises(TraceError, match="position 24 is out of range: roberta has positions 0 to 23"):
        tracer.trace(model, ids=ids, positions=[2, 3, 24])


def test_a_text_may_have_as_many_tokens_as_there_are_positions_left() -> None:
    model = tracer.load(FIXTURES / "roberta")
    assert tracer.trace(model, ids=[5] * 22)[0]["logits"].shape == (22, 80)
    with pytest.raises(TraceError, match="the text has 23 tokens, and roberta takes at most 22 tokens"):
        tracer.trace(model, ids=[5] * 23)


@pytest.mark.parametrize(
    ("name", "segment_ids", "message"),
    [
        ("distilbert", [0, 0, 0], "distilbert tells no segments of a text apart; leave out --segment-ids"),
        ("gpt2", [0, 0, 0], "gpt2 tells no segments of a text apart; leave out --segment-ids"),
        ("bert", [0, 0], "--segment-ids has 2 numbers, and the source text has 3 tokens: 5 6 7"),
        ("bert", [0, 1, 2], "segment 2 is out of range: bert has segments 0 to 1"),
        ("roberta", [0, 1, 0], "segment 1 is out of range: roberta has segments 0 to 0"),
        ("bert", [0, 0.5, 1], r"--segment-ids takes whole numbers, and \[0, 0.5, 1\] are not"),
    ],
)
def test_segments_that_do_not_fit(name: str, segment_ids: list[int], message: str) -> None:
    with pytest.raises(TraceError, match=message):
        tracer.trace(tracer.load(FIXTURES / name), ids=[5, 6, 7], segment_ids=segment_ids)


@pytest.mark.parametrize(
    ("name", "stated", "message"),
    [
        ("bert", {"is_decoder": True}, "is_decoder = True is not supported"),
        ("bert", {"add_cross_attention": True}, "add_cross_attention = True is not supported"),
        ("bert", {"position_embedding_type": "relative_key"}, "position_embedding_type = 'relative_key' is not"),
        ("bert", {"num_attention_heads": 5}, r"num_attention_heads \(5\) must divide hidden_size \(24\)"),
        ("distilbert", {"pad_token_id": 80}, "pad_token_id is 80; expected an id of the vocabulary, 0 to 79"),
        ("roberta", {"pad_token_id": None}, "pad_token_id is None; expected a token id less than"),
        ("roberta", {"pad_token_id": 23}, "pad_token_id is 23; expected a token id less than"),
    ],
)
def test_a_configuration_that_makes_no_sense(tmp_path: Path, name: str, stated: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        tracer.load(changed(tmp_path, name, **stated))


def test_roberta_in_many_languages_is_roberta(tmp_path: Path) -> None:
    ids = REFERENCES["roberta"].ids("input_ids")
    path = changed(tmp_path, "roberta", model_type="xlm-roberta")
    assert json.loads((path / "config.json").read_text(encoding="utf-8"))["model_type"] == "xlm-roberta"
    np.testing.assert_array_equal(outputs(path, ids), outputs(FIXTURES / "roberta", ids))
