"""Trace files as dumps: tensors by address, and the ids that were read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import tracer
from tracer.dumps.evidence import Values
from tracer.dumps.opening import open_dump
from tracer.errors import InputError
from tracer.i18n import spoken

from ..conftest import FIXTURES


def numbers(path: Path) -> dict[str, np.ndarray]:
    """Every entry of a dump, in its order."""
    entries = open_dump(path).entries
    assert all(isinstance(entry.evidence, Values) for entry in entries)
    return {entry.name: entry.evidence.read() for entry in entries}  # type: ignore[attr-defined]


def test_records_come_in_the_order_of_computation(tmp_path: Path) -> None:
    run = tracer.trace(tracer.load("zh-en-tiny"), "我爱你", target="I love you")
    run.save(tmp_path / "x.safetensors")
    found = numbers(tmp_path / "x.safetensors")
    assert open_dump(tmp_path / "x.safetensors").format == "trace"
    assert list(found)[2:] == [record.output.address for step in run for record in step]
    assert all(np.array_equal(found[r.output.address], r.output.array) for step in run for r in step)


@pytest.mark.parametrize("cache", [True, False])
def test_of_a_decoding_the_last_step_stands_for_the_text(tmp_path: Path, cache: bool) -> None:
    run = tracer.trace(tracer.load("zh-en-tiny"), "我爱你", max_tokens=3, cache=cache)
    run.save(tmp_path / "x.safetensors")
    dump = open_dump(tmp_path / "x.safetensors")
    steps = {entry.name.partition(":")[0] for entry in dump.entries[2:]}
    assert steps == {"@0", "@3"}
    assert list(map(spoken, dump.notes)) == ["of 3 steps the last is read, which read all of the text"]
    left = {record.address for record in run.step(3)} - {entry.meaning for entry in dump.entries}
    new = {name for name in run.step(3).addresses if name.endswith("_new")}
    assert left == {"choice", "choice.logits", "choice.probs", *new}
    assert bool(new) == cache


def test_ids_are_those_that_the_last_step_read_that_was_kept(tmp_path: Path) -> None:
    run = tracer.trace(tracer.load(FIXTURES / "gpt2"), ids=[7, 11, 12], max_tokens=4)
    run.save(tmp_path / "x", "@2:*")
    assert numbers(tmp_path / "x")["input_ids"].tolist() == run.decoder_ids[:4]
    assert tracer.compare(run.model, tmp_path / "x").beyond == []


@pytest.mark.parametrize("name", ["gpt2", "marian_zh_en", "zh-en-tiny"])
@pytest.mark.parametrize(
    "settings",
    [{"cache": True}, {"cache": False}, {"strategy": "sample", "seed": 3}, {"strategy": "beam"}, {"max_tokens": 1}],
    ids=str,
)
def test_a_run_agrees_with_its_own_model(tmp_path: Path, name: str, settings: dict[str, Any]) -> None:
    place = FIXTURES / name
    model = tracer.load(place if place.exists() else name)
    tracer.trace(model, ids=[5, 9, 17, 0], **{"max_tokens": 4, **settings}).save(tmp_path / "x")
    found = tracer.compare(model, tmp_path / "x")
    assert (found.beyond, found.unmatched, found.silent) == ([], [], [])
    assert len(found.checks) > 30


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("torch_post", {"max_tokens": 2}, {"input_ids": [7, 11, 12], "decoder_input_ids": 2}),
        ("torch_post", {"target_ids": [1, 17]}, {"input_ids": [7, 11, 12], "decoder_input_ids": 2}),
        ("gpt2", {"max_tokens": 2}, {"input_ids": 4}),
        ("gpt2", {"target_ids": [9]}, {"input_ids": [7, 11, 12, 9]}),
    ],
)
def test_what_was_read_comes_first(tmp_path: Path, name: str, given: dict, expected: dict) -> None:  # type: ignore[type-arg]
    run = tracer.trace(tracer.load(FIXTURES / name), ids=[7, 11, 12], **given)
    run.save(tmp_path / "x")
    found = {name: ids.tolist() for name, ids in numbers(tmp_path / "x").items() if name.endswith("_ids")}
    assert {n: len(ids) if isinstance(expected[n], int) else ids for n, ids in found.items()} == expected
    read = run.decoder_ids if not run.tokens else list(run.decoder_ids)[:-1]
    assert list(found.values())[-1] == list(read)


def test_other_safetensors_files_are_none(tmp_path: Path) -> None:
    save_file({"a": np.zeros(2)}, tmp_path / "x", {"format": "pt"})
    assert open_dump(tmp_path / "x").format == "safetensors"
    with pytest.raises(InputError, match="is no trace"):
        open_dump(tmp_path / "x", "trace").entries  # noqa: B018


def test_a_trace_may_be_read_as_plain_tensors(tmp_path: Path) -> None:
    tracer.trace(tracer.load("zh-en-tiny"), "我爱你").save(tmp_path / "x", only="logits")
    names = [entry.name for entry in open_dump(tmp_path / "x", "safetensors").entries]
    assert {"@1:logits", "vocabulary.target"} <= {*names}
