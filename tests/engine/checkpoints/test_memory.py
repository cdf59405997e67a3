"""Parameters are read once, on first use, into memory of our own, and not copied again."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer
from tracer.checkpoints import memory
from tracer.checkpoints.changed import Turned
from tracer.checkpoints.memory import Reading, set_aside
from tracer.checkpoints.safetensors import SafetensorsFile
from tracer.checkpoints.stored import ParameterFile
from tracer.errors import InputError
from tracer.tensor import FEATURE, Array, Parameter

from ..conftest import FIXTURES, Checkpoint, write_checkpoint


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes of every read from a file, header included."""
    counts: list[int] = []
    plain = ParameterFile.read_into

    def counted(self: ParameterFile, room: memoryview, start: int) -> None:
        counts.append(len(room))
        plain(self, room, start)

    monkeypatch.setattr(ParameterFile, "read_into", counted)
    return counts


def bfloat16(path: Path, numbers: Array) -> Path:
    """A file of one tensor, with the upper halves of float32 numbers."""
    header = {"x": {"dtype": "BF16", "shape": [numbers.size], "data_offsets": [0, 2 * numbers.size]}}
    text = json.dumps(header).encode()
    upper = (numbers.view(np.uint32) >> 16).astype("<u2")
    path.write_bytes(len(text).to_bytes(8, "little") + text + upper.tobytes())
    return path


def test_nothing_is_read_before_it_is_used(checkpoint: Checkpoint, reads: list[int]) -> None:
    model = tracer.load(checkpoint())
    parameter = model.parameters["logits.weight"]
    headers = len(reads)
    assert parameter.shape == (120, 16)
    assert len(reads) == headers
    first = parameter.array
    assert reads[headers:] == [120 * 16 * 4]
    assert parameter.array is first
    assert len(reads) == headers + 1


def test_parts_of_a_tensor_share_one_reading(reads: list[int]) -> None:
    model = tracer.load(FIXTURES / "torch_post")
    headers = len(reads)
    p = model.architecture.parameters.encoder["0"].self_attn
    parts = [p[part].weight.array for part in "qkv"]
    assert len(reads) == headers + 1
    whole = load_file(FIXTURES / "torch_post" / "model.safetensors")
    np.testing.assert_array_equal(np.concatenate(parts), whole[p.q.weight.address])
    assert not any(part.flags.writeable for part in parts)


def test_after_its_first_use_a_parameter_is_a_plain_one() -> None:
    filled = []
    parameter = Parameter(np.arange(4.0), (FEATURE,), "x", fill=lambda: filled.append(1))
    assert type(parameter) is not Parameter
    assert parameter.leaf(2).value == 2.0
    assert type(parameter) is Parameter
    assert filled == [1]
    assert not hasattr(Parameter(np.zeros(1), (FEATURE,), "x", fill=lambda: None), "nothing")


def test_a_reading_that_failed_is_begun_again(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tracer.load(path := checkpoint())
    with monkeypatch.context() as patch:
        patch.setattr(ParameterFile, "read_into", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            model.read()
    model.read()
    np.testing.assert_array_equal(
        model.parameters["logits.bias"].array, load_file(path / "model.safetensors")["logits.bias"]
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_large_tensors_come_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, dtype: Any) -> None:
    monkeypatch.setattr(memory, "CHUNK", 7)
    numbers = np.random.default_rng(0).normal(size=(5, 9)).astype(kind)
    save_file({"x": numbers}, path := tmp_path / "x.safetensors")
    room = set_aside(SafetensorsFile(path).entries, dtype, Reading())["x"]
    room()
    np.testing.assert_array_equal(room.array, numbers.astype(dtype))
    assert room.array.ctypes.data % memory.ALIGNMENT == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
@pytest.mark.parametrize("shape", [(5, 9), (9, 5), (3, 5, 4), (1, 9), (9, 1)])
def test_numbers_may_lie_the_other_way_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, dtype: Any, shape: tuple[int, ...]
) -> None:
    monkeypatch.setattr(memory, "CHUNK", 17)
    numbers, seen = np.random.default_rng(0).normal(size=shape).astype(kind), []
    save_file({"x": numbers, "y": numbers}, path := tmp_path / "x.safetensors")
    reading = Reading(lambda done, total: seen.append((done, total)))
    room = set_aside(SafetensorsFile(path).entries, dtype, reading, {"x": "F"})["x"]
    room()
    np.testing.assert_array_equal(room.array, numbers.astype(dtype))
    assert room.array.shape == shape
    assert room.array.swapaxes(-1, -2).flags.c_contiguous
    assert not room.array.flags.writeable
    assert seen[-1] == (room.array.nbytes, 2 * room.array.nbytes)


@pytest.mark.parametrize("order", ["C", "F"])
def test_what_a_file_has_turned_may_lie_either_way(tmp_path: Path, order: Any) -> None:
    numbers = np.random.default_rng(0).normal(size=(5, 9)).astype(np.float32)
    save_file({"x": numbers}, path := tmp_path / "x.safetensors")
    turned = Turned(SafetensorsFile(path).entries["x"])
    room = set_aside({"x": turned}, np.float32, Reading(), {"x": order})["x"]
    room()
    np.testing.assert_array_equal(room.array, numbers.T)
    assert room.array.flags[f"{order}_CONTIGUOUS"]


def test_turned_bfloat16_becomes_what_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "CHUNK", 17)
    numbers = np.random.default_rng(0).normal(size=40).astype(np.float32)
    stored = SafetensorsFile(bfloat16(tmp_path / "x", numbers)).entries["x"]
    room = set_aside({"x": replace(stored, shape=(8, 5))}, np.float32, Reading(), {"x": "F"})["x"]
    room()
    expected = (numbers.view(np.uint32) & 0xFFFF0000).view(np.float32).reshape(8, 5)
    np.testing.assert_array_equal(room.array, expected)


def test_nothing_is_held_twice_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "CHUNK", 1 << 12)
    numbers = np.random.default_rng(0).normal(size=(3000, 100)).astype(np.float32)
    save_file({"x": numbers}, path := tmp_path / "x.safetensors")
    stored = SafetensorsFile(path).entries
    tracemalloc.start()
    set_aside(stored, np.float32, Reading(), {"x": "F"})["x"]()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.1 * numbers.nbytes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bfloat16_becomes_what_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: Any) -> None:
    monkeypatch.setattr(memory, "CHUNK", 7)
    numbers = np.random.default_rng(0).normal(size=40).astype(np.float32)
    room = set_aside(SafetensorsFile(bfloat16(tmp_path / "x", numbers)).entries, dtype, Reading())["x"]
    room()
    np.testing.assert_array_equal(room.array, (numbers.view(np.uint32) & 0xFFFF0000).view(np.float32))


def test_progress_counts_every_byte_once(checkpoint: Checkpoint) -> None:
    seen: list[tuple[int, int]] = []
    model = tracer.load(checkpoint(), progress=lambda done, total: seen.append((done, total)))
    assert not seen
    model.read()
    model.read()
    total = sum(p.array.nbytes for p in model.parameters.values())
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_named(tmp_path: Path, value: float) -> None:
    path = write_checkpoint(tmp_path / "nan")
    tensors = load_file(path / "model.safetensors")
    tensors["logits.weight"][3:5, 1] = value
    save_file(tensors, path / "model.safetensors")
    model = tracer.load(path)
    assert model.warnings == []
    run = tracer.trace(model, ids=[5, 6], max_tokens=1)
    assert model.warnings == [f"{path}/model.safetensors: tensor logits.weight holds NaN or infinity, 2 in all"]
    assert run[1]["logits"].statistics().nonfinite == 2


def test_what_is_too_large_for_float32_is_named(tmp_path: Path) -> None:
    save_file({"x": np.array([1e300, 1.0])}, tmp_path / "x")
    reading = Reading()
    set_aside(SafetensorsFile(tmp_path / "x").entries, np.float32, reading)["x"]()
    assert [message.rpartition(": ")[2] for message in reading.warnings] == ["tensor x holds NaN or infinity, 1 in all"]


def test_what_would_fill_half_the_machine_stays_in_the_file(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, reads: list[int]
) -> None:
    path = checkpoint()
    size = sum(tensor.nbytes for tensor in load_file(path / "model.safetensors").values())
    monkeypatch.setattr(memory, "machine_memory", lambda: 1.9 * size)
    model = tracer.load(path)
    headers = len(reads)
    model.read()
    assert len(reads) == headers
    for name, stored in load_file(path / "model.safetensors").items():
        np.testing.assert_array_equal(model.parameters[name].array, stored)
        assert model.parameters[name].array.flags.c_contiguous
        assert not model.parameters[name].array.flags.writeable


def test_what_would_fill_the_machine_is_refused(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "machine_memory", lambda: 1000)
    with pytest.raises(InputError, match=r"the parameters need 0\.0 GB as float64, which is more memory than there is"):
        tracer.load(checkpoint(), "float64")


def test_a_file_that_shrinks_while_it_is_open(checkpoint: Checkpoint) -> None:
    path = checkpoint()
    model = tracer.load(path)
    with (path / "model.safetensors").open("r+b") as file:
        file.truncate(5000)
    with pytest.raises(InputError, match="has become shorter since it was opened"):
        model.read()


def test_a_file_that_is_replaced_while_it_is_open(checkpoint: Checkpoint) -> None:
    path = checkpoint()
    expected = load_file(path / "model.safetensors")["logits.weight"].copy()
    model = tracer.load(path)
    (path / "model.safetensors").unlink()
    np.testing.assert_array_equal(model.parameters["logits.weight"].array, expected)


def test_another_type_of_arithmetic_adds_to_the_same_warnings(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path / "nan")
    tensors = load_file(path / "model.safetensors")
    tensors["logits.weight"][3, 1] = np.nan
    save_file(tensors, path / "model.safetensors")
    model = tracer.load(path)
    for each in (model, model.computing_in("float64")):
        each.read()
        assert model.warnings == [f"{path}/model.safetensors: tensor logits.weight holds NaN or infinity, 1 in all"]
