"""What can't be opened: one sentence says what it is, and what to do."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save, save_file

import tracer
from tracer.errors import InputError
from tracer.survey import survey
from tracer.tokenizers.directory import FILES

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
OLD = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
CTRANSLATE2 = struct.pack("<IH", 6, 16) + b"TransformerSpec\0" + struct.pack("<II", 7, 120)
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 1234\n"
KINDS = [
    (b"\x80\x02" + OLD, "is in the format that torch had before 1.6, which is not opened; convert it: torch.save("),
    (b"\x80\x04\x95\x0d" + bytes(7) + OLD, "is in the format that torch had before 1.6"),
    (ZIPPED, "is a file of torch's by another name; call it pytorch_model.bin"),
    (PLAIN, "is a file of torch's by another name; call it pytorch_model.bin"),
    (b"PK\x03\x04" + bytes(26) + b"weights.npy", "is a zip archive, and none that torch writes"),
    (b"lmgg" + bytes(8), "is a GGML file"),
    (save({"a": np.zeros(3)}), "is a safetensors file by another name; call it model.safetensors"),
    (LFS, "is a pointer of Git LFS in place of the file; fetch that with git lfs pull"),
    (b"\n<!DOCTYPE html>\n<html>", "is a web page in place of the file"),
    (b"Entry not found", "is text in place of numbers"),
    (b"", "is empty"),
    (bytes(64), "is neither a pickle nor any other file of tensors that is known"),
]
"""How files of each kind begin, as their writers write them, and what is said."""


OF_TORCH = {
    ZIPPED: "is no zip archive, or cut short: its directory is missing",
    PLAIN: "is a plain pickle, which can run anything and is not opened; write its tensors with torch.save",
    b"PK\x03\x04" + bytes(26) + b"weights.npy": "is no zip archive, or cut short: its directory is missing",
    bytes(64): "is no zip archive, or cut short: its directory is missing",
}
"""What is said of some of them where the name is one that torch's files have."""


@pytest.mark.parametrize(("content", "told"), KINDS)
@pytest.mark.parametrize("name", ["model.bin", "model.pt", "model.pth", "model.ckpt", "model.gguf"])
def test_a_file_is_what_it_begins_as_whatever_its_name(path: Path, name: str, content: bytes, told: str) -> None:
    file = put(path, name, content)
    told = told if file.suffix == ".gguf" else OF_TORCH.get(content, told)
    for given in (file, path):
        refused(given, f"{file}: {told}")


@pytest.mark.parametrize(("content", "told"), [kind for kind in KINDS if "safetensors file" not in kind[1]][:-1])
def test_and_if_it_is_called_safetensors(path: Path, content: bytes, told: str) -> None:
    refused(path, f"{put(path, 'model.safetensors', content)}: {told}")


def test_a_file_of_old_torch_is_that_without_a_configuration_too(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"\x80\x02" + OLD)
    refused(tmp_path / "model.pt", "model.pt: is in the format that torch had before 1.6", "convert it: torch.save(")


@pytest.mark.parametrize("name", ["model.pt", "model.ckpt", "model.safetensors"])
def test_a_model_of_ctranslate2_among_other_files(path: Path, name: str) -> None:
    refused(path, f"{put(path, name, CTRANSLATE2)}: is a model of CTranslate2 by another name; call it model.bin")


@pytest.mark.parametrize("name", ["config.json", "generation_config.json"])
def test_a_pointer_or_a_page_in_place_of_json(path: Path, name: str) -> None:
    (path / name).write_bytes(LFS)
    refused(path, f"{path / name}: is a pointer of Git LFS in place of the file")
    (path / name).write_bytes(b"<html>404</html>")
    refused(path, f"{path / name}: is a web page in place of the file")


@pytest.mark.parametrize("name", FILES)
def test_a_pointer_or_a_page_in_place_of_a_file_of_a_tokenizer(path: Path, name: str) -> None:
    (path / name).write_bytes(LFS)
    refused(path, f"{path / name}: is a pointer of Git LFS in place of the file")
    (path / name).write_bytes(b"<!doctype html>\n")
    refused(path, f"{path / name}: is a web page in place of the file")


def test_a_safetensors_file_stands_for_its_directory(path: Path) -> None:
    assert tracer.load(path / "model.safetensors").path == path
    shard = FIXTURES / "llama3_scaled" / "model-00002-of-00002.safetensors"
    assert tracer.load(shard).path == shard.parent


@pytest.mark.parametrize("name", ["torch_post", "llama3_scaled"])
def test_a_file_that_its_directory_is_not_read_from(name: str) -> None:
    """The one beside it would be opened in its place."""
    file = FIXTURES / name / "reference.safetensors"
    refused(file, f"{file}: is a safetensors file by another name; call it model.safetensors")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.safetensors"])
def test_a_gguf_file_by_another_name(path: Path, name: str) -> None:
    put(path, name, b"GGUF\x03\0\0\0")
    refused(path, f"{name}: is a GGUF file, which holds a whole model: give the file itself")


@pytest.mark.parametrize("without", [(), ("config.json",)])
def test_a_gguf_file_that_is_cut_short(path: Path, without: tuple[str, ...]) -> None:
    put(path, "model.gguf", b"GGUF\x03\0\0\0")
    for name in without:
        (path / name).unlink()
    refused(path, "model.gguf: is cut short: 8 bytes can't hold its header")


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
    refused(path, f"{path}: is an adapter, without the model that it changes; give both: -m MODEL --adapter")


def test_a_directory_without_a_configuration(tmp_path: Path) -> None:
    refused(tmp_path, f"{tmp_path / 'config.json'}: is missing")


def test_an_unknown_type_of_model(path: Path) -> None:
    configure(path, model_type="mamba")
    refused(path, "model_type 'mamba' is not known; known are", "gpt2", "marian")


@pytest.mark.parametrize(("name", "told"), [("a\0b", "zero character"), ("x" * 5000, "too long for a path")])
def test_a_name_that_is_no_path(name: str, told: str) -> None:
    refused(name, told)


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


def test_a_directory_that_cannot_be_entered(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be listed, and nothing in it be looked at."""
    stat = os.stat

    def denied(found: Any, **options: Any) -> os.stat_result:
        if os.fspath(found).startswith(f"{path}{os.sep}"):
            raise PermissionError(13, "Permission denied", found)
        return stat(found, **options)

    monkeypatch.setattr(os, "stat", denied)
    refused(path, f"{path}: can't be read (Permission denied)")
    assert survey(str(path)).refused == [f"{path}: can't be read (Permission denied)"]
