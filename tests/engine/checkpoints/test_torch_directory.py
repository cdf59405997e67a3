"""A directory with `pytorch_model.bin`: the same model as with safetensors, and what is said of what it lacks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from commands.results.compared import beside
from tracer.checkpoints.formats import checkpoint_at
from tracer.errors import InputError
from tracer.loading import find

from ..conftest import FIXTURES, Checkpoint, cells
from .torch_files import saved

WHOLE, INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
SHARDS = ("pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin")
OPUS = FIXTURES / "marian_zh_en"

Arrays = Mapping[str, "np.ndarray[Any, Any]"]


@pytest.fixture
def arrays(checkpoint: Checkpoint) -> Arrays:
    return load_file(checkpoint() / "model.safetensors")


@pytest.fixture
def path(checkpoint: Checkpoint, arrays: Arrays) -> Path:
    """A checkpoint in torch's format alone."""
    directory = checkpoint()
    saved(directory / WHOLE, arrays)
    (directory / "model.safetensors").unlink()
    return directory


def refused(path: Path, *parts: str) -> None:
    with pytest.raises(InputError) as caught:
        tracer.load(path)
    message = str(caught.value)
    assert all(part in message for part in parts), message
    assert "\n" not in message


def opus(directory: Path, change: Callable[[Any], Any] = lambda array: array) -> Path:
    """The files that a mirror of opus-mt-zh-en has, with its tables of positions and copies of its embedding."""
    directory.mkdir()
    for name in ("config.json", "generation_config.json", "source.spm", "target.spm", "vocab.json"):
        shutil.copy(OPUS / name, directory)
    arrays = load_file(OPUS / "model.safetensors")
    config = json.loads((OPUS / "config.json").read_text())
    table = np.zeros((config["max_position_embeddings"], config["d_model"]), "f4")
    positions = {f"model.{side}.embed_positions.weight": table for side in ("encoder", "decoder")}
    saved(directory / WHOLE, {name: change(array) for name, array in {**arrays, **positions}.items()})
    return directory


def test_a_directory_as_mirrors_have_it_opens_and_translates(tmp_path: Path) -> None:
    model, same = tracer.load(OPUS), tracer.load(opus(tmp_path / "opus"))
    assert same.ignored.items() >= {
        ("model.encoder.embed_positions.weight", "the sines and cosines, which are computed"),
        ("model.decoder.embed_positions.weight", "the sines and cosines, which are computed"),
    }
    one, other = (tracer.trace(m, "我爱你", max_tokens=5) for m in (model, same))
    assert list(cells(one)) == list(cells(other))
    assert checkpoint_at(same.path).format == "torch"


def test_numbers_in_half_precision_are_what_they_are(tmp_path: Path) -> None:
    model = tracer.load(opus(tmp_path / "opus", lambda array: array.astype("f2")))
    name = "model.encoder.layers.0.fc1.weight"
    expected = load_file(OPUS / "model.safetensors")[name].astype("f2")
    np.testing.assert_array_equal(model.parameters[name].stored.array, expected)


def test_safetensors_come_first(path: Path, checkpoint: Checkpoint) -> None:
    shutil.copy(checkpoint() / "model.safetensors", path)
    (path / WHOLE).write_bytes(b"")
    assert checkpoint_at(path).format == "safetensors"
    tracer.load(path).read()


def test_a_file_stands_for_its_directory_where_that_is_read_from_it(path: Path, checkpoint: Checkpoint) -> None:
    assert tracer.load(path / WHOLE).path == path
    shutil.copy(checkpoint() / "model.safetensors", path)
    assert tracer.load(path / WHOLE).path == path / WHOLE


@pytest.mark.parametrize("name", ["other.bin", "last.pt", "model.pth", "epoch=3.ckpt"])
def test_a_file_by_another_name_opens_with_the_configuration_beside_it(path: Path, name: str) -> None:
    file = (path / WHOLE).rename(path / name)
    model = tracer.load(file)
    assert (model.name, model.path) == (name, file)
    assert tracer.loading.stated_by(model).get("model_type") == "transformer"
    refused(path, f"{file}: is not looked for in a directory; to open it, give the file itself, or call it {WHOLE}")
    (path / "config.json").unlink()
    refused(file, f"{path / 'config.json'}: is missing")


def test_what_another_implementation_computed_lies_beside_a_file_too(tmp_path: Path) -> None:
    directory = opus(tmp_path / "opus")
    shutil.copy(OPUS / "reference.safetensors", directory)
    (directory / WHOLE).rename(directory / "model.pt")
    assert beside(find(str(directory / "model.pt"))) == directory / "reference.safetensors"


@pytest.fixture
def sharded(path: Path, arrays: Arrays) -> Path:
    """The same in two files."""
    (path / WHOLE).unlink()
    halves = [dict([*arrays.items()][half::2]) for half in (0, 1)]
    for shard, half in zip(SHARDS, halves, strict=True):
        saved(path / shard, half)
    places = {name: shard for shard, half in zip(SHARDS, halves, strict=True) for name in half}
    (path / INDEX).write_text(json.dumps({"weight_map": places}))
    return path


def test_several_files_hold_what_one_would(sharded: Path, checkpoint: Checkpoint) -> None:
    one, several = tracer.load(checkpoint()), tracer.load(sharded / SHARDS[1])
    assert several.path == sharded
    for name, parameter in one.parameters.items():
        np.testing.assert_array_equal(several.parameters[name].array, parameter.array)


def test_several_files_and_no_index(sharded: Path) -> None:
    (sharded / INDEX).unlink()
    refused(sharded, f"{sharded / SHARDS[0]}: is one part of a checkpoint, whose {INDEX} is missing")


def test_an_index_and_not_all_of_the_files(sharded: Path) -> None:
    (sharded / SHARDS[0]).unlink()
    refused(sharded, f"{sharded / INDEX}: names {SHARDS[0]}, which is missing")


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod."])
def test_what_wrappers_put_before_names_is_left_out_and_said(path: Path, arrays: Arrays, prefix: str) -> None:
    saved(path / WHOLE, {f"{prefix}{name}": array for name, array in arrays.items()})
    model = tracer.load(path)
    assert f"read without the {prefix} before every name" in [str(what) for _about, what, _odd in model.decisions]
    assert {parameter.address for parameter in model.parameters.values()} <= arrays.keys()


def test_a_prefix_of_some_names_is_none(path: Path, arrays: Arrays) -> None:
    first, *others = arrays
    saved(path / WHOLE, {f"module.{first}": arrays[first], **{name: arrays[name] for name in others}})
    refused(path, f"{path / WHOLE}: tensor {first} is missing")


def test_parameters_that_are_no_floating_numbers(path: Path, arrays: Arrays) -> None:
    saved(path / WHOLE, {**arrays, "logits.bias": arrays["logits.bias"].astype("i8")})
    refused(path, f"{path / WHOLE}: tensor logits.bias is of type I64; expected floating numbers")


def test_a_tensor_that_is_not_in_order_is_computed_with_as_it_is(path: Path, checkpoint: Checkpoint) -> None:
    """Numbers of the other order of bytes, and packed, stand for all that can't be read as they lie."""
    arrays = load_file(checkpoint() / "model.safetensors")
    swapped = {name: array.astype(array.dtype.newbyteorder(">")) for name, array in arrays.items()}
    saved(path / WHOLE, swapped, byteorder=b"big", packed=b"yes")
    one, other = (tracer.trace(tracer.load(p), ids=[5, 9, 2], max_tokens=3) for p in (checkpoint(), path))
    assert list(cells(one)) == list(cells(other))
