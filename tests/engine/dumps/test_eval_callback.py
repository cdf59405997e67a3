"""What llama.cpp prints of a graph, in all the ways in which it has printed it, and torch's side of it."""

import math
from pathlib import Path

import numpy as np
import pytest

from tracer.dumps.opening import open_dump
from tracer.errors import InputError

from .damage import broken_texts, refused

SAMPLES = Path(__file__).parents[2] / "fixtures" / "dumps" / "eval_callback"
HEADING = "common_debug_cb_eval: %24s = (%s) %10s(a{1, 1, 1, 1}, }) = {%s}\n"


def opened(name):
    return open_dump(SAMPLES / f"{name}.txt")


def evidence(dump):
    return {entry.meaning: entry.evidence for entry in dump.entries}


def as_array(printed):
    """What was printed, at its places; nan elsewhere."""
    found = np.full(printed.shape, np.nan)
    found[tuple(printed.places.T)] = printed.values
    return found


def heading(name="t", op="ADD", shape="2, 1, 1, 1", kind="f32"):
    return HEADING % (name, kind, op, shape)


def body(*rows):
    return (
        "    [\n        [\n"
        + "".join(f"            [ {row}  ],\n" for row in rows)
        + "        ],\n    ]\n    sum = 1.0\n"
    )


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "dump.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return open_dump(path, "eval_callback")

    return write


@pytest.mark.parametrize("name", ["synthetic", "first", "second", "third", "all_values", "torch_side"])
def test_recognised(name):
    assert opened(name).format == "eval_callback"


def test_today():
    found = evidence(opened("synthetic"))
    whole = found["ggml:t-1:ADD#0"]
    assert whole.shape == (6, 6, 6)
    assert as_array(whole)[1, 2, 3] == -0.0134
    assert not np.isnan(as_array(whole)).any()
    assert whole.half.tolist() == pytest.approx([5e-5] * 216)
    assert whole.total == 10.449082


def test_what_is_left_out_of_each_axis():
    printed = as_array(evidence(opened("synthetic"))["ggml:t-2:ADD#0"])
    there = ~np.isnan(printed)
    assert printed.shape == (7, 7, 7)
    assert [there.any(axis=axes).tolist() for axes in [(1, 2), (0, 2), (0, 1)]] == [
        [True] * 3 + [False] + [True] * 3
    ] * 3
    assert printed[0, 0, [0, 6]].tolist() == [-1.6836, 2.0341]


def test_numbers_that_are_none_and_sums_of_them():
    found = evidence(opened("synthetic"))
    assert found["ggml:t-0:ADD#0"].shape == (1, 1)
    assert np.isnan(found["ggml:t-0:ADD#0"].values).all()
    assert as_array(found["ggml:t-3:ADD#0"])[1, 2] == -math.inf
    assert found["ggml:t-3:ADD#0"].total == -math.inf


def test_a_slowest_axis_comes_block_by_block():
    found = evidence(opened("synthetic"))
    assert found["ggml:t-4:ADD#0"].shape == (2, 4, 4, 12)
    assert as_array(found["ggml:t-4:ADD#0"])[1, 0, 0, [0, 11]].tolist() == [5.2653, 2.2724]
    assert found["ggml:t-5:ADD#0"].shape == (3, 9, 1, 5)
    assert as_array(found["ggml:t-5:ADD#0"])[2, 8, 0].tolist() == [-3.3522, 1.9976, 0.8774, -2.8371, 1.5885]


def test_at_first_the_beginnings_were_printed_and_no_sum_of_all():
    found = evidence(opened("first"))
    embedded = found["ggml:inp_embd:GET_ROWS#0"]
    assert list(found) == [
        "ggml:inp_embd:GET_ROWS#0",
        "ggml:norm-0:NORM#0",
        "ggml:Qcur-0:ADD#0",
        "ggml:Qcur-0:RESHAPE#0",
    ]
    assert (embedded.shape, len(embedded.values), embedded.total) == ((5, 8), 9, None)
    assert as_array(embedded)[2, :3].tolist() == [-1.0, 2.0, 0.3333]
    assert as_array(found["ggml:Qcur-0:RESHAPE#0"])[1, 0].tolist() == [-0.3608, 0.5076]


def test_then_both_ends_and_a_sum_that_may_be_of_them_alone():
    dump = opened("second")
    found = evidence(dump)
    assert list(found) == ["input_ids", "ggml:embd:GET_ROWS#0", "ggml:Qcur-0:MUL_MAT#0", "ggml:Qcur-0:ROPE#0"]
    assert found["input_ids"].read().tolist() == [[128000, 9906, 1917]]
    assert as_array(found["ggml:embd:GET_ROWS#0"])[0, [2, 5]].tolist() == [0.0031, -0.0044]
    assert found["ggml:Qcur-0:ROPE#0"].shape == (3, 2, 4)
    assert all(printed.total is None for name, printed in found.items() if name != "input_ids")
    assert dump.notes == ["left aside as no numbers were printed of them, quantised ones for instance: 1"]


def test_then_sums_of_all_with_those_of_squares_behind_the_time():
    found = evidence(opened("third"))
    assert found["input_ids"].read().tolist() == [[5, 9]]
    assert found["ggml:embd:GET_ROWS#0"].total == 2.5
    assert len(found["ggml:embd:GET_ROWS#0"].values) == 12


def test_all_values_with_eight_digits():
    printed = evidence(opened("all_values"))["ggml:norm-0:RMS_NORM#0"]
    assert as_array(printed)[1].tolist()[:2] == [-0.50031183, 0.41010917]
    assert printed.half.tolist() == pytest.approx([5e-9] * 16)
    assert printed.total == 0.05864751


def test_the_side_of_torch():
    found = evidence(opened("torch_side"))
    embedded, turned = found["model.embed_tokens.output#0"], found["RoPE.q.inputs.0#0"]
    assert found["input_ids"].read().tolist() == [[1, 15043, 3186]]
    assert found["model.embed_tokens.inputs.0#0"].values.tolist() == [1, 15043, 3186]
    assert (embedded.shape, embedded.total) == ((1, 7, 8), 1.25)
    assert as_array(embedded)[0, [0, 2, 4, 6], 7].tolist() == [0.001, -0.0006, 0.001, -0.0006]
    assert np.isnan(as_array(embedded)[0, 3]).all()
    assert as_array(turned)[0].tolist() == [[[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], [[1.1, 1.2], [1.3, 1.4], [1.5, 1.6]]]


def test_names_are_told_apart_by_operation_and_occurrence(written):
    row = body("      1.0000,       2.0000")
    dump = written(
        heading("Qcur-0", "MUL_MAT") + row + heading("Qcur-0", "ADD") + row + heading("Qcur-0", "ADD") + row
        + heading("CUDA0#Qcur-0#0", "ADD") + row + heading("Qcur-0 (reshaped)", "RESHAPE") + row
        + heading("MTL0#Kcur-0 (view)#1", "CPY") + row
    )  # fmt: skip
    assert [entry.means for entry in dump.entries] == [
        "ggml:Qcur-0:MUL_MAT#0",
        "ggml:Qcur-0:ADD#0",
        "ggml:Qcur-0:ADD#1",
        "ggml:Qcur-0:ADD#2",
        "ggml:Qcur-0:RESHAPE#0",
        "ggml:Kcur-0 (view):CPY#0",
    ]
    assert dump.entries[0].name == "Qcur-0 (MUL_MAT)#0"


def test_what_is_left_aside_counts_as_an_occurrence(written):
    row = body("      1.0000,       2.0000")
    dump = written(
        heading(kind="q4_K") + heading() + row + heading("blk.0.attn_q.weight", "CPY") + row + heading() + row
    )
    assert [entry.means for entry in dump.entries] == ["ggml:t:ADD#1", "ggml:t:ADD#2"]
    assert dump.notes == [
        "left aside as no numbers were printed of them, quantised ones for instance: 1",
        "left aside as parameters: 1",
    ]


def test_lines_of_a_log_between_are_skipped(written):
    lines = (heading() + body("      1.0000,       2.0000")).splitlines()
    noise = ["ggml_backend_metal: took 12 ms", "encountered NaN - aborting", "", "  [main] 3 4", "..........", "12"]
    for between in noise:
        dump = written(("\n" + between + "\n").join(lines))
        assert dump.entries[0].evidence.values.tolist() == [1, 2], between


def test_windows_ends_its_lines_otherwise(written):
    dump = written((heading() + body("      1.0000,   -nan(ind)")).replace("\n", "\r\n"))
    assert dump.entries[0].evidence.values[0] == 1
    assert np.isnan(dump.entries[0].evidence.values[1])


@pytest.mark.parametrize(
    "text",
    [
        heading(shape="3, 1, 1, 1") + body(" 1.0, 2.0"),
        heading(shape="1000000000, 1000000000, 1, 1") + body(" 1.0, 2.0"),
        heading(shape="2, 1, 1, 2") + body(" 1.0, 2.0"),
        heading(shape="0, 1, 1, 1") + body(" 1.0, 2.0"),
        heading() + "    [\n        [\n            [ 1.0, 2.0",
        heading() + "[[[ 1.0, 2.0 ]",
        heading() + body(" 1.0, [2.0]"),
    ],
)
def test_what_does_not_fit_its_shape_is_left_aside(written, text):
    dump = written(text + "\n" + heading("next") + body(" 1.0, 2.0"))
    assert [entry.means for entry in dump.entries] == ["ggml:next:ADD#0"]
    assert dump.notes == ["left aside as the numbers printed don't fit their shapes, or break off: 1"]


@pytest.mark.parametrize(
    "ids", ["number of input tokens = 3\n 5\n 9\n", "number of input tokens = 3\n 5\nno\n 9\n 7\n"]
)
def test_ids_of_which_some_are_missing_are_none(written, ids):
    assert [entry.name for entry in written(ids + heading() + body(" 1.0, 2.0")).entries] == ["t (ADD)#0"]


def test_ids_of_a_prompt_file(written):
    dump = written("prompt: Hi\nn_tokens: 2\ntoken ids: 5, 9\n" + heading() + body(" 1.0, 2.0"))
    assert dump.entries[0].evidence.read().tolist() == [[5, 9]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "llama_model_loader: loaded meta data\n",
        "common_debug_cb_eval: t = (f32) ADD(a{1}) = {1, 2}\n",
        "common_debug_cb_eval: t = (f32) ADD(a{1}) = {-1, 2, 1, 1}\n",
        "common_debug_cb_eval: " + " = (f32) ADD(" * 5000 + "\n",
        "x" * 10**7,
        "[" * 10**7,
        b"\xff\xfe\x00",
    ],
)
def test_no_tensors(written, text):
    with pytest.raises(InputError, match=r"dump\.txt: prints no tensors; llama-eval-callback and llama-debug do"):
        assert written(text).entries


def test_broken_files_are_read_as_far_as_they_go(written):
    data = (SAMPLES / "second.txt").read_bytes() + (SAMPLES / "torch_side.txt").read_bytes()
    for broken in broken_texts(data, 1, 60):
        refusal = refused(written(broken))
        assert refusal is None or "dump.txt: prints no tensors" in refusal
