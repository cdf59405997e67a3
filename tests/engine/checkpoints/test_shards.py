"""Several files with an index: the same parameters as from one, or a sentence that says where the two disagree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer
from tracer.errors import InputError

from ..conftest import Checkpoint

SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
INDEX = "model.safetensors.index.json"


def index(path: Path, places: Any) -> None:
    (path / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": places}))


def places(path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((path / INDEX).read_text())["weight_map"]
    return found


@pytest.fixture
def path(checkpoint: Checkpoint) -> Path:
    """A checkpoint in two files."""
    directory = checkpoint()
    whole = directory / "model.safetensors"
    tensors = load_file(whole)
    halves = [dict(list(tensors.items())[half::2]) for half in (0, 1)]
    for shard, half in zip(SHARDS, halves, strict=True):
        save_file(half, directory / shard)
    whole.unlink()
    index(directory, {name: shard for shard, half in zip(SHARDS, halves, strict=True) for name in half})
    return directory


def refused(path: Path, *parts: str) -> None:
    with pytest.raises(InputError) as caught:
        tracer.load(path)
    message = str(caught.value)
    assert all(part in message for part in parts), message
    assert "\n" not in message


def test_shards_hold_what_one_file_would(path: Path, checkpoint: Checkpoint) -> None:
    one, several = tracer.load(checkpoint()), tracer.load(path)
    assert one.parameters.keys() == several.parameters.keys()
    for name, parameter in one.parameters.items():
        np.testing.assert_array_equal(several.parameters[name].array, parameter.array)


def test_one_whole_file_comes_before_an_index(path: Path) -> None:
    save_file({name: t for shard in SHARDS for name, t in load_file(path / shard).items()}, path / "model.safetensors")
    (path / SHARDS[0]).unlink()
    tracer.load(path).read()


def test_a_missing_shard(path: Path) -> None:
    (path / SHARDS[1]).unlink()
    refused(path, INDEX, f"names {SHARDS[1]}, which is missing")


@pytest.mark.parametrize(
    "name", ["../model.safetensors", "/etc/passwd", "sub/model.safetensors", "..", "", "a\\b", "."]
)
def test_a_shard_outside_the_directory(path: Path, name: str) -> None:
    index(path, places(path) | {"logits.bias": name})
    refused(path, INDEX, f"names {name!r}; expected the name of a file in the same directory")


def test_a_shard_that_is_a_directory(path: Path) -> None:
    (path / SHARDS[0]).unlink()
    (path / SHARDS[0]).mkdir()
    refused(path, SHARDS[0])


def test_a_tensor_that_is_listed_and_not_there(path: Path) -> None:
    index(path, places(path) | {"decoder.9.bias": SHARDS[0]})
    refused(path, INDEX, f"says that {SHARDS[0]} holds tensor decoder.9.bias, and it does not")


def test_a_tensor_that_is_in_another_shard(path: Path) -> None:
    name, shard = next(iter(places(path).items()))
    other = next(s for s in SHARDS if s != shard)
    index(path, places(path) | {name: other})
    refused(path, INDEX, f"says that {other} holds tensor {name}")


def test_a_tensor_in_two_shards(path: Path) -> None:
    first, second = (load_file(path / shard) for shard in SHARDS)
    save_file(second | {"logits.bias": np.zeros(3, np.float32)}, path / SHARDS[1])
    save_file(first | {"logits.bias": np.zeros(3, np.float32)}, path / SHARDS[0])
    refused(path, SHARDS[1], f"tensor logits.bias is in {SHARDS[0]} too")


def test_a_tensor_that_is_missing_from_all(path: Path) -> None:
    for shard in SHARDS:
        tensors = load_file(path / shard)
        tensors.pop("logits.bias", None)
        save_file(tensors, path / shard)
    index(path, {name: shard for name, shard in places(path).items() if name != "logits.bias"})
    refused(path, INDEX, "tensor logits.bias is missing")


@pytest.mark.parametrize("listed", [None, [], {}, {"logits.bias": 3}, "model.safetensors"])
def test_an_index_that_makes_no_sense(path: Path, listed: Any) -> None:
    index(path, listed)
    refused(path, INDEX, "expected a weight_map")


def test_a_shard_whose_name_is_too_long(path: Path) -> None:
    index(path, places(path) | {"logits.bias": "x" * 5000})
    refused(path, f"{INDEX}: names {'x' * 40}…, which can't be read (File name too long)")
