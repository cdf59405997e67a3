"""What transformers calls tensors and settings, against what llama.cpp's converter made of checkpoints of each family.

`conversions.json` has the metadata that llama.cpp's convert_hf_to_gguf.py (of llama-cpp-python 0.3.36) wrote for small
random checkpoints of transformers, some of what their config.json states, and which tensor became which, and how.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracer.checkpoints.changed import Turned
from tracer.checkpoints.formats import checkpoint_at
from tracer.checkpoints.gguf.families import FAMILIES, family_of
from tracer.checkpoints.gguf.tensors import Halved, Lessened
from tracer.checkpoints.stored import Contiguous, Stored
from tracer.errors import InputError

from ...conftest import FIXTURES
from .files import LLAMA, Raw, gguf, llama

CONVERSIONS: Mapping[str, Any] = json.loads((FIXTURES / "gguf" / "conversions.json").read_text("utf-8"))


def opened(tmp_path: Path, metadata: Mapping[str, Any], tensors: Mapping[str, Any]) -> Any:
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf(metadata, tensors))
    return checkpoint_at(path)


def written(name: str, tmp_path: Path) -> Any:
    """A file with the metadata of a conversion, and a tensor of the smallest shape that fits for each of its own."""
    made = CONVERSIONS[name]
    metadata = {"general.architecture": made["architecture"], **map_typed(made["metadata"])}
    vectors = {label for label in made["tensors"] if "norm" in label or label.endswith("bias")}
    tensors = {label: np.zeros(8 if label in vectors else (8, 8), np.float32) for label in made["tensors"]}
    return opened(tmp_path, metadata, tensors)


def map_typed(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: np.float32(value) if isinstance(value, float) else np.array(value) if isinstance(value, list) else value
        for key, value in metadata.items()
    }


@pytest.mark.parametrize("name", CONVERSIONS)
def test_every_tensor_has_transformers_name_and_is_changed_back(name: str, tmp_path: Path) -> None:
    found = written(name, tmp_path).tensors
    kinds: dict[str, type[Stored]] = {"turned": Turned, "halved": Halved, "less": Lessened, "": Contiguous}
    for label, (theirs, how) in CONVERSIONS[name]["tensors"].items():
        assert theirs in found, label
        assert type(found[theirs]) is kinds[how.partition(" ")[0]], label
        if how.startswith("halved"):
            assert found[theirs].heads == int(how.split()[1])


@pytest.mark.parametrize("name", CONVERSIONS)
def test_settings_are_those_of_config_json(name: str, tmp_path: Path) -> None:
    config = written(name, tmp_path).config
    expected = CONVERSIONS[name]["config"] | {"vocab_size": 8}
    assert {key: config.get(key) for key in expected} == expected


def test_every_family_is_tested() -> None:
    tested = {made["architecture"] for made in CONVERSIONS.values()}
    assert tested == FAMILIES.keys() - {"mistral", "olmo3"}, "which are Llama and OLMo 2 with windows"


@pytest.mark.parametrize(
    ("architecture", "stated", "expected"),
    [
        ("llama", {"llama.attention.sliding_window": 8}, "mistral"),
        ("llama", {"llama.attention.sliding_window": 0}, "llama"),
        ("olmo2", {"olmo2.attention.sliding_window": 8}, "olmo3"),
        ("llama", {"llama.expert_count": 8}, "mixtral"),
        ("llama", {"llama.expert_count": 0}, "llama"),
        ("qwen2moe", {}, "qwen2moe"),
    ],
)
def test_what_is_stated_beside_the_architecture_tells_the_family(
    architecture: str, stated: dict[str, Any], expected: str
) -> None:
    assert family_of(architecture, stated, ()).model_type == expected


def config(tmp_path: Path, tensors: Mapping[str, Any] | None = None, **changes: Any) -> Any:
    metadata = {**LLAMA, **{f"llama.{key}": value for key, value in changes.items()}}
    return opened(tmp_path, metadata, {**llama(), **(tensors or {})}).config


def test_what_is_stated_for_every_layer_is_one_value_or_refused(tmp_path: Path) -> None:
    assert config(tmp_path, **{"attention.head_count_kv": np.array([2, 2])}).get("num_key_value_heads") == 2
    with pytest.raises(InputError, match=r"llama.feed_forward_length differs from layer to layer"):
        config(tmp_path, feed_forward_length=np.array([48, 64]))


@pytest.mark.parametrize("missing", ["embedding_length", "block_count", "feed_forward_length", "attention.head_count"])
def test_what_must_be_stated_is_asked_for(tmp_path: Path, missing: str) -> None:
    metadata = {key: value for key, value in LLAMA.items() if key != f"llama.{missing}"}
    with pytest.raises(InputError, match=f"llama.{missing} is missing"):
        _ = opened(tmp_path, metadata, llama()).config


def test_what_nobody_knows_is_said(tmp_path: Path) -> None:
    assert config(tmp_path, some_scale=3).get("llama.some_scale") == 3
    assert config(tmp_path, some_scale=0).get("llama.some_scale") is None
    assert config(tmp_path, some_list=np.arange(1000)).get("llama.some_list") == [*range(8)]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"rope.scaling.type": "none"}, None),
        ({"rope.scaling.type": "linear", "rope.scaling.factor": 4.0}, {"rope_type": "linear", "factor": 4.0}),
        ({"rope.scale_linear": 2.0}, {"rope_type": "linear", "factor": 2.0}),
        (
            {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0, "rope.scaling.original_context_length": 32},
            {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32},
        ),
    ],
)
def test_scaled_positions_are_stated_as_transformers_has_them(
    tmp_path: Path, stated: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    assert config(tmp_path, **stated).get("rope_scaling") == expected


FACTORS = np.array([1.0, 1.5, 3.9269907, 8.0], np.float32)


def test_a_factor_for_each_pair_is_followed_exactly(tmp_path: Path) -> None:
    scaling = config(tmp_path, {"rope_freqs.weight": FACTORS}).get("rope_scaling")
    assert scaling["short_factor"] == scaling["long_factor"] == FACTORS.tolist()
    assert (scaling["rope_type"], scaling["attention_factor"]) == ("longrope", 1.0)


def test_too_many_factors_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"tensor rope_freqs.weight of settings has 70000 numbers; at most 65536 are read"
    ):
        config(tmp_path, {"rope_freqs.weight": np.zeros(70_000, np.float32)})


def test_a_part_of_a_head_may_be_turned(tmp_path: Path) -> None:
    assert config(tmp_path, **{"rope.dimension_count": 4}).get("partial_rotary_factor") == 0.5
    assert config(tmp_path, **{"rope.dimension_count": 8}).get("partial_rotary_factor") is None


def test_two_names_of_one_parameter_are_refused(tmp_path: Path) -> None:
    twice = {"model.norm.weight": np.zeros(32, np.float32)}
    with pytest.raises(InputError, match=r"tensors model.norm.weight and model.norm.weight are the same parameter"):
        _ = opened(tmp_path, LLAMA, {**llama(), **twice}).tensors


def test_rows_that_can_not_be_cut_into_heads_are_left_alone(tmp_path: Path) -> None:
    odd = {"blk.0.attn_q.weight": Raw((31, 32), 0, bytes(31 * 32 * 4))}
    found = opened(tmp_path, LLAMA, {**llama(), **odd}).tensors
    assert isinstance(found["model.layers.0.self_attn.q_proj.weight"], Contiguous)
