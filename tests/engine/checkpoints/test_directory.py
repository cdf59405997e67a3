"""Loading is accounting: whatever is wrong with a checkpoint is one sentence that names the file and the thing."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer
from tracer.decisions import TOKENIZER
from tracer.errors import InputError
from tracer.tensor import Array
from tracer.training import vocabularies

from ..conftest import CONFIG, DTYPES, Checkpoint, Dtype, shapes


@pytest.fixture
def path(checkpoint: Checkpoint) -> Path:
    return checkpoint()


def change(path: Path, name: str, tensor: Array | None) -> None:
    """Put another tensor under a name, or none."""
    file = path / "model.safetensors"
    tensors = load_file(file)
    tensors.pop(name, None)
    save_file(tensors if tensor is None else {**tensors, name: tensor}, file)


def refused(path: Path, *parts: str) -> None:
    with pytest.raises(InputError) as caught:
        tracer.load(path)
    message = str(caught.value)
    assert all(part in message for part in parts), message
    assert "\n" not in message


@pytest.mark.parametrize("dtype", DTYPES)
def test_parameters_are_what_the_file_says(path: Path, dtype: Dtype) -> None:
    model = tracer.load(str(path), dtype)
    assert {name: p.shape for name, p in model.parameters.items()} == shapes(CONFIG)
    for name, stored in load_file(path / "model.safetensors").items():
        parameter = model.parameters[name]
        assert parameter.array.dtype == dtype
        assert not parameter.array.flags.writeable
        np.testing.assert_array_equal(parameter.array, stored)


def test_a_missing_tensor(path: Path) -> None:
    change(path, "decoder.1.cross_attn.v.weight", None)
    refused(path, "model.safetensors", "tensor decoder.1.cross_attn.v.weight is missing")


def test_several_missing_tensors_are_counted(path: Path) -> None:
    for name in ("logits.bias", "logits.weight", "decoder.norm.bias"):
        change(path, name, None)
    refused(path, "tensor decoder.norm.bias is missing (and 2 more)")


def test_a_tensor_too_many(path: Path) -> None:
    change(path, "decoder.2.ffn.hidden.weight", np.zeros((2, 2), np.float32))
    refused(path, "model.safetensors", "tensor decoder.2.ffn.hidden.weight is unknown to this architecture")


def test_a_tensor_of_another_shape(path: Path) -> None:
    change(path, "encoder.0.ffn.hidden.weight", np.zeros((16, 24), np.float32))
    refused(path, "model.safetensors", "tensor encoder.0.ffn.hidden.weight is [16, 24], and config.json says [24, 16]")


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
def test_a_missing_file(path: Path, file: str) -> None:
    (path / file).unlink()
    refused(path, str(path / file))


@pytest.mark.parametrize(
    ("text", "problem"),
    [("", "no JSON"), ("{", "no JSON"), ("[1]", "expected a JSON object"), ("[" * 100_000, "no JSON")],
)
def test_a_configuration_that_is_no_object(path: Path, text: str, problem: str) -> None:
    (path / "config.json").write_text(text)
    refused(path, str(path / "config.json"), problem)


def test_a_configuration_in_another_encoding(path: Path) -> None:
    (path / "config.json").write_bytes(b'{"model_type": "\xff"}')
    refused(path, str(path / "config.json"), "no JSON")


def test_a_truncated_file(path: Path) -> None:
    file = path / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    refused(path, str(file), "truncated")


def test_a_tokenizer_alone(path: Path) -> None:
    vocabularies.characters(["我爱"]).save(str(path / "source_tokenizer.json"))
    refused(path, "source_tokenizer.json", "target_tokenizer.json is missing beside it")


def test_a_tokenizer_that_is_none(path: Path) -> None:
    for side in ("source", "target"):
        (path / f"{side}_tokenizer.json").write_text("{}")
    refused(path, "source_tokenizer.json", "is no tokenizer.json")


def test_a_tokenizer_with_more_pieces_than_the_vocabulary(path: Path) -> None:
    """Only a text with such a piece fails."""
    known = vocabularies.words(["".join(map(chr, range(0x4E00, 0x4E20)))], spaced=False)
    many = vocabularies.words([" ".join(map(chr, range(0x4E00, 0x4E40)))], spaced=False)
    assert known.get_vocab_size() < many.get_vocab_size()
    many.save(str(path / "source_tokenizer.json"))
    known.save(str(path / "target_tokenizer.json"))
    model = tracer.load(path)
    (told,) = [str(what) for about, what, odd in model.decisions if odd and about == TOKENIZER]
    assert told.startswith("the tokenizer has 丐, 丑, 丒, … beyond the model's 20 tokens")


@pytest.mark.parametrize(
    ("key", "told"), [("bos_id", "the start token is 120, beyond"), ("eos_id", "an end token is 120, beyond")]
)
def test_a_special_token_outside_the_vocabulary(path: Path, key: str, told: str) -> None:
    (path / "config.json").write_text(json.dumps(CONFIG | {key: 120}))
    assert any(decision.odd and told in decision.what for decision in tracer.load(path).decisions)


def test_a_path_may_be_a_path(path: Path) -> None:
    assert tracer.load(path).path == path


def test_a_name_that_is_no_model() -> None:
    with pytest.raises(InputError, match=r"there is no model 'zh-enn'.*did you mean zh-en"):
        tracer.load("zh-enn")
    with pytest.raises(InputError, match="the name of the model is empty; give a built-in one or a path"):
        tracer.load("")
    with pytest.raises(InputError, match=re.escape("`tx-trace models` lists them")):
        tracer.load("/nowhere/at/all")


def test_a_file_in_place_of_a_directory(path: Path) -> None:
    with pytest.raises(InputError, match="expected a checkpoint directory"):
        tracer.load(str(path / "config.json"))


def test_another_type_of_arithmetic() -> None:
    with pytest.raises(InputError, match="dtype 'float16' is not known; expected float32 / float64"):
        tracer.load("zh-en", "float16")  # type: ignore[arg-type]


def test_other_arithmetic_leaves_everything_else_as_it_is() -> None:
    model = tracer.load("zh-en-tiny")
    other = model.computing_in("float64")
    assert (other.dtype, other.describe()) == ("float64", model.describe().replace("float32", "float64"))
    assert all(getattr(other, part) is getattr(model, part) for part in ("source", "target", "rules", "decisions"))
    name, parameter = next(iter(model.parameters.items()))
    np.testing.assert_array_equal(other.parameters[name].array, parameter.array.astype(np.float64))
    with pytest.raises(InputError, match="dtype 'float16' is not known"):
        model.computing_in("float16")  # type: ignore[arg-type]


READ = ("config.json", "model.safetensors", "generation_config.json", "tokenizer.json", "tokenizer_config.json")


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda file: os.symlink("/dev/zero", file)])
def test_what_is_no_regular_file(path: Path, name: str, make: Callable[[Path], None]) -> None:
    if name == "tokenizer_config.json":
        vocabularies.characters(["我爱"]).save(str(path / "tokenizer.json"))
    (path / name).unlink(missing_ok=True)
    make(path / name)
    refused(path, f"{path / name}: is a directory, pipe, socket or device; expected a regular file")
