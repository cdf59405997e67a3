"""Lines of JSON as this program writes them."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import tracer
from tracer.dumps.opening import open_dump
from tracer.errors import InputError
from tracer.export import jsonl

from ..conftest import FIXTURES
from .damage import broken_texts, damaged, refused

SAMPLE = Path(__file__).parents[2] / "fixtures" / "dumps" / "jsonl" / "marian_zh_en.jsonl"
WEIGHTS = "@0:encoder.0.self_attn.weights"


@pytest.fixture(scope="module")
def tape():
    return tracer.Run(tracer.load(FIXTURES / "gpt2"), [5, 9, 17]).step(1)


@pytest.fixture
def written(tmp_path):
    def write(*things):
        path = tmp_path / "dump.jsonl"
        texts = [thing if isinstance(thing, bytes) else json.dumps(thing).encode() for thing in things]
        path.write_bytes(b"\n".join(texts))
        return open_dump(path, "jsonl")

    return write


def evidence(dump):
    return {entry.name: entry.evidence for entry in dump.entries}


def tensor(values, shape, address="@1:logits"):
    return {"kind": "tensor", "step": 1, "address": address, "shape": shape, "values": values}


def test_the_sample():
    dump = open_dump(SAMPLE)
    found = evidence(dump)
    assert dump.format == "jsonl"
    assert list(found)[:2] == ["@0:encoder.embed.tokens", "@0:encoder.embed.positions"]
    assert found[WEIGHTS].shape == (4, 4, 4)
    assert found[WEIGHTS].read().sum(axis=-1) == pytest.approx(1)
    assert found["@1:decoder.0.cross_attn.weights[h0]"].shape == (1, 4)
    assert found["@1:choice"].figures == {"min": 186.0, "max": 186.0}


def test_every_record_of_a_run_is_read_as_it_was(tape, written):
    dump = written(*(jsonl.dumps(jsonl.tensor(record.output, record.step)).encode() for record in tape))
    for record in tape:
        stored = evidence(dump)[record.output.address].read()
        assert stored.tobytes() == record.output.array.astype(stored.dtype).tobytes()
        assert np.array_equal(stored, record.output.array, equal_nan=True)


def test_deviations_are_those_of_a_sample(tape, written):
    dump = written(*(jsonl.dumps(jsonl.op(record)).encode() for record in tape))
    record = tape.find("decoder.0.ffn.output")
    found = evidence(dump)[record.output.address]
    array = record.output.array.astype(np.float64)
    assert found.figures["std"] == pytest.approx(array.std(ddof=1), rel=1e-12)
    assert found.figures["mean"] == pytest.approx(array.mean(), rel=1e-12)
    assert found.figures["max"] == array.max()


def test_statistics_of_finite_numbers_alone_are_left_aside(written):
    figures = {"min": 0.0, "max": 1.0, "mean": 0.5, "std": 0.5}
    op = {"kind": "op", "address": "@1:probs", "shape": [2], **figures, "nonfinite": 0}
    dump = written(op, {**op, "address": "@1:masked", "nonfinite": 3})
    assert list(evidence(dump)) == ["@1:probs"]
    assert dump.notes == ["left aside as their statistics are of their finite numbers alone: 1"]


def test_one_number_has_no_deviation(written):
    op = {"kind": "op", "address": "@1:x", "shape": [1], "min": 2, "max": 2, "mean": 2, "std": 0.0, "nonfinite": 0}
    assert evidence(written(op))["@1:x"].figures == {"min": 2, "max": 2, "mean": 2}


def test_what_is_not_finite(written):
    read = evidence(written(tensor([["inf", "-inf"], ["nan", 1.5]], [2, 2])))["@1:logits"].read()
    assert read[0].tolist() == [math.inf, -math.inf]
    assert np.isnan(read[1, 0])
    assert read.dtype == np.float32


@pytest.mark.parametrize(
    ("values", "dtype"), [([1, 2], "I64"), ([True, False], "BOOL"), ([0.5, 1.0], "F32"), ([0.1, 1e300], "F64")]
)
def test_types(written, values, dtype):
    found = evidence(written(tensor(values, [2])))["@1:logits"]
    assert found.dtype == dtype
    assert found.read().tolist() == values


def test_values_go_before_statistics_and_the_first_before_others(written):
    op = {"kind": "op", "address": "@1:logits", "shape": [2], "min": 1, "max": 2, "nonfinite": 0}
    dump = written(op, tensor([1.0, 2.0], [2]), op, tensor([3.0, 4.0], [2]))
    assert [entry.evidence.read().tolist() for entry in dump.entries] == [[1.0, 2.0]]
    assert dump.notes == ["left aside as their address came before: 2"]


def test_lines_of_other_kinds_and_empty_ones_are_skipped(written):
    assert list(evidence(written({"kind": "token", "id": 3}, b"", tensor([1.0], [1]), b"  ", {}))) == ["@1:logits"]


@pytest.mark.parametrize(
    "thing",
    [
        tensor([1.0], [2]),
        tensor([[1.0], [1.0, 2.0]], [2, 1]),
        tensor([1.0], [1e9, 1e9]),
        tensor([1.0], [10**9, 10**9]),
        tensor([1.0], [-1]),
        tensor(["infinite"], [1]),
        tensor([None], [1]),
        tensor([[]], [1]),
        tensor([10**30], [1]),
        tensor({"a": 1}, [1]),
        tensor(None, []),
        tensor([1.0], None),
        tensor([1.0], [1], address=None),
        tensor([1.0], [1], address=["x"]),
        [1],
        "text",
    ],
)
def test_lines_that_are_otherwise(written, thing):
    with pytest.raises(InputError, match=r"dump\.jsonl: line 2 is not as tx-trace writes it; is the file damaged\?"):
        assert written(tensor([1.0], [1], address="@1:x"), thing).entries


@pytest.mark.parametrize("thing", [b"{", b'{"kind": "tensor", "val', b"\xff\xfe", b"[" * 10**5, b"x" * 10**7])
def test_lines_that_are_no_json(written, thing):
    with pytest.raises(InputError, match=r"dump\.jsonl: line 2 is no JSON"):
        assert written(tensor([1.0], [1]), thing).entries


def test_no_tensors(written):
    with pytest.raises(InputError, match=r"dump\.jsonl: has no tensors; print and step write them"):
        assert written({"kind": "stop"}).entries


def test_a_file_that_changes_meanwhile(written):
    dump = written(tensor([1.0], [1]))
    (entry,) = dump.entries
    written(tensor([1.0, 2.0], [2]))
    with pytest.raises(InputError, match="line 1 is not as tx-trace writes it"):
        entry.evidence.read()


def test_broken_lines(written):
    whole = [json.loads(text) for text in SAMPLE.read_text().splitlines()]
    for broken in damaged(whole, 3, 150):
        refused(written(*broken))
    for text in broken_texts(SAMPLE.read_bytes(), 4, 60):
        refused(written(text))
