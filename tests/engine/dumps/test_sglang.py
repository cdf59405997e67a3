"""Dumps of SGLang: a file for each tensor, or one for each pass."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tracer.dumps.formats import sglang
from tracer.dumps.opening import open_dump
from tracer.errors import InputError

from .samples import DUMPS, opened, read, refused

TENSORS, PASSES = DUMPS / "sglang" / "dump_demo", DUMPS / "sglang" / "passes"
FIRST = next(TENSORS.glob("*dump_index=1_*"))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """An empty one."""
    (tmp_path / "dump_1").mkdir()
    return tmp_path / "dump_1"


def save(directory: Path, name: str, rank: int = 0, step: int = 0, index: int = 1, more: str = "") -> Path:
    """A file of a tensor."""
    shutil.copy(FIRST, directory / f"step={step}___rank={rank}___dump_index={index}___name={name}{more}.pt")
    return directory


@pytest.mark.parametrize("path", [TENSORS, TENSORS.parent / "dump_demo" / ".." / "dump_demo"])
def test_tensors_come_as_they_were_dumped(path: Path) -> None:
    found = opened(path)
    names = [f"layer_out__hidden_states___layer_id={n}#0" for n in range(2)]
    assert list(found) == names
    assert [found[name].meaning for name in names] == ["layers.0.output#0", "layers.1.output#0"]
    assert [read(found[name]).shape for name in names] == [(1, 4, 48)] * 2


def test_a_directory_of_one_run_stands_for_it(tmp_path: Path) -> None:
    shutil.copytree(TENSORS, tmp_path / "dumper" / "dump_demo")
    assert len(opened(tmp_path / "dumper")) == 2
    shutil.copytree(TENSORS, tmp_path / "dumper" / "dump_other")
    refused(tmp_path / "dumper", "holds the dumps of several runs; give one of dump_demo, dump_other")


@pytest.mark.parametrize(
    ("name", "more", "meaning"),
    [
        ("non_intrusive__model.layers.0.mlp.output", "", "model.layers.0.mlp.output#3"),
        ("non_intrusive__model.layers.0.inputs.0", "___layer_id=0", "model.layers.0.inputs.0#3"),
        ("non_intrusive__model.norm.output.1", "", "model.norm.output.1#3"),
        ("layer_out__hidden_states", "___recompute_status=disabled___layer_id=7", "layers.7.output#3"),
        ("attn_scores", "___layer_id=7", "layers.7.attn_scores#3"),
        ("input_ids", "", "input_ids#3"),
        ("positions", "", "position_ids#3"),
        ("with___more", "___phase=decode", "with___more#3"),
    ],
)
def test_what_a_name_means(directory: Path, name: str, more: str, meaning: str) -> None:
    (entry,) = open_dump(save(directory, name, step=3, more=more)).entries
    assert entry.meaning == meaning


def test_they_come_in_the_order_of_their_numbers(directory: Path) -> None:
    for index, name in ((10, "c"), (9, "b"), (2, "a")):
        save(directory, name, index=index)
    save(directory, "d", step=1, index=3)
    assert list(opened(directory)) == ["a#0", "b#0", "c#0", "d#1"]


def test_the_first_rank_is_read(directory: Path) -> None:
    for rank in (2, 1, 3):
        save(directory, "a", rank=rank)
    dump = open_dump(directory)
    assert [entry.name for entry in dump.entries] == ["a#0"]
    assert dump.notes == ["read of rank 1 alone; left aside: rank 2, 3"]


def test_what_is_no_activation_is_left_aside(directory: Path) -> None:
    for name in ("grad__a", "param__b", "c"):
        save(directory, name)
    save(directory, "again", more="___recompute_status=recomputed")
    dump = open_dump(directory)
    assert [entry.name for entry in dump.entries] == ["c#0"]
    start = "step=0___rank=0___dump_index=1___name="
    assert dump.notes == [
        "left aside, since they were not computed in a pass forward: "
        f"{start}again___recompute_status=recomputed, {start}grad__a, {start}param__b"
    ]


def test_a_pass_has_modules_by_name() -> None:
    dump = open_dump(PASSES)
    assert {entry.name: entry.meaning for entry in dump.entries[:5]} == {
        "model.embed_tokens#0": "model.embed_tokens#0",
        "model.layers.0.input_layernorm.0#0": "model.layers.0.input_layernorm.output.0#0",
        "model.layers.0.input_layernorm.1#0": "model.layers.0.input_layernorm.output.1#0",
        "model.forward_batch_info.input_ids#0": "input_ids#0",
        "model.forward_batch_info.positions#0": "position_ids#0",
    }
    assert dump.notes == ["read of rank 0 alone; left aside: rank 1"]


def test_what_came_after_the_last_layer_is_in_the_file_of_the_next_pass() -> None:
    found = opened(PASSES)
    assert found["logits_processor#1"].meaning == "logits_processor#0"
    assert found["model#1"].meaning == "model#0"
    assert found["model.embed_tokens#1"].meaning == "model.embed_tokens#1"
    np.testing.assert_array_equal(read(found["model.embed_tokens#1"]), np.ones((3, 4)))


def test_one_rank_of_passes_alone_is_a_dump_too() -> None:
    assert list(opened(PASSES / "TP0_PP0_Rank0_pid5")) == list(opened(PASSES))


def test_a_file_that_changes_is_told(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sglang, "OPEN", 0)
    (entry,) = open_dump(save(directory, "a")).entries
    shutil.copy(PASSES / "TP0_PP0_Rank0_pid5" / "Pass00000.pt", next(directory.iterdir()))
    with pytest.raises(InputError, match="has changed since it was opened"):
        read(entry)


def test_a_broken_file_is_named(directory: Path) -> None:
    save(directory, "a")
    save(directory, "b", index=2)
    broken = next(directory.glob("*name=b*"))
    broken.write_bytes(broken.read_bytes()[:500])
    with pytest.raises(
        InputError, match=r"name=b\.pt: has a broken directory|name=b\.pt: is no zip archive, or cut short"
    ):
        opened(directory)


def test_without_any_file_there_is_no_dump(directory: Path) -> None:
    (directory / "step=x___name=a.pt").write_bytes(b"")
    refused(directory, "is no dump of a known format")
    refused(directory, "holds no file that SGLang's dumper writes", "sglang")
