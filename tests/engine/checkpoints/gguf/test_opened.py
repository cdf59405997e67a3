"""GGUF files from the file to a model: Q4_K_M as llama.cpp wrote it, files split in several, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from tracer.checkpoints.formats import checkpoint_at
from tracer.checkpoints.memory import CHUNK
from tracer.errors import InputError
from tracer.i18n import spoken
from tracer.verify import verify

from ...conftest import FIXTURES
from .files import LLAMA, gguf, llama, write

HERE = FIXTURES / "gguf"
FILE, REFERENCE = HERE / "llama_q4_k_m.gguf", load_file(HERE / "llama_q4_k_m.safetensors")
IDS = REFERENCE["ids"].tolist()
TEXTS: Mapping[str, list[int]] = json.loads((HERE / "llama_q4_k_m.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def model() -> tracer.Model:
    return tracer.load(FILE)


@pytest.fixture(scope="module")
def run(model: tracer.Model) -> tracer.Run:
    return tracer.trace(model, ids=IDS, max_tokens=3)


def told(model: tracer.Model) -> list[str]:
    return [spoken(decision.what) for decision in model.decisions]


def test_numbers_are_those_that_llama_cpp_makes_of_the_blocks(model: tracer.Model) -> None:
    for label, name in (
        ("token_embd", "model.embed_tokens"),
        ("blk.0.ffn_down", "model.layers.0.mlp.down_proj"),
        ("blk.0.attn_v", "model.layers.0.self_attn.v_proj"),
        ("blk.0.attn_output", "model.layers.0.self_attn.o_proj"),
    ):
        expected = REFERENCE[f"rows/{label}.weight"]
        np.testing.assert_array_equal(model.parameters[f"{name}.weight"].array[: len(expected)], expected)


@pytest.mark.parametrize("part", ["q", "k"])
def test_the_halves_of_a_head_are_together_again(model: tracer.Model, part: str) -> None:
    expected = REFERENCE[f"rows/blk.0.attn_{part}.weight"]
    found = model.parameters[f"model.layers.0.self_attn.{part}_proj.weight"].array
    np.testing.assert_array_equal(found[[0, 8]], expected, "features 0 and 8 of 16 turn together")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_logits_are_those_of_llama_cpp(dtype: Any) -> None:
    model = tracer.load(FILE, dtype=dtype)
    for count in (1, 4, len(IDS)):
        found = tracer.trace(model, ids=IDS[:count], max_tokens=1)[1]["logits"].array[-1]
        np.testing.assert_allclose(found, REFERENCE["logits"][count - 1], atol=1e-5)


def test_both_types_of_arithmetic_have_the_same_parameters(model: tracer.Model) -> None:
    double = model.computing_in("float64").parameters
    assert all(np.array_equal(double[name].array, p.array) for name, p in model.parameters.items())


@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_cut_as_llama_cpp_does(model: tracer.Model, text: str) -> None:
    assert list(model.source_ids(text)[0]) == TEXTS[text]


def test_ids_become_text_again(model: tracer.Model) -> None:
    assert model.text(TEXTS["我们明天在图书馆学习中文。"]) == "我们明天在图书馆学习中文。"
    assert model.pieces(TEXTS["a\n\nb"], "source") == ["<s>", "▁", "a", "\\x0a", "\\x0a", "b"]


def test_everything_that_is_recorded_holds(run: tracer.Run) -> None:
    assert [check.failures for check in verify(run, [*run[1]])] == [[]] * 6


def test_what_the_file_is_is_told(model: tracer.Model) -> None:
    assert "decoder-only, 1 layer × 4 heads on 2 of keys, d_model 256" in model.describe()
    assert "the file calls itself Q4_K_M" in told(model)
    assert "354,048 numbers in llama_q4_k_m.gguf, stored as Q4_K, Q6_K, F32, Q5_0" in told(model)
    assert "read from llama_q4_k_m.gguf, as llama.cpp does" in told(model)


def test_every_cell_of_a_quantised_parameter_is_derived(model: tracer.Model) -> None:
    random = np.random.default_rng(0)
    for name, parameter in model.parameters.items():
        for _cell in range(20):
            index = tuple(random.integers(0, parameter.shape).tolist())
            made = model.named.made(parameter.leaf(*index))
            assert (made is None) == (parameter.array.ndim == 1), "norms are plain"
            assert made is None or np.float32(made.expression.evaluate()) == parameter.array[index], name


def test_reading_is_not_done_before_it_is_asked_for() -> None:
    seen: list[int] = []
    model = tracer.load(FILE, progress=lambda done, _total: seen.append(done))
    assert seen == []
    _ = model.parameters["model.norm.weight"].array
    assert seen == [1024], "256 numbers of four bytes"
    assert CHUNK > 1024


def test_a_directory_stands_for_the_only_model_in_it(tmp_path: Path) -> None:
    write(tmp_path / "one.gguf", LLAMA, llama())
    assert checkpoint_at(tmp_path).path == tmp_path / "one.gguf"
    assert tracer.load(tmp_path).name == "one.gguf"
    write(tmp_path / "two.gguf", LLAMA, llama())
    with pytest.raises(InputError, match=r"holds several models, one.gguf, two.gguf; name one of"):
        checkpoint_at(tmp_path)


def test_a_file_goes_by_what_it_is_and_not_by_its_name(tmp_path: Path) -> None:
    assert tracer.load(write(tmp_path / "model.bin", LLAMA, llama())).architecture.model_type == "llama"


def test_a_configuration_beside_it_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path / "model.gguf", LLAMA, llama())
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    assert tracer.load(tmp_path).architecture.model_type == "llama"


def split(directory: Path, count: int = 3, **changes: Any) -> list[Path]:
    """A Llama in several files, each with some of its tensors."""
    labels, paths = sorted(llama()), []
    for i in range(count):
        metadata: dict[str, Any] = {"split.no": np.uint16(i), "split.count": np.uint16(count)}
        tensors = {label: llama()[label] for label in labels[i::count]}
        path = directory / f"big-{i + 1:05d}-of-{count:05d}.gguf"
        paths.append(write(path, {**metadata, **(LLAMA if i == 0 else {}), **changes}, tensors))
    return paths


@pytest.mark.parametrize("which", [0, 2])
def test_a_model_in_several_files_is_one(tmp_path: Path, which: int) -> None:
    model = tracer.load(split(tmp_path)[which])
    whole = tracer.load(write(tmp_path / "whole.gguf", LLAMA, llama()))
    assert model.parameters.keys() == whole.parameters.keys()
    for name, parameter in model.parameters.items():
        np.testing.assert_array_equal(parameter.array, whole.parameters[name].array)


def test_so_it_is_in_a_directory(tmp_path: Path) -> None:
    assert tracer.load(split(tmp_path)[0].parent).architecture.model_type == "llama"


def refused(path: Path, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        tracer.load(path)
    assert "\n" not in str(caught.value)


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    paths = split(tmp_path)
    paths[1].unlink()
    refused(paths[0], "is one of 3 files that a model was split into; big-00002-of-00003.gguf is missing")


def test_a_part_by_another_name_is_refused(tmp_path: Path) -> None:
    refused(
        split(tmp_path)[0].rename(tmp_path / "first.gguf"), "is one of 3 files .* a name like …-00001-of-00003.gguf"
    )


def test_parts_with_the_same_tensor_are_refused(tmp_path: Path) -> None:
    paths = split(tmp_path)
    write(paths[1], {"split.count": np.uint16(3)}, {"blk.0.attn_k.weight": llama()["blk.0.attn_k.weight"]})
    refused(paths[0], "tensor blk.0.attn_k.weight is in big-00001-of-00003.gguf too")


@pytest.mark.parametrize(
    ("metadata", "tensors", "message"),
    [
        ({}, llama(), "general.architecture is missing"),
        ({"general.architecture": 3}, llama(), "general.architecture is missing"),
        ({"general.architecture": "mamba"}, {}, "model_type 'mamba' is not known"),
        ({**LLAMA, "llama.block_count": 1 << 20}, llama(), "num_hidden_layers is 1048576; expected a whole number"),
        ({**LLAMA, "llama.attention.head_count": "four"}, llama(), "num_attention_heads is 'four'"),
        (LLAMA, {}, "tensor model.embed_tokens.weight is missing"),
        (
            LLAMA,
            {**llama(), "blk.7.attn_q.weight": np.zeros((2, 2), np.float32)},
            "layers.7.self_attn.q_proj.weight is unk",
        ),
        (
            LLAMA,
            {**llama(), "odd\n\x1b": np.zeros(2, np.float32)},
            r"tensor odd\\n\\x1b is unknown to this architecture",
        ),
        (LLAMA, {**llama(), "strange": np.zeros(2, np.float32)}, "tensor strange is unknown to this architecture"),
        (LLAMA, {**llama(), "output_norm.weight": np.zeros(31, np.float32)}, "tensor model.norm.weight is .31."),
        (
            LLAMA,
            {k: v for k, v in llama().items() if k != "blk.1.ffn_up.weight"},
            "layers.1.mlp.up_proj.weight is miss",
        ),
    ],
)
def test_what_is_no_whole_model_is_refused(tmp_path: Path, metadata: Any, tensors: Any, message: str) -> None:
    refused(write(tmp_path / "model.gguf", metadata, tensors), message)


def outcome(path: Path) -> str:
    """What a person is told of a file; nothing where it opens and can be read."""
    try:
        tracer.load(path).read()
    except InputError as error:
        return str(error)
    return ""


def test_damage_anywhere_in_a_header_is_refused_or_opened(tmp_path: Path) -> None:
    random, whole, path = np.random.default_rng(3), gguf(LLAMA, llama()), tmp_path / "model.gguf"
    outcomes = []
    for _file in range(150):
        damaged = bytearray(whole)
        damaged[random.integers(0, 2000)] = random.integers(0, 256)
        path.write_bytes(bytes(damaged))
        outcomes.append(outcome(path))
    assert not any("\n" in told for told in outcomes), "one sentence"
    assert {bool(told) for told in outcomes} == {True, False}
