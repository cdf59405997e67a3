"""Encoder–decoder checkpoints as they are published: tied tensors under one name or another, and what is left over."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer
from tracer.errors import InputError
from tracer.tensor import Array

from ..conftest import FIXTURES

Tensors = dict[str, Array]
BART_TABLES = (
    "model.shared.weight",
    "model.encoder.embed_tokens.weight",
    "model.decoder.embed_tokens.weight",
    "lm_head.weight",
)
T5_TABLES = ("shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight")


def changed(directory: Path, name: str, change: Callable[[Tensors], object], **stated: Any) -> Path:
    """A fixture with other tensors, and with other settings in config.json."""
    shutil.copytree(FIXTURES / name, directory, dirs_exist_ok=True)
    tensors = load_file(directory / "model.safetensors")
    change(tensors)
    save_file(tensors, directory / "model.safetensors")
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    (directory / "config.json").write_text(json.dumps(config | stated), encoding="utf-8")
    return directory


def logits(path: Path) -> Array:
    return tracer.trace(tracer.load(path), ids=[5, 6, 7, 2], target_ids=[2, 8, 9])[1]["logits"].array


def under(*names: str) -> Callable[[Tensors], None]:
    """Store the one table of a tied checkpoint under these names."""

    def change(tensors: Tensors) -> None:
        table = next(tensors.pop(name) for name in (*BART_TABLES, *T5_TABLES) if name in tensors)
        tensors.update(dict.fromkeys(names, table))

    return change


@pytest.mark.parametrize(
    ("name", "tables"),
    [("bart_tied", BART_TABLES), ("marian_zh_en", BART_TABLES), ("t5_v1_0", T5_TABLES), ("t5_gated_silu", T5_TABLES)],
)
def test_a_tied_table_is_found_under_any_of_its_names(tmp_path: Path, name: str, tables: tuple[str, ...]) -> None:
    expected = logits(FIXTURES / name)
    for names in (*((table,) for table in tables), tables, tables[1:]):
        np.testing.assert_array_equal(logits(changed(tmp_path, name, under(*names))), expected)


def test_a_table_under_none_of_its_names_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"tensor model\.shared\.weight is missing"):
        tracer.load(changed(tmp_path, "bart_tied", under()))


@pytest.mark.parametrize("name", ["mbart_untied", "gpt2_untied", "llama_gqa", "mistral_window", "qwen3"])
def test_an_untied_output_is_missing_if_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"tensor lm_head\.weight is missing"):
        tracer.load(changed(tmp_path, name, lambda tensors: tensors.pop("lm_head.weight")))


def test_a_file_of_the_bare_model(tmp_path: Path) -> None:
    """Names without the prefix, and no bias for the logits."""

    def bare(tensors: Tensors) -> None:
        for name in list(tensors):
            tensors[name.removeprefix("model.")] = tensors.pop(name)
        del tensors["final_logits_bias"]

    bias = load_file(FIXTURES / "bart_tied" / "model.safetensors")["final_logits_bias"]
    expected = logits(FIXTURES / "bart_tied") - bias
    np.testing.assert_allclose(logits(changed(tmp_path, "bart_tied", bare)), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("bart_tied", "classification_head.dense.weight"),
        ("gpt2_untied", "multiple_choice_head.summary.bias"),
        ("llama_gqa", "score.weight"),
        ("qwen2", "v_head.summary.weight"),
    ],
)
def test_a_head_for_another_task_is_ignored(tmp_path: Path, name: str, head: str) -> None:
    path = changed(tmp_path, name, lambda tensors: tensors.update({head: np.ones((3, 2), np.float32)}))
    assert tracer.load(path).ignored[head] == "a head for another task than to write text"


def test_the_parameters_of_norms_may_be_called_as_in_tensorflow(tmp_path: Path) -> None:
    def renamed(tensors: Tensors) -> None:
        for name in [name for name in tensors if ".ln_" in name]:
            kind = {"weight": "gamma", "bias": "beta"}[name.rpartition(".")[2]]
            tensors[f"{name.rpartition('.')[0].removeprefix('transformer.')}.{kind}"] = tensors.pop(name)

    expected = tracer.trace(tracer.load(FIXTURES / "gpt2_untied"), ids=[5, 6], target_ids=[])[1]["logits"].array
    model = tracer.load(changed(tmp_path, "gpt2_untied", renamed))
    np.testing.assert_array_equal(tracer.trace(model, ids=[5, 6], target_ids=[])[1]["logits"].array, expected)


def test_tables_that_are_computed_are_ignored(tmp_path: Path) -> None:
    def computed(tensors: Tensors) -> None:
        tensors["model.encoder.embed_positions.weight"] = np.ones((64, 48), np.float32)

    path = changed(tmp_path, "marian_zh_en", computed)
    np.testing.assert_array_equal(logits(path), logits(FIXTURES / "marian_zh_en"))
    assert tracer.load(path).ignored == {
        "model.encoder.embed_positions.weight": "the sines and cosines, which are computed"
    }


def test_a_position_bias_of_cross_attention_is_ignored(tmp_path: Path) -> None:
    name = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
    path = changed(tmp_path, "t5_v1_0", lambda tensors: tensors.update({name: np.ones((8, 4), np.float32)}))
    np.testing.assert_array_equal(logits(path), logits(FIXTURES / "t5_v1_0"))
    assert name in tracer.load(path).ignored


def test_the_position_bias_is_recorded_once_and_named_in_every_layer() -> None:
    step = tracer.trace(tracer.load(FIXTURES / "t5_v1_0"), ids=[5, 6, 1], max_tokens=1)[1]
    records = [record for record in step if record.name == "position_bias"]
    assert [record.address for record in records] == ["decoder.0.self_attn.position_bias"]
    assert step.tape.find("decoder.1.self_attn.position_bias") is records[0]
    assert [tensor.address for tensor in step.tape.find("decoder.1.self_attn.masked").inputs][2:] == [
        "@1:decoder.0.self_attn.position_bias"
    ]
    assert len(step.tape.find("decoder.1.cross_attn.masked").inputs) == 2


@pytest.mark.parametrize(
    ("name", "stated", "message"),
    [
        ("bart_tied", {"decoder_attention_heads": 5}, r"decoder_attention_heads \(5\) must divide d_model \(24\)"),
        ("bart_tied", {"activation_function": "maxout"}, "activation_function is 'maxout'; expected one of relu"),
        ("marian_zh_en", {"encoder_layers": "2", "num_hidden_layers": None}, "encoder_layers is '2'; expected a whole"),
        ("t5_v1_0", {"feed_forward_proj": "gated"}, "feed_forward_proj is 'gated'; expected one of relu"),
        ("t5_v1_0", {"relative_attention_num_buckets": 2}, "relative_attention_num_buckets is 2; expected 4 or more"),
        ("t5_v1_0", {"relative_attention_max_distance": 3}, "expected more than half of the 8 buckets"),
    ],
)
def test_a_configuration_that_makes_no_sense(tmp_path: Path, name: str, stated: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        tracer.load(changed(tmp_path, name, lambda _tensors: None, **stated))


def test_how_long_a_text_may_be() -> None:
    assert tracer.load(FIXTURES / "bart_tied").facts[2:7] == (32, 32, 1, True, None)
    assert tracer.load(FIXTURES / "t5_v1_1").facts[2:7] == (1 << 16, 1 << 16, 0, True, 64)
    assert tracer.load(FIXTURES / "t5_v1_0").facts[2:7] == (1 << 16, 1 << 16, 0, True, None)
    assert tracer.load(FIXTURES / "marian_two_vocabularies").facts[:2] == (90, 113)
