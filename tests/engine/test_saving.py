"""Trace files: what was recorded comes back without the model, and is written again byte for byte."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from tracer.addresses import At
from tracer.derive import derive
from tracer.edits import edit
from tracer.errors import AddressError, InputError
from tracer.ops import catalogue
from tracer.saved.shapes import RULES
from tracer.tape import Record, Tape
from tracer.tensor import Parameter
from tracer.trace import Trace

from .conftest import FIXTURES
from .traces import with_gradients

SOURCE, TARGET = [7, 11, 12, 5, 2], [1, 17, 16, 35]
FAMILIES = sorted(config.parent for config in FIXTURES.glob("*/config.json"))
WAYS: dict[str, dict[str, Any]] = {
    "cached": {"max_tokens": 3, "cache": True},
    "sampled": {"max_tokens": 2, "cache": False, "strategy": "sample", "top_k": 9, "top_p": 0.9, "seed": 3},
    "searched": {"max_tokens": 2, "strategy": "beam", "beams": 2, "cache": True},
    "forced": {"target_ids": TARGET},
}
BACK = {"cached": "logits[-1, 5]", "searched": "choice.score", "forced": "sum(loss)"}
"""Numbers whose gradients are recorded too."""
ROOT = Path(__file__).parents[2]


def runs(family: Path) -> Iterator[tuple[str, tracer.Run]]:
    """Runs of a family in every way, and with edits."""
    model = tracer.load(family)
    if "decode" not in model.texts.passes:
        segments = [0, 0, 0, 1, 1] if model.facts.segments > 1 else None
        live = tracer.trace(model, ids=SOURCE, segment_ids=segments)
        yield "read", live
        yield "edited", live.branch(edit("encoder.0.ffn.output", lambda part: part.array * 2)).decode()
        return
    for way, settings in WAYS.items():
        live = tracer.trace(model, ids=SOURCE, **settings).decode()
        yield way, with_gradients(live, BACK[way]) if way in BACK else live
    begun = tracer.trace(model, ids=SOURCE, **WAYS["cached"])
    edits = edit("@1:decoder.0.self_attn.heads[h0]", 0.5), edit("decoder.0.ffn.output", lambda part: part.array * 2)
    yield "edited", with_gradients(begun.branch(*edits).decode(), BACK["cached"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("traces")


@pytest.fixture(scope="module")
def run() -> tracer.Run:
    return tracer.trace(tracer.load("zh-en-tiny"), "我爱你", cache=True)


def alike(kept: Record, live: Record) -> bool:
    """Whether two records say the same of themselves and have the same numbers."""
    ours, theirs = kept.output, live.output
    return (
        (kept.index, kept.op, kept.written, kept.note) == (live.index, live.op, live.written, live.note)
        and [tensor.address for tensor in kept.inputs] == [tensor.address for tensor in live.inputs]
        and (ours.axes, ours.labels, ours.dtype) == (theirs.axes, theirs.labels, theirs.dtype)
        and ours.array.tobytes() == theirs.array.tobytes()
        and [one.edit.number for one in kept.edits] == [one.edit.number for one in live.edits]
    )


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_what_was_recorded_comes_back(family: Path, folder: Path) -> None:
    for way, live in runs(family):
        path, again = folder / f"{family.name}.{way}.trace", folder / "again"
        live.save(path)
        kept = tracer.open(path)
        assert (kept.text, kept.output_ids, kept.target) == (live.text, live.output_ids, live.target)
        assert [step.tape.addresses for step in kept] == [step.tape.addresses for step in live]
        assert all(alike(ours, theirs) for step in live for ours, theirs in zip(kept[step.number], step, strict=True))
        kept.save(again)
        assert again.read_bytes() == path.read_bytes()


AGAIN = """
import sys
from pathlib import Path
import tracer
for path in sorted(Path(sys.argv[1]).glob("*.trace")):
    trace = tracer.open(path)
    trace.save(path.with_suffix(".again"))
    assert [step.tape.records[-1].output.array.shape for step in trace]
"""


def test_a_fresh_process_without_the_checkpoint_writes_the_same(folder: Path, run: tracer.Run) -> None:
    run.save(folder / "tiny.trace")
    written = sorted(folder.glob("*.trace"))
    subprocess.run([sys.executable, "-c", AGAIN, str(folder)], check=True, cwd=ROOT)
    for path in written:
        assert path.with_suffix(".again").read_bytes() == path.read_bytes(), path.name


def test_any_reader_finds_tensors_by_their_addresses(run: tracer.Run, tmp_path: Path) -> None:
    run.save(tmp_path / "x")
    found = load_file(tmp_path / "x")
    for step in run:
        for record in step:
            assert np.array_equal(found[record.output.address], record.output.array)


def test_a_run_beyond_its_budget_is_written_the_same(run: tracer.Run, tmp_path: Path) -> None:
    small = tracer.Run(run.model, run.source_ids, run.settings, budget=1).decode()
    small.save(tmp_path / "small")
    run.save(tmp_path / "whole")
    assert (tmp_path / "small").read_bytes() == (tmp_path / "whole").read_bytes()


def test_tensors_are_written_one_at_a_time(tmp_path: Path, checkpoint: Any) -> None:
    model = tracer.load(checkpoint(target_vocab=40_000, tied_output=True))
    run = tracer.trace(model, ids=SOURCE, target_ids=[1] * 30)
    largest = max(record.output.array.nbytes for step in run for record in step)
    tracemalloc.start()
    run.save(tmp_path / "x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "x").stat().st_size > 2 * largest
    assert peak < largest / 2


def test_nothing_is_read_before_it_is_asked_for(run: tracer.Run, tmp_path: Path) -> None:
    model = run.model
    tracer.trace(model, "我爱你", target="i love you").save(tmp_path / "x")
    kept = tracer.open(tmp_path / "x")
    tensor = kept[1]["logits"]
    assert isinstance(tensor.array.base, np.ndarray)
    assert not tensor.array.flags.writeable
    assert tensor.array is not tensor.array


def test_arithmetic_is_that_of_the_live_run(run: tracer.Run, tmp_path: Path) -> None:
    run.save(tmp_path / "x")
    kept = tracer.open(tmp_path / "x")
    for record in (record for step in run for record in step):
        index, ours = (0,) * len(record.output.shape), kept[record.step].tape.find(record.address)
        if any(isinstance(value, Parameter) for value in record.parameters.values()):
            with pytest.raises(AddressError, match=r"^the parameter .* was not kept with this trace$"):
                list(ours.derive(index).leaves())
        else:
            live, found = derive(record, index), derive(ours, index)
            assert (found.terms, found.value, found.note) == (live.terms, live.value, live.note)
            assert found.expression.python() == live.expression.python()


def test_rows_of_the_cache_lead_to_the_steps_that_brought_them(run: tracer.Run, tmp_path: Path) -> None:
    run.save(tmp_path / "x")
    kept, path = tracer.open(tmp_path / "x"), "decoder.0.self_attn.k"
    for number in (1, 2, 3):
        for key in range(number):
            leaves = [
                derive(trace.step(number).find(path), (0, key, 0)).terms[0]
                for trace in (run, kept)  # type: ignore[attr-defined]
            ]
            assert leaves[0] == leaves[1]
            assert leaves[1].at == At(key + 1)


@pytest.mark.parametrize(
    ("only", "first", "paths"),
    [
        ("dec.*.cross.weights", 1, ["decoder.0.cross_attn.weights"]),
        ("**.weights", 0, ["encoder.0.self_attn.weights"]),
        ("@2:dec.0.cross.*", 2, None),
        ("encoder.output", 0, ["encoder.0.ffn.norm"]),
    ],
)
def test_some_records_alone_are_kept(
    run: tracer.Run, tmp_path: Path, only: str, first: int, paths: list[str] | None
) -> None:
    run.save(tmp_path / "x", only=only)
    kept = tracer.open(tmp_path / "x")
    tape = kept.step(kept.first)
    assert kept.first == first
    assert paths is None or [record.address for record in tape] == paths
    assert [record.index for record in tape] == list(range(1, len(tape) + 1))
    assert all(
        np.array_equal(record.output.array, run.step(first).find(record.address).output.array) for record in tape
    )
    kept.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "x").read_bytes()
    kept.save(tmp_path / "again", only=only)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "x").read_bytes()


def test_what_was_left_out_is_known_and_said(run: tracer.Run, tmp_path: Path) -> None:
    run.save(tmp_path / "x", only="dec.0.cross.weights")
    kept = tracer.open(tmp_path / "x")
    weights = kept[1].tape.find("decoder.0.cross_attn.weights")
    assert weights.inputs[0].header == run[1]["decoder.0.cross_attn.masked"].header
    sentence = "^@1:decoder.0.cross_attn.{} was not kept with this trace$"
    with pytest.raises(AddressError, match=sentence.format("masked")):
        weights.inputs[0].array  # noqa: B018
    with pytest.raises(AddressError, match=sentence.format("scores")):
        kept[1]["dec.0.cross.scores"]
    with pytest.raises(AddressError, match="step @0 was not kept with this trace; it has @1 to @4"):
        kept.step(0)
    with pytest.raises(AddressError, match="nothing is recorded at nonsense"):
        kept[1]["nonsense"]


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ("nonsense.*", "nothing that was recorded is at nonsense"),
        ("r1:logits", "whole records are kept"),
        ("logits[0]", "whole records are kept"),
        ("???", "is no address"),
    ],
)
def test_what_can_not_be_kept(run: tracer.Run, tmp_path: Path, only: str, message: str) -> None:
    with pytest.raises((InputError, AddressError), match=message):
        run.save(tmp_path / "x", only=only)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_has_not_begun_is_not_written(run: tracer.Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing was computed yet"):
        run.of(run.model).save(tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_whole_or_not_at_all(
    run: tracer.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.save(tmp_path / "x")
    before = (tmp_path / "x").read_bytes()

    other = tracer.trace(run.model, "你爱我")
    asked, step = count(), other.step

    def failing(number: int) -> Tape:
        if next(asked) == 8:
            raise KeyboardInterrupt
        return step(number)

    monkeypatch.setattr(other, "step", failing)
    with pytest.raises(KeyboardInterrupt):
        other.save(tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == before
    with pytest.raises(InputError, match="can't be written"):
        run.save(tmp_path / "nowhere" / "x")


def test_edits_are_told_as_text(run: tracer.Run, tmp_path: Path) -> None:
    branch = run.branch(edit("@2:decoder.0.cross_attn.heads[h1]", "mean"), edit("logits[-1, 3]", 4)).decode()
    branch.save(tmp_path / "x")
    kept = tracer.open(tmp_path / "x")
    assert list(map(str, kept.edits)) == list(map(str, branch.edits))
    assert kept.downstream(At(1)) == {*branch.downstream(At(1))}
    record, live = (trace.step(2).find("decoder.0.cross_attn.heads") for trace in (kept, branch))  # type: ignore[attr-defined]
    assert np.array_equal(record.edits[0].before, live.edits[0].before)
    assert "set by edit 1; computed was" in derive(record, (1, 0, 0)).note
    assert derive(record, (1, 0, 0)).expression.evaluate() == derive(record, (1, 0, 0)).value
    with pytest.raises(InputError, match="what mean puts in was not kept with this trace"):
        kept.edits[0].value.put(record.output, ())


def test_it_is_a_trace_and_shows_itself(run: tracer.Run, tmp_path: Path) -> None:
    run.save(tmp_path / "x")
    kept = tracer.open(tmp_path / "x")
    assert isinstance(kept, Trace)
    assert repr(kept) == "<Trace of zh-en-tiny: @0 to @4, 'i love you'>"
    assert len(kept) == len(kept.steps) == 5
    assert kept[2]["decoder.0.cross_attn.weights"].labels["key"] == ["我", "爱", "你", "</s>"]
    assert tracer.diff(run, kept).parting is None
    with pytest.raises(AddressError, match="step @9 was not kept"):
        kept[9]
    with pytest.raises(AddressError, match=r"@2\.1 was not kept with this trace: it has the steps alone"):
        kept.at(At(2, 1))


def test_every_operation_has_a_rule_of_shapes() -> None:
    assert RULES.keys() == catalogue().keys()
