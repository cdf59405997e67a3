"""What can't be opened: one sentence says what it is, and what to do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer
from tracer.errors import InputError

from ..conftest import Checkpoint


@pytest.fixture
def path(checkpoint: Checkpoint) -> Path:
    return checkpoint()


def refused(path: Path | str, *parts: str) -> None:
    with pytest.raises(InputError) as caught:
        tracer.load(path)
    message = str(caught.value)
    assert all(part in message for part in parts), message
    assert "\n" not in message


def configure(path: Path, **keys: Any) -> None:
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | keys))


@pytest.mark.parametrize("file", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "model.pt", "model.pth"])
def test_a_pickle_is_not_opened(path: Path, file: str) -> None:
    (path / "model.safetensors").rename(path / file)
    configure(path, architectures=["MarianMTModel"])
    command = f"from transformers import MarianMTModel as M; M.from_pretrained('{path}').save_pretrained('{path}')"
    refused(path, f"{path / file}: a pickle can run anything", f'python -c "{command}"')


@pytest.mark.parametrize("stated", [None, [], "x", [3], ["os; os.remove('/')"]])
def test_the_command_names_no_more_than_a_class(path: Path, stated: Any) -> None:
    (path / "model.safetensors").rename(path / "pytorch_model.bin")
    configure(path, architectures=stated)
    refused(path, "from transformers import AutoModelForCausalLM as M")


def test_a_pickle_given_as_the_model(path: Path) -> None:
    (path / "model.safetensors").rename(path / "model.bin")
    refused(path / "model.bin", "a pickle can run anything")


def test_a_safetensors_file_stands_for_its_directory(path: Path) -> None:
    assert tracer.load(path / "model.safetensors").path == path


def test_a_gguf_file(path: Path) -> None:
    (path / "model.safetensors").rename(path / "model.gguf")
    refused(path / "model.gguf", "GGUF files can't be opened yet")
    refused(path, "model.gguf", "GGUF files can't be opened yet")
    (path / "config.json").unlink()
    refused(path, "model.gguf", "GGUF files can't be opened yet")


@pytest.mark.parametrize("method", [{"quant_method": "gptq", "bits": 4}, {"quant_method": "fp8"}, {"bits": 4}, "int8"])
def test_a_configuration_that_says_quantised(path: Path, method: Any) -> None:
    configure(path, quantization_config=method)
    known = method.get("quant_method", "?") if isinstance(method, dict) else "?"
    refused(path, f"{path}: is quantised ({known}), which is not supported; open the model as F32, F16 or BF16")


def test_tensors_that_look_quantised(path: Path) -> None:
    tensors = load_file(path / "model.safetensors")
    save_file(tensors | {"encoder.0.ffn.hidden.qweight": np.zeros(4, np.int32)}, path / "model.safetensors")
    refused(path, "is quantised (encoder.0.ffn.hidden.qweight, I32)")


def test_parameters_that_are_no_floating_numbers(path: Path) -> None:
    tensors = load_file(path / "model.safetensors")
    tensors["logits.bias"] = tensors["logits.bias"].astype(np.int64)
    save_file(tensors, path / "model.safetensors")
    refused(path, "model.safetensors: tensor logits.bias is of type I64; expected floating numbers")


@pytest.mark.parametrize("with_config", [True, False])
def test_an_adapter(path: Path, with_config: bool) -> None:
    (path / "model.safetensors").rename(path / "adapter_model.safetensors")
    (path / "adapter_config.json").write_text("{}")
    if not with_config:
        (path / "config.json").unlink()
    refused(path, f"{path}: is an adapter, without the model it changes; merge the two")


def test_a_directory_without_a_configuration(tmp_path: Path) -> None:
    refused(tmp_path, f"{tmp_path / 'config.json'}: is missing")


def test_an_unknown_type_of_model(path: Path) -> None:
    configure(path, model_type="mamba")
    refused(path, "model_type 'mamba' is not known; known are", "gpt2", "marian")


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_a_name_that_is_no_path(name: str) -> None:
    refused(name, "can't be read")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("what", ["", "config.json", "model.safetensors"])
def test_a_path_without_permission(path: Path, what: str) -> None:
    (path / what).chmod(0)
    try:
        refused(path, str(path / what), "Permission denied")
    finally:
        (path / what).chmod(0o700)


def test_a_directory_that_cannot_be_listed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_path: Path) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", denied)
    refused(path, f"{path}: can't be read (Permission denied)")
