"""What torch's DebugMode prints: which module gives what, told by its last operation."""

from pathlib import Path

import numpy as np
import pytest

from tracer.dumps.opening import open_dump
from tracer.errors import InputError

from .damage import broken_texts, refused

SAMPLE = Path(__file__).parents[2] / "fixtures" / "dumps" / "debug_mode" / "marian_zh_en.txt"


def line(depth, operation="aten::add.Tensor(t$0: f32[2])", result="t$1: f32[2]", hashed="3.0"):
    return f"{'  ' * depth}{operation}  ->  {result}  # {{'hash': {hashed}}}\n"


def module(depth, path):
    return f"{'  ' * depth}[nn.Mod] {path}\n"


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "dump.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return open_dump(path, "debug_mode")

    return write


def told(dump):
    return [(entry.name, entry.means) for entry in dump.entries]


def test_the_sample():
    dump = open_dump(SAMPLE)
    found = {entry.means: entry.evidence for entry in dump.entries}
    assert dump.format == "debug_mode"
    assert len({entry.name for entry in dump.entries}) == 345
    assert len([entry for entry in dump.entries if entry.means]) == 65
    assert found["model.encoder.layers.0.self_attn.q_proj.output#0"].total == 575.9006847515702
    assert found["model.encoder.layers.0.self_attn.q_proj.output#0"].shape == (1, 4, 48)
    assert found["model.encoder.layers.0.final_layer_norm.output#0"].total == 197.65073306811973
    assert found["model.encoder.layers.0.output#0"].total == 197.65073306811973
    assert found["model.encoder.output#0"] is found["model.encoder.layers.1.output#0"]
    assert found["output#0"].total == 4096.216081403196
    assert dump.notes == []


def test_operations_are_counted_in_their_module():
    found = {entry.name: entry.evidence for entry in open_dump(SAMPLE).entries}
    assert found["model.encoder.layers.0.self_attn/aten::bmm#0"].total == 2589.0793919563293
    assert found["model.encoder.layers.0.self_attn/aten::bmm#1"].total == 305.8217504359782
    assert found["/aten::lift_fresh#0"].total == 5 + 9 + 17 + 0
    assert found["/aten::lift_fresh#0"].dtype == "I64"


def test_an_output_is_what_the_last_operation_in_it_made(written):
    inner = module(0, "M") + module(1, "M.a") + line(2) + module(1, "M.b") + module(1, "M.c") + line(2)
    assert told(written(inner)) == [
        ("a/aten::add.Tensor#0", "a.output#0"),
        ("c/aten::add.Tensor#0", "c.output#0"),
        ("c/aten::add.Tensor#0", "output#0"),
    ]


def test_a_module_gives_what_one_in_it_gave_though_another_without_operations_follows(written):
    text = module(0, "M") + module(1, "M.a") + module(2, "M.a.b") + line(3) + module(2, "M.a.drop") + module(1, "M.c")
    assert told(written(text + line(2))) == [
        ("a.b/aten::add.Tensor#0", "a.b.output#0"),
        ("a.b/aten::add.Tensor#0", "a.output#0"),
        ("c/aten::add.Tensor#0", "c.output#0"),
        ("c/aten::add.Tensor#0", "output#0"),
    ]


def test_calls_of_a_module_are_counted(written):
    text = (module(0, "M") + module(1, "M.a") + line(2)) * 2
    assert [means for _name, means in told(written(text))] == ["a.output#0", "output#0", "a.output#1", "output#1"]


def test_what_has_no_hash_gives_no_output(written):
    bare = "    aten::mul.Tensor(t$0: f32[2])  ->  t$1: f32[2]\n"
    dump = written(module(0, "M") + line(1) + module(1, "M.a") + line(2) + bare + line(2, hashed="123456789"))
    assert told(dump) == [("/aten::add.Tensor#0", ""), ("a/aten::add.Tensor#0", "")]
    assert dump.notes == ["left aside as they have no hash, or one of another kind: 2"]


def test_hashes_that_are_none_and_infinite(written):
    found = [entry.evidence.total for entry in written(line(0, hashed="nan") + line(0, hashed="inf")).entries]
    assert np.isnan(found[0])
    assert found[1] == np.inf


@pytest.mark.parametrize(
    "text",
    [
        "",
        module(0, "M") * 1000,
        line(0, result="t$1: f32[99999999999999999999]"),
        line(0, result="t$1: f32[-1]"),
        line(0, result="7"),
        line(0, hashed="None"),
        "aten::add(" + "  ->  " * 10**6,
        "'hash': " * 10**6,
        "aten::" * 10**6 + "  ->  t: f32[1]  # {'hash': 1.0}",
        b"\xff\xfea\0",
    ],
)
def test_no_hashes(written, text):
    with pytest.raises(InputError, match=r"dump\.txt: has no hashes of tensors; print it under DebugMode"):
        assert written(text).entries


def test_modules_in_modules_without_end(written):
    text = "".join(module(depth, "M.a") for depth in range(1000)) + line(1000)
    assert len(written(text).entries) == 1000


def test_shapes_that_nobody_could_have(written):
    assert written(line(0, result="t$1: f32[1000000000, 1000000000]")).entries[0].evidence.shape == (10**9, 10**9)


def test_broken_files(written):
    for broken in broken_texts(SAMPLE.read_bytes()[:20000], 2, 60):
        refusal = refused(written(broken))
        assert refusal is None or "dump.txt: has no hashes" in refusal
