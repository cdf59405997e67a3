"""Checkpoints of several parts, as models that see or hear have them: the text part is read as it would be by itself.

Their spellings are those of files that transformers saved (llava, mistral3, idefics3), before version 5 and since.
"""

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

Rename = Callable[[str], str]
BESIDE = {"vision_tower.patch_conv.weight": (3, 2), "multi_modal_projector.linear_1.bias": (4,)}
SPELLINGS: dict[str, tuple[Rename, str]] = {
    "before version 5": (lambda name: f"language_model.{name}", ""),
    "since": (lambda name: name.replace("model.", "model.language_model.", 1), "model."),
    "idefics": (lambda name: name.replace("model.", "model.text_model.", 1), "model."),
}


def whole(directory: Path, name: str, spelling: str = "since", **stated: Any) -> Path:
    """A fixture as the text part of a model that has others; ``...`` takes a key of the whole away."""
    rename, before = SPELLINGS[spelling]
    shutil.copytree(FIXTURES / name, directory, dirs_exist_ok=True)
    tensors = {rename(tensor): numbers for tensor, numbers in load_file(directory / "model.safetensors").items()}
    others = {f"{before}{tensor}": np.ones(shape, np.float32) for tensor, shape in BESIDE.items()}
    save_file(tensors | others, directory / "model.safetensors")
    text = json.loads((directory / "config.json").read_text("utf-8"))
    config = {"model_type": "llava", "text_config": text, "vision_config": {"model_type": "pixtral"}} | stated
    config = {key: value for key, value in config.items() if value is not ...}
    (directory / "config.json").write_text(json.dumps(config), "utf-8")
    return directory


def logits(path: Path) -> Array:
    return tracer.trace(tracer.load(path), ids=[5, 6, 7], target_ids=[])[1]["logits"].array


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", ["llama_gqa", "qwen2", "mistral_window"])
def test_the_text_part_computes_what_it_does_by_itself(tmp_path: Path, name: str, spelling: str) -> None:
    expected, path = logits(FIXTURES / name), whole(tmp_path, name, spelling)
    np.testing.assert_array_equal(logits(path), expected)


def test_what_is_read_and_what_is_left_aside_is_said(tmp_path: Path) -> None:
    model = tracer.load(whole(tmp_path, "llama_gqa"))
    told = [decision.what for decision in model.decisions if decision.odd]
    assert told == ["config.json: of the parts that llava has, text_config is read, which is llama; texts alone go in"]
    assert model.ignored == dict.fromkeys([f"model.{name}" for name in BESIDE], "of another part of the model")


@pytest.mark.parametrize("key", ["llm_config", "language_config"])
def test_the_part_has_other_names(tmp_path: Path, key: str) -> None:
    path = whole(tmp_path, "llama_gqa", "before version 5")
    config = json.loads((path / "config.json").read_text("utf-8"))
    config[key] = config.pop("text_config")
    (path / "config.json").write_text(json.dumps(config), "utf-8")
    np.testing.assert_array_equal(logits(path), logits(FIXTURES / "llama_gqa"))


def test_a_tensor_of_the_text_part_that_has_no_place_is_refused(tmp_path: Path) -> None:
    path = whole(tmp_path, "llama_gqa")
    tensors = load_file(path / "model.safetensors")
    tensors["model.language_model.layers.0.odd.weight"] = np.ones(3, np.float32)
    save_file(tensors, path / "model.safetensors")
    with pytest.raises(InputError, match=r"tensor layers\.0\.odd\.weight is unknown to this architecture"):
        tracer.load(path)


@pytest.mark.parametrize(("whole_is", "stated"), [("mistral3", ...), ("llava", True)])
def test_the_whole_may_tie_the_output_to_the_embedding(tmp_path: Path, whole_is: str, stated: Any) -> None:
    path = whole(tmp_path, "llama_gqa", model_type=whole_is, tie_word_embeddings=stated)
    tensors = load_file(path / "model.safetensors")
    table = tensors["model.language_model.embed_tokens.weight"]
    del tensors["lm_head.weight"]
    save_file(tensors, path / "model.safetensors")
    weights = tracer.load(path).architecture.parameters
    np.testing.assert_array_equal(weights.logits.weight.array, table)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"model_type": "paligemma"}, "model_type 'paligemma' is not known"),
        ({"text_config": {"model_type": "clip_text_model"}}, "model_type 'llava' is not known"),
        ({"text_config": {"model_type": ["llama"]}}, "model_type 'llava' is not known"),
        ({"text_config": [1]}, "model_type 'llava' is not known"),
        ({"model_type": ["llava"], "text_config": {}}, r"model_type is \['llava'\]; expected a name"),
    ],
)
def test_what_has_no_text_part_that_stands_alone(tmp_path: Path, stated: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        tracer.load(whole(tmp_path, "llama_gqa", **stated))


def test_tokens_that_the_whole_states_count(tmp_path: Path) -> None:
    path = whole(tmp_path, "llama_gqa", eos_token_id=9)
    (path / "generation_config.json").unlink(missing_ok=True)
    assert tracer.load(path).rules.eos_ids == (9,)
    path = whole(tmp_path, "llama_gqa")
    assert tracer.load(path).rules.eos_ids == (2,)
