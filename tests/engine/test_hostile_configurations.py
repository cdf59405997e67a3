"""Configurations of strangers: held against the file before anything is built, and quoted in a few words."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.checkpoints.regular import LARGEST
from tracer.checkpoints.safetensors import SafetensorsFile
from tracer.errors import InputError

FIXTURES = Path(__file__).parents[1] / "fixtures"
HUGE = 1 << 24
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 4.0, "original_max_position_embeddings": 64}

REFUSED = {
    "qwen2 layer_types": ("qwen2", {"layer_types": True}, "layer_types is True; expected a list of"),
    "qwen2 head_dim": ("qwen2", {"head_dim": HUGE}, "head_dim is 16777216"),
    "llama head_dim": ("llama_gqa", {"head_dim": HUGE}, "head_dim is 16777216"),
    "llama width": ("llama_gqa", {"hidden_size": HUGE}, "16777216"),
    "llama words": ("llama_gqa", {"vocab_size": HUGE}, "16777216"),
    "llama layers": ("llama_gqa", {"num_hidden_layers": 1024}, "is missing"),
    "gemma2 head_dim": ("gemma2", {"head_dim": HUGE}, "head_dim is 16777216"),
    "gpt2 positions": ("gpt2", {"n_positions": HUGE}, "16777216"),
    "t5 d_kv": ("t5_v1_1", {"d_kv": HUGE}, "50331648"),
    "mixtral experts": ("mixtral", {"num_local_experts": HUGE}, "num_local_experts is 16777216"),
    "bert segments": ("bert", {"type_vocab_size": HUGE}, "16777216"),
    "phi3 factors": (
        "phi3",
        {"rope_scaling": {"type": "longrope", "short_factor": [1.0] * 10**5, "long_factor": [1.0] * 10**5}},
        "short_factor is",
    ),
    "a long word": ("qwen2", {"hidden_act": "x" * 65536}, "hidden_act is 'xxx"),
    "a long name": ("qwen2", {"model_type": "x" * 65536}, "model_type 'xxx"),
}


@pytest.fixture
def copy(tmp_path: Path) -> Any:
    """A copy of a fixture with other statements in a file."""

    def changed(name: str, stated: dict[str, Any], file: str = "config.json") -> Path:
        place = tmp_path / name
        shutil.copytree(FIXTURES / name, place)
        before = json.loads((place / file).read_text()) if (place / file).exists() else {}
        (place / file).write_text(json.dumps(before | stated))
        return place

    return changed


@pytest.mark.parametrize(("name", "stated", "message"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_the_file_is_refused_at_once(copy: Any, name: str, stated: Any, message: str) -> None:
    place, start = copy(name, stated), time.process_time()
    with pytest.raises(InputError, match=message) as raised:
        tracer.load(place)
    assert len(str(raised.value)) < 600
    assert time.process_time() - start < 10


@pytest.mark.parametrize("high", [4.0, 1.0])
def test_bounds_of_waves_that_meet_or_cross_are_no_fault(copy: Any, high: float) -> None:
    place = copy("llama3_scaled", {"rope_scaling": {**LLAMA3, "high_freq_factor": high}, "rope_parameters": None})
    model = tracer.load(place)
    assert tracer.Run(model, [5, 6, 7]).step(1).records


@pytest.mark.parametrize(
    ("file", "stated"),
    [
        ("config.json", {"x" * 65536: 1}),
        ("config.json", {"early_stopping": "x" * 65536, "num_beams": [1] * 65536}),
        ("config.json", {"eos_token_id": list(range(65536))}),
        ("generation_config.json", {"x" * 65536: 1, "transformers_version": "x" * 65536}),
        ("tokenizer_config.json", {"tokenizer_class": "x" * 65536, "sp_model_kwargs": {"x": "x" * 65536}}),
    ],
)
def test_what_is_not_followed_is_told_in_a_few_words(copy: Any, file: str, stated: Any) -> None:
    place = copy("gpt2", stated, file)
    try:
        told = [str(decision.what) for decision in tracer.load(place).decisions.told]
    except InputError as error:
        told = [str(error)]
    assert max(map(len, told)) < 1000


FILES = ("config.json", "tokenizer_config.json", "tokenizer.json", "vocab.json", "merges.txt", "generation_config.json")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        *(("gpt2", file) for file in FILES),
        *(("marian_zh_en", file) for file in ("source.spm", "vocab.json")),
        ("llama_gqa", "tokenizer.model"),
        ("bert", "vocab.txt"),
    ],
)
def test_a_file_of_many_gigabytes_is_not_read(tmp_path: Path, name: str, file: str) -> None:
    place = tmp_path / name
    shutil.copytree(FIXTURES / name, place)
    os.truncate(place / file, 10 << 30) if (place / file).exists() else (place / file).touch()
    os.truncate(place / file, 10 << 30)
    with pytest.raises(InputError, match=f"has {10 << 30} bytes; of such a file at most {LARGEST} are read"):
        tracer.load(place)


def test_a_header_a_byte_shorter_is_that_of_no_file(tmp_path: Path) -> None:
    data = bytearray((FIXTURES / "gpt2" / "model.safetensors").read_bytes())
    length = int.from_bytes(data[:8], "little")
    data[:8] = (length - 1).to_bytes(8, "little")
    file = tmp_path / "model.safetensors"
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"bytes that are no tensor's|no JSON|needs"):
        SafetensorsFile(file)


@pytest.mark.parametrize("more", [1, 1000])
def test_bytes_behind_the_last_tensor_are_nobodys(tmp_path: Path, more: int) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes((FIXTURES / "gpt2" / "model.safetensors").read_bytes() + b"\0" * more)
    with pytest.raises(InputError, match=f"has bytes that are no tensor's, {more} of them at its end"):
        SafetensorsFile(file)
