"""Mixtures of experts, and the part of Gemma 3 that reads text, as files may have them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer
from tracer.errors import InputError
from tracer.tensor import Array

from ..conftest import FIXTURES
from .published import changed, notes

IDS = [5, 6, 7, 8]
Tensors = dict[str, Array]


def logits(path: Path) -> Array:
    return tracer.trace(tracer.load(path), ids=IDS, target_ids=[])[1]["logits"].array


def fused(tensors: Tensors, name: str, parts: tuple[str, str, str]) -> Tensors:
    """The experts of each layer in two tensors, and nothing else changed."""
    found = {key: array for key, array in tensors.items() if ".experts." not in key}
    for layer in {match[1] for key in tensors if (match := re.match(r"(model\.layers\.\d+)\..*\.experts\.", key))}:
        gate, up, down = ([tensors[f"{layer}.{name}.experts.{e}.{part}.weight"] for e in range(4)] for part in parts)
        found[f"{layer}.mlp.experts.gate_up_proj"] = np.concatenate([np.stack(gate), np.stack(up)], 1)
        found[f"{layer}.mlp.experts.down_proj"] = np.stack(down)
    return found


@pytest.mark.parametrize(
    ("family", "name", "parts"),
    [
        ("mixtral", "block_sparse_moe", ("w1", "w3", "w2")),
        ("qwen3_moe", "mlp", ("gate_proj", "up_proj", "down_proj")),
    ],
)
def test_experts_side_by_side_in_one_tensor(
    tmp_path: Path, family: str, name: str, parts: tuple[str, str, str]
) -> None:
    path = changed(tmp_path, family) / "model.safetensors"
    save_file(fused(load_file(path), name, parts), path)
    np.testing.assert_array_equal(logits(tmp_path), logits(FIXTURES / family))
    record = tracer.trace(tracer.load(tmp_path), ids=IDS, target_ids=[])[1].tape.find("decoder.1.ffn.experts.up")
    expert = int(record.inputs[1].array[2, 0])
    leaves = [leaf for leaf in record.derive((2, 0, 3)).leaves() if leaf.at is None]
    stored = load_file(path)["model.layers.1.mlp.experts.gate_up_proj"]
    assert {leaf.index[:2] for leaf in leaves} == {(expert, stored.shape[1] // 2 + 3)}
    assert all(stored[leaf.index] == np.float32(leaf.value) for leaf in leaves)


def test_experts_twice_are_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "qwen3_moe") / "model.safetensors"
    tensors = load_file(path)
    save_file(tensors | fused(tensors, "mlp", ("gate_proj", "up_proj", "down_proj")), path)
    with pytest.raises(InputError, match=r"tensor model\.layers\.1\.mlp\.experts\.down_proj is unknown"):
        tracer.load(tmp_path)


def test_an_expert_that_is_missing(tmp_path: Path) -> None:
    path = changed(tmp_path, "qwen3_moe") / "model.safetensors"
    tensors = load_file(path)
    del tensors["model.layers.1.mlp.experts.2.up_proj.weight"]
    save_file(tensors, path)
    with pytest.raises(InputError, match=r"tensor model\.layers\.1\.mlp\.experts\.2\.up_proj\.weight is missing"):
        tracer.load(tmp_path)


def test_experts_that_nothing_is_sent_to_are_not_read() -> None:
    model = tracer.load(FIXTURES / "mixtral")
    run = tracer.trace(model, ids=IDS[:1], target_ids=[])
    chosen = set(run[1]["decoder.0.ffn.router.chosen"].array[0].tolist())
    read = {
        int(match[1])
        for name, parameter in model.parameters.items()
        if (match := re.match(r"model\.layers\.0\.mlp\.experts\.(\d+)\.w1", name))
        and type(parameter).__name__ != "Unread"
    }
    assert read == chosen
    assert len(chosen) == 2


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"num_experts_per_tok": 9}, "num_experts_per_tok is 9; expected at most 4, the number of experts"),
        ({"num_local_experts": 1 << 20}, "num_local_experts is 1048576; expected at most 65536, added up"),
    ],
)
def test_a_mixture_that_makes_no_sense(tmp_path: Path, stated: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        tracer.load(changed(tmp_path, "mixtral", **stated))


@pytest.mark.parametrize("prefix", ["language_model.model.", "model.language_model."])
def test_the_part_of_gemma_3_that_reads_text(tmp_path: Path, prefix: str) -> None:
    path = changed(tmp_path, "gemma3_text")
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    whole = {"model_type": "gemma3", "text_config": config, "vision_config": {"hidden_size": 8}}
    (path / "config.json").write_text(json.dumps(whole), encoding="utf-8")
    tensors = load_file(path / "model.safetensors")
    renamed = {f"{prefix}{name.removeprefix('model.')}": array for name, array in tensors.items()}
    renamed["vision_tower.embeddings.weight"] = np.zeros((2, 2), np.float32)
    save_file(renamed, path / "model.safetensors")
    np.testing.assert_array_equal(logits(path), logits(FIXTURES / "gemma3_text"))
    assert (
        "config.json: of the parts that gemma3 has, text_config is read, which is gemma3_text; texts alone go in"
        in notes(path)
    )
