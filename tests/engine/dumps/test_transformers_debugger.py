"""The tree that transformers' debugger writes: numbers in files, as printed, and as statistics."""

import json
import shutil
from math import prod
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tracer.dumps.opening import open_dump
from tracer.errors import InputError

from .damage import damaged, refused

SAMPLES = Path(__file__).parents[2] / "fixtures" / "dumps" / "transformers_debugger"
FULL = "M_debug_tree_FULL_TENSORS.json"
STATISTICS = {"mean": "tensor(5.0000e-01)", "std": "tensor(1.2910e+00)", "min": "tensor(-1.)", "max": "tensor(2.0000)"}


def evidence(dump):
    return {entry.meaning: entry.evidence for entry in dump.entries}


def tensor(value=None, shape="[2, 2]", dtype="float32", **statistics):
    stated = {"shape": f"torch.Size({shape})", "dtype": f"torch.{dtype}", **statistics}
    return stated if value is None else {**stated, "value": value}


def node(path, *children, outputs=None, args=(), kwargs=None):
    return {
        "module_path": path,
        "inputs": {"args": list(args), "kwargs": kwargs or {}},
        **({"outputs": outputs} if outputs else {}),
        **({"children": list(children)} if children else {}),
    }


@pytest.fixture
def written(tmp_path):
    def write(tree):
        (tmp_path / FULL).write_text(json.dumps(tree))
        return open_dump(tmp_path)

    return write


def printed(written, *lines, shape="[2, 2]", dtype="float32"):
    return written(node("M", node("M.a", outputs=tensor(list(lines), shape, dtype))))


def as_array(found):
    array = np.full(found.shape, np.nan)
    array[tuple(found.places.T)] = found.values if found.shape else found.values[0]
    return array


@pytest.mark.parametrize("name", ["repr", "safetensors", "summary"])
def test_recognised(name):
    (file,) = (SAMPLES / name).glob("*.json")
    for path in (SAMPLES / name, file):
        assert open_dump(path).format == "transformers_debugger"


def test_files():
    dump = open_dump(SAMPLES / "safetensors")
    found = evidence(dump)
    assert list(found)[:4] == ["input_ids", "decoder_input_ids", "model.inputs.0#0", "model.inputs.decoder_input_ids#0"]
    assert found["input_ids"].read().tolist() == [[5, 9, 17, 0]]
    assert found["decoder_input_ids"].read().tolist() == [[351, 3, 7]]
    assert found["model.encoder.layers.0.self_attn.q_proj.output#0"].read()[0, 0, 0] == pytest.approx(-2.9154, abs=5e-5)
    assert {one.kind for one in found.values()} == {"values"}
    assert len(found) == 38
    assert dump.notes == []


def test_what_the_outermost_module_gives_is_found_beside_the_tree():
    found = evidence(open_dump(SAMPLES / "safetensors"))
    inside = found["lm_head.output#0"].read()
    assert not np.array_equal(found["logits"].read(), inside)
    assert found["logits"].read().shape == inside.shape == (1, 3, 352)
    assert found["encoder_last_hidden_state"].shape == (1, 4, 48)


def test_inputs_come_before_what_is_in_a_module_and_outputs_after():
    names = list(evidence(open_dump(SAMPLES / "safetensors")))
    layer = [name for name in names if name.startswith("model.encoder.layers.0")]
    assert layer[0] == "model.encoder.layers.0.inputs.0#0"
    assert layer[1] == "model.encoder.layers.0.self_attn.inputs.0#0"
    assert layer[-1] == "model.encoder.layers.0.final_layer_norm.output#0"


def test_printed_numbers_are_those_of_the_files_as_nearly_as_they_were_printed():
    stored, text = (evidence(open_dump(SAMPLES / name)) for name in ("safetensors", "repr"))
    for entry in open_dump(SAMPLES / "repr").entries:
        found, exact = entry.evidence, stored[entry.meaning].read().astype(np.float64)
        if found.kind == "text":
            cells = exact[tuple(found.places.T)]
            assert len(cells) == exact.size or exact.size > 1000
            assert (np.abs(cells - found.values) <= found.half + 1e-7 * np.abs(cells)).all(), entry.name
    assert text["input_ids"].values.tolist() == [5, 9, 17, 0]
    assert text["input_ids"].half.tolist() == [0, 0, 0, 0]
    assert text["model.encoder.embed_tokens.output#0"].values[0] == -4.3773e-01
    assert text["model.encoder.embed_tokens.output#0"].half[0] == pytest.approx(5e-6)


def test_of_what_was_printed_in_part_there_are_statistics_too():
    dump = open_dump(SAMPLES / "repr")
    text, statistics = (entry.evidence for entry in dump.entries if entry.means == "lm_head.output#0")
    assert (text.shape, len(text.values)) == ((1, 3, 352), 18)
    assert text.places[3].tolist() == [0, 0, 349]
    assert statistics.figures == {"min": -16.433, "max": 17.392, "mean": -0.02091, "std": 4.8933}
    assert statistics.share == pytest.approx(3.0426e-5, rel=1e-4)
    assert dump.notes == ["tensors of which a part is printed, and statistics are of all: 1"]


def test_the_summary_has_statistics_of_the_same_numbers():
    stored = evidence(open_dump(SAMPLES / "safetensors"))
    dump = open_dump(SAMPLES / "summary")
    for name, found in evidence(dump).items():
        exact = stored[name].read().astype(np.float64)
        figures = {"min": exact.min(), "max": exact.max(), "mean": exact.mean(), "std": exact.std(ddof=1)}
        assert dict(found.figures) == pytest.approx(figures, rel=found.share + 1e-6)
    assert dump.notes == ["left aside as they have neither numbers nor statistics: 9"]


@pytest.mark.parametrize(
    ("lines", "shape", "dtype", "expected"),
    [
        (["tensor([[1., 2.],", "        [3., -4.]])"], "[2, 2]", "F32", [[1, 2], [3, -4]]),
        (["tensor([[ 0.0000e+00, -3.4028e+38],", "[inf, nan]])"], "[2, 2]", "F32", [[0, -3.4028e38], [np.inf, np.nan]]),
        (["tensor([1.5000, 2.5000], dtype=torch.float16)"], "[2]", "F16", [1.5, 2.5]),
        (["tensor([0.5], device='cuda:0', grad_fn=<AddBackward0>)"], "[1]", "F32", [0.5]),
        (["tensor(-2.5000e-01)"], "[]", "F32", -0.25),
        (["tensor(7)"], "[]", "I64", 7),
        (["tensor([[True, False]])"], "[1, 2]", "BOOL", [[1, 0]]),
        (["tensor([], size=(0, 3))"], "[0, 3]", "F32", np.zeros((0, 3))),
        (["Parameter containing:", "tensor([1., 2.], requires_grad=True)"], "[2]", "F32", [1, 2]),
        (["tensor([0, 1, 2,  ..., 7, 8, 9])"], "[10]", "I64", [0, 1, 2, *[np.nan] * 4, 7, 8, 9]),
    ],
)
def test_what_repr_prints(written, lines, shape, dtype, expected):
    names = {"F32": "float32", "F16": "float16", "I64": "int64", "BOOL": "bool"}
    found = evidence(printed(written, *lines, shape=shape, dtype=names[dtype]))["a.output#0"]
    assert found.dtype == dtype
    assert np.array_equal(as_array(found), np.array(expected, np.float64), equal_nan=True)


@pytest.mark.parametrize(
    "lines",
    [
        ["tensor([[1., 2.]])"],
        ["tensor([[1., 2.], [3.]])"],
        ["tensor([1., 2., 3., 4.])"],
        ["tensor([[1.+2.j, 2.], [3., 4.]])"],
        ["tensor([[1., 2.], [3., 4."],
        ["tensor("],
        [""],
        ["]["],
        ["[" * 10**6],
        [1, 2],
        [],
    ],
)
def test_what_repr_does_not_print_leaves_statistics(written, lines):
    dump = written(node("M", node("M.a", outputs=tensor(lines, **STATISTICS))))
    assert [entry.evidence.kind for entry in dump.entries] == ["statistics"]
    assert dump.notes == ["left aside as the numbers printed don't fit their shapes, or are none: 1"]


def test_how_nearly_statistics_were_printed(written):
    found = evidence(written(node("M", node("M.a", outputs=tensor(**STATISTICS)))))["a.output#0"]
    assert found.figures == {"min": -1, "max": 2, "mean": 0.5, "std": 1.291}
    assert found.share == pytest.approx(5e-5 / 1.291)
    short = evidence(written(node("M", node("M.a", outputs=tensor(dtype="bfloat16", **STATISTICS)))))["a.output#0"]
    assert short.share == 2**-8


def test_deviations_of_one_number_are_none(written):
    one = {**STATISTICS, "std": "tensor(nan)", "mean": "tensor(inf)"}
    found = evidence(written(node("M", node("M.a", outputs=tensor(**one)))))["a.output#0"]
    assert found.figures == {"min": -1, "max": 2}


def test_calls_of_a_module_are_counted(written):
    again = node("M.a", outputs=tensor(**STATISTICS))
    assert list(evidence(written(node("M", again, again)))) == ["a.output#0", "a.output#1"]


def test_parts_of_what_goes_in_and_comes_out(written):
    one = tensor(**STATISTICS)
    inner = node(
        "M.a", args=[one, "None", [one, "0.1"]], kwargs={"mask": one, "use": "False"}, outputs=[one, {"k": one}]
    )
    assert list(evidence(written(node("M", inner, kwargs={"input_ids": one})))) == [
        "input_ids",
        "a.inputs.0#0",
        "a.inputs.2.0#0",
        "a.inputs.mask#0",
        "a.output#0",
        "a.output.1.k#0",
    ]


def test_modules_that_were_pruned_are_found_beside_the_tree(written, tmp_path):
    files = {"M.a_outputs": 1.0, "M.layers.1_inputs_args_0": 2.0, "M.layers.1_inputs_kwargs_attention_mask": 3.0}
    others = {"N.a_outputs": 4.0, "M_outputs_logits": 5.0, "Mother": 6.0}
    for name, value in {**files, **others}.items():
        save_file({"data": np.float32([[value]])}, tmp_path / f"{name}.safetensors")
    dump = written(node("M", node("M.a", outputs=tensor("./M.a_outputs.safetensors", "[1, 1]"))))
    assert {name: one.read().item() for name, one in evidence(dump).items()} == {
        "a.output#0": 1.0,
        "layers.1.inputs.0#0": 2.0,
        "layers.1.inputs.attention_mask#0": 3.0,
        "logits": 5.0,
    }


def test_files_beside_a_tree_with_printed_numbers_are_not_its_own(written, tmp_path):
    save_file({"data": np.float32([[5.0]])}, tmp_path / "M_outputs_logits.safetensors")
    assert list(evidence(printed(written, "tensor([[1., 2.],[3., 4.]])"))) == ["a.output#0"]


def test_files_that_are_missing_leave_statistics(written):
    dump = written(node("M", node("M.a", outputs=tensor("./M.a_outputs.safetensors", **STATISTICS))))
    assert [entry.evidence.kind for entry in dump.entries] == ["statistics"]
    assert dump.notes == ["files of tensors that are missing, in place of which statistics are taken: 1"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "./../x.safetensors", "a/b.safetensors", "..", "", "a\0b", "x" * 300]
)
def test_names_of_files_that_lead_elsewhere(written, name):
    dump = written(node("M", node("M.a", outputs=tensor(name, **STATISTICS))))
    with pytest.raises(
        InputError, match=r"json: M\.a\.outputs#0 refers to the file .*; expected the name of one in \w+"
    ):
        assert dump.entries


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        (
            {"data": np.zeros((2, 3), np.float32)},
            r"has the shape \[2, 3\]; M_debug_tree_FULL_TENSORS\.json says",
        ),
        ({"other": np.zeros((2, 2), np.float32)}, "has no tensor data"),
    ],
)
def test_files_that_have_something_else(written, tmp_path, tensors, told):
    save_file(tensors, tmp_path / "M.a_outputs.safetensors")
    (entry,) = written(node("M", node("M.a", outputs=tensor("./M.a_outputs.safetensors")))).entries
    with pytest.raises(InputError, match=told):
        entry.evidence.read()


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ({}, "a module without a path is not as transformers writes it"),
        ({"module_path": 3}, "a module without a path is not as transformers writes it"),
        (node("M"), "has no tensors"),
        ({"module_path": "M", "inputs": [1]}, "M is not as transformers writes it"),
        ({"module_path": "M", "children": {"a": 1}}, "M is not as transformers writes it"),
        ({"module_path": "M", "children": [3]}, "a module without a path is not as transformers writes it"),
        (node("M", outputs=tensor(shape="[-1]")), "M.outputs#0 is not as transformers writes it"),
        (node("M", outputs={**tensor(), "shape": [1]}), "M.outputs#0 is not as transformers writes it"),
        (node("M", outputs=tensor(shape=f"[{1 << 63}]")), "M.outputs#0 is not as transformers writes it"),
    ],
)
def test_trees_that_are_otherwise(written, tree, told):
    with pytest.raises(InputError, match=told):
        assert written(tree).entries


@pytest.mark.parametrize("depth", [100, 10**5])
def test_modules_and_lists_in_each_other_without_end(tmp_path, depth):
    (tmp_path / FULL).write_text('{"module_path": "M", "children": [' * depth + "]}" * depth)
    with pytest.raises(InputError, match=r"json: (is no JSON|M is not as transformers writes it)"):
        assert open_dump(tmp_path).entries
    (tmp_path / FULL).write_text('{"module_path": "M", "outputs": ' + "[" * depth + "]" * depth + "}")
    with pytest.raises(InputError, match=r"json: (is no JSON|M is not as transformers writes it)"):
        assert open_dump(tmp_path).entries


def test_shapes_that_nobody_could_have(written):
    huge = tensor(["tensor([[1., 2.],[3., 4.]])"], "[1000000000, 1000000000]", **STATISTICS)
    (entry,) = written(node("M", node("M.a", outputs=huge))).entries
    assert (entry.evidence.kind, prod(entry.evidence.shape)) == ("statistics", 10**18)


def test_other_trees_are_left_aside(written, tmp_path):
    shutil.copyfile(next((SAMPLES / "repr").iterdir()), tmp_path / "Marian_debug_tree_FULL_TENSORS.json")
    dump = written(node("M", node("M.a", outputs=tensor(**STATISTICS))))
    assert list(evidence(dump)) == ["a.output#0"]
    assert dump.notes == ["other trees in the directory that are left aside: Marian_debug_tree_FULL_TENSORS.json"]


def test_of_many_trees_the_first_few_are_named(written, tmp_path):
    for name in "NOPQR":
        shutil.copyfile(next((SAMPLES / "repr").iterdir()), tmp_path / f"{name}_debug_tree_SUMMARY.json")
    dump = written(node("M", node("M.a", outputs=tensor(**STATISTICS))))
    assert list(evidence(dump)) == ["a.output#0"]
    (note,) = dump.notes
    assert note.endswith("N_debug_tree_SUMMARY.json, O_debug_tree_SUMMARY.json, P_debug_tree_SUMMARY.json, …")


def test_a_directory_without_a_tree(tmp_path):
    with pytest.raises(
        InputError, match=r"has no file that ends with _debug_tree_FULL_TENSORS\.json or _debug_tree_SUM"
    ):
        assert open_dump(tmp_path, "transformers_debugger").entries


@pytest.mark.parametrize("name", ["repr", "summary"])
def test_damaged_trees(written, name):
    whole = json.loads(next((SAMPLES / name).iterdir()).read_text())
    for broken in damaged(whole, 7, 60):
        refusal = refused(written(broken))
        assert refusal is None or f"{FULL}: " in refusal or "has no tensors" in refusal
