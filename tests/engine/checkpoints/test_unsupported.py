"""What can't be opened: one sentence says what it is, and what to do."""

from __future__ import annotations

import ast
import json
import os
import shlex
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save, save_file

import tracer
from tracer.errors import InputError

from ..conftest import FIXTURES, Checkpoint


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


def put(path: Path, name: str, content: bytes) -> Path:
    """Another file in place of the parameters."""
    (path / "model.safetensors").unlink()
    (path / name).write_bytes(content)
    return path / name


ZIPPED, PLAIN = b"PK\x03\x04" + bytes(26) + b"archive/data.pkl" + bytes(9), b"\x80\x02\x8a\nl\xfc\x9cF"
CTRANSLATE2 = struct.pack("<IH", 6, 16) + b"TransformerSpec\0" + struct.pack("<II", 7, 120)
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 1234\n"
KINDS = [
    (ZIPPED, "a pickle can run anything, so it is not opened; save its tensors as safetensors"),
    (PLAIN, "a pickle can run anything, so it is not opened; save its tensors as safetensors"),
    (b"PK\x03\x04" + bytes(26) + b"weights.npy", "is a zip archive, and none that torch writes"),
    (CTRANSLATE2, "is a model of CTranslate2, which can't be opened"),
    (struct.pack("<IH", 6, 12) + b"WhisperSpec\0", "is a model of CTranslate2"),
    (b"GGUF\x03\0\0\0", "GGUF files can't be opened yet"),
    (b"lmgg" + bytes(8), "is a GGML file"),
    (save({"a": np.zeros(3)}), "is a safetensors file by another name; call it model.safetensors"),
    (LFS, "is a pointer of Git LFS in place of the file; fetch that with git lfs pull"),
    (b"\n<!DOCTYPE html>\n<html>", "is a web page in place of the file"),
    (b"Entry not found", "is text in place of numbers"),
    (b"", "is empty"),
    (bytes(64), "is neither a pickle nor any other file of tensors that is known"),
]
"""How files of each kind begin, as their writers write them, and what is said."""


@pytest.mark.parametrize(("content", "told"), KINDS)
@pytest.mark.parametrize("name", ["model.bin", "model.pt", "model.pth", "model.ckpt", "model.gguf"])
def test_a_file_is_what_it_begins_as_whatever_its_name(path: Path, name: str, content: bytes, told: str) -> None:
    file = put(path, name, content)
    for given in (file, path):
        refused(given, f"{file}: {told}")


@pytest.mark.parametrize(("content", "told"), [kind for kind in KINDS if "safetensors file" not in kind[1]][:-1])
def test_and_if_it_is_called_safetensors(path: Path, content: bytes, told: str) -> None:
    refused(path, f"{put(path, 'model.safetensors', content)}: {told}")


@pytest.mark.parametrize("name", ["config.json", "generation_config.json"])
def test_a_pointer_or_a_page_in_place_of_json(path: Path, name: str) -> None:
    (path / name).write_bytes(LFS)
    refused(path, f"{path / name}: is a pointer of Git LFS in place of the file")
    (path / name).write_bytes(b"<html>404</html>")
    refused(path, f"{path / name}: is a web page in place of the file")


@pytest.mark.parametrize("content", [ZIPPED, PLAIN])
@pytest.mark.parametrize("file", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin"])
def test_a_pickle_that_transformers_would_find_is_to_be_converted(path: Path, file: str, content: bytes) -> None:
    put(path, file, content)
    (path / "optimizer.bin").write_bytes(ZIPPED)
    configure(path, architectures=["MarianMTModel"])
    load = "from sys import argv; from transformers import MarianMTModel as M"
    code = f"{load}; M.from_pretrained(argv[1]).save_pretrained(argv[1])"
    refused(path, f"{path / file}: a pickle can run anything", f"convert it with python -c '{code}' {path}")


@pytest.mark.parametrize("stated", [None, [], "x", [3], ["os; os.remove('/')"]])
def test_the_command_names_no_more_than_a_class(path: Path, stated: Any) -> None:
    put(path, "pytorch_model.bin", ZIPPED)
    configure(path, architectures=stated)
    refused(path, "from transformers import AutoModelForCausalLM as M")
    configure(path, architectures=stated, is_encoder_decoder=True)
    refused(path, "from transformers import AutoModelForSeq2SeqLM as M")


@pytest.mark.parametrize("name", ["a$(touch x)", "a`touch x`", "a'; touch x; '", 'a" touch x "', "-x y", "a\\"])
def test_the_command_can_be_pasted_whatever_the_directory_is_called(
    checkpoint: Checkpoint, tmp_path: Path, name: str
) -> None:
    path = checkpoint().rename(tmp_path / name)
    put(path, "pytorch_model.bin", ZIPPED)
    with pytest.raises(InputError) as caught:
        tracer.load(path)
    command = str(caught.value).partition("convert it with ")[2]
    seen = "import sys; print(sys.argv[1:])"
    shown = subprocess.run(
        ["sh", "-c", command.replace(shlex.split(command)[2], seen)], capture_output=True, text=True, cwd=tmp_path
    )
    assert ast.literal_eval(shown.stdout) == [str(path)]
    assert sorted(os.listdir(tmp_path)) == [name]


def test_a_safetensors_file_stands_for_its_directory(path: Path) -> None:
    assert tracer.load(path / "model.safetensors").path == path
    shard = FIXTURES / "llama3_scaled" / "model-00002-of-00002.safetensors"
    assert tracer.load(shard).path == shard.parent


@pytest.mark.parametrize("name", ["torch_post", "llama3_scaled"])
def test_a_file_that_its_directory_is_not_read_from(name: str) -> None:
    """The one beside it would be opened in its place."""
    file = FIXTURES / name / "reference.safetensors"
    refused(file, f"{file}: is a safetensors file by another name; call it model.safetensors")


def test_a_gguf_file_without_a_configuration(path: Path) -> None:
    put(path, "model.gguf", b"GGUF\x03\0\0\0")
    (path / "config.json").unlink()
    refused(path, "model.gguf: GGUF files can't be opened yet")


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
