"""Dumps of msprobe: modules and what is called in them, statistics and files of tensors."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tracer.dumps.opening import open_dump
from tracer.errors import InputError

from .damage import damaged, refused

SAMPLES = Path(__file__).parents[2] / "fixtures" / "dumps" / "msprobe"
NAME = "Module.model.fc1.Linear.forward.0"
STATISTICS = {"Max": 2.0, "Min": -1.0, "Mean": 0.5, "Norm": 3.0}
TENSOR = {"type": "torch.Tensor", "dtype": "torch.float32", "shape": [2, 3], **STATISTICS}


def evidence(dump):
    return {entry.meaning: entry.evidence for entry in dump.entries}


def stated(data=None, **others):
    return {"task": "statistics", "level": "L0", "framework": "pytorch", "dump_data_dir": None, "data": data, **others}


@pytest.fixture
def written(tmp_path):
    def write(data, folder="dump", construct=None, **others):
        path = tmp_path / folder
        path.mkdir(parents=True, exist_ok=True)
        (path / "dump.json").write_text(json.dumps(stated(data, **others)))
        if construct:
            (path / "construct.json").write_text(json.dumps(construct))
        return open_dump(tmp_path / folder.partition("/")[0])

    return write


@pytest.mark.parametrize("inside", ["", "step0", "step0/rank0", "step0/rank0/dump.json"])
def test_recognised(inside):
    dump = open_dump(SAMPLES / "statistics_L0" / inside)
    assert dump.format == "msprobe"
    assert len(dump.entries) == 233


def test_statistics():
    dump = open_dump(SAMPLES / "statistics_L0")
    found = evidence(dump)
    embedded = found["model.encoder.embed_tokens.output#0"]
    assert embedded.shape == (1, 4, 48)
    assert embedded.figures == {
        "max": 1.0533742904663086,
        "min": -0.8992085456848145,
        "mean": 0.024187857285141945,
        "norm": 5.118752479553223,
    }
    assert found["model.encoder.embed_tokens.inputs.0#0"].figures == {"max": 17, "min": 0}
    assert found["model.encoder.embed_tokens.inputs.0#0"].dtype == "I64"
    assert found["model.encoder.layers.0.self_attn.output.1#0"].shape == (1, 4, 4, 4)
    assert found["model.encoder.layers.0.fc1.parameters.weight"].shape == (96, 48)
    assert found["model.encoder.output#0"].figures["max"] == 7.148693561553955
    assert found["model.output.encoder_last_hidden_state#0"].figures["max"] == 7.148693561553955
    assert found["model.inputs.decoder_input_ids#0"].shape == (1, 3)
    assert dump.entries[-1].name == "Module.lm_head.Linear.forward.0.output.0"
    assert dump.notes == []


def test_means_that_went_beyond_the_type_are_none():
    mask = evidence(open_dump(SAMPLES / "statistics_L0"))["model.decoder.layers.0.self_attn.inputs.attention_mask#0"]
    assert mask.figures == {"max": 0.0, "min": -3.4028234663852886e38}


def test_operations_go_by_the_module_around_them():
    found = evidence(open_dump(SAMPLES / "statistics_mix"))
    assert found["model.encoder.layers.0.self_attn.torch.matmul.output#0"].shape == (1, 4, 4, 4)
    assert found["model.encoder.layers.0.self_attn.torch.matmul.output#1"].shape == (1, 4, 4, 12)
    assert found["model.encoder.layers.0.self_attn.functional.softmax.output#0"].figures["mean"] == 0.25
    assert found["model.encoder.tensor.__mul__.output#0"].shape == (1, 4, 48)
    assert found["model.encoder.layers.0.tensor.__add__.inputs.1#1"].shape == (1, 4, 48)


def test_operations_whose_module_nobody_says_have_their_names_alone(written):
    data = {"Torch.matmul.3.forward": {"output": [TENSOR]}, "Torch.matmul.4.forward": {"output": [TENSOR]}}
    circle = {"Torch.matmul.3.forward": "Torch.bmm.0.forward", "Torch.bmm.0.forward": "Torch.matmul.3.forward"}
    assert list(evidence(written(data, construct=circle))) == ["torch.matmul.output#0", "torch.matmul.output#1"]


def test_files_of_tensors():
    found = evidence(open_dump(SAMPLES / "tensor_L0"))
    assert found["model.encoder.embed_tokens.inputs.0#0"].read().tolist() == [[5, 9, 17, 0]]
    output = found["model.encoder.layers.0.output#0"]
    assert output.read().shape == output.shape == (1, 4, 48)
    assert output.read().dtype == np.float32


def test_files_say_what_the_statistics_say():
    known = evidence(open_dump(SAMPLES / "statistics_L0"))
    for name, stored in evidence(open_dump(SAMPLES / "tensor_L0")).items():
        array = stored.read().astype(np.float64)
        assert known[name].figures["max"] == array.max()
        assert known[name].figures.get("norm", np.linalg.norm(array)) == pytest.approx(np.linalg.norm(array), rel=1e-6)


def test_files_that_are_missing_leave_statistics(tmp_path):
    shutil.copytree(SAMPLES / "tensor_L0", tmp_path / "dump", copy_function=shutil.copyfile)
    missing = "Module.lm_head.Linear.forward.0.output.0"
    (tmp_path / f"dump/step0/rank0/dump_tensor_data/{missing}.pt").unlink()
    dump = open_dump(tmp_path / "dump")
    assert evidence(dump)["lm_head.output#0"].kind == "statistics"
    assert evidence(dump)["lm_head.inputs.0#0"].kind == "values"
    assert dump.notes == ["files of tensors that are missing, in place of which statistics are taken: 1"]


STORED = SAMPLES / "tensor_L0/step0/rank0/dump_tensor_data"
HEAD = {"Module.lm_head.Linear.forward.0": {"output": [{**TENSOR, "shape": [1, 3, 352], "data_name": "x.pt"}]}}


def put(folder):
    folder.mkdir(parents=True)
    shutil.copyfile(STORED / "Module.lm_head.Linear.forward.0.output.0.pt", folder / "x.pt")
    return folder


@pytest.mark.parametrize("said", ["{dump}/a/b", "a/b", "{dump}/./a/../a/b"])
def test_files_may_lie_where_the_dump_says(written, tmp_path, said):
    put(tmp_path / "dump/a/b")
    dump = written(HEAD, dump_data_dir=said.format(dump=tmp_path / "dump"))
    assert evidence(dump)["lm_head.output#0"].read().shape == (1, 3, 352)


@pytest.mark.parametrize(
    "said", ["{tmp}/elsewhere", "../elsewhere", "{tmp}/dump/../elsewhere", "link", "a\0b", "\ud800"]
)
def test_no_files_are_read_of_other_folders(written, tmp_path, said):
    put(tmp_path / "elsewhere")
    (tmp_path / "dump").mkdir()
    (tmp_path / "dump/link").symlink_to(tmp_path / "elsewhere")
    dump = written(HEAD, dump_data_dir=said.format(tmp=tmp_path))
    assert evidence(dump)["lm_head.output#0"].kind == "statistics"
    assert dump.notes == ["files of tensors that are missing, in place of which statistics are taken: 1"]


def test_a_file_of_another_shape(written, tmp_path):
    put(tmp_path / "dump/dump_tensor_data")
    (entry,) = written({NAME: {"output": [{**TENSOR, "data_name": "x.pt"}]}}).entries
    with pytest.raises(InputError, match=r"x\.pt: has the shape \[1, 3, 352\]; dump\.json says \[2, 3\]"):
        entry.evidence.read()


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"\x80\x02}.", b"no zip"])
def test_a_file_that_is_no_tensor(written, tmp_path, content):
    (tmp_path / "dump/dump_tensor_data").mkdir(parents=True)
    (tmp_path / "dump/dump_tensor_data/x.pt").write_bytes(content)
    (entry,) = written({NAME: {"output": [{**TENSOR, "data_name": "x.pt"}]}}).entries
    with pytest.raises(InputError, match=r"x\.pt: "):
        entry.evidence.read()


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..", "", "a/b.pt", "a\\b.pt", "a\0b", 3, [], "x" * 300]
)
def test_names_of_files_that_lead_elsewhere(written, name):
    dump = written({NAME: {"output": [{**TENSOR, "data_name": name}]}})
    with pytest.raises(
        InputError,
        match=r"dump\.json: Module.*output\.0 refers to the file .*; expected the name of one in dump_tensor_data",
    ):
        assert dump.entries


def test_calls_are_counted_on_from_step_to_step(written):
    again = NAME.replace("forward.0", "forward.1")
    written({NAME: {"output": [TENSOR]}, again: {"output": [TENSOR]}}, "dump/step2/rank0")
    written({NAME: {"output": [TENSOR]}}, "dump/step10/rank0")
    dump = written({NAME: {"output": [TENSOR]}}, "dump/step10/rank1")
    assert list(evidence(dump)) == ["model.fc1.output#0", "model.fc1.output#1", "model.fc1.output#2"]
    assert dump.notes == ["dumps of other ranks that are left aside: rank1"]


def test_of_many_ranks_the_first_few_are_named(written):
    for rank in range(6):
        dump = written({NAME: {"output": [TENSOR]}}, f"dump/step0/rank{rank}")
    assert evidence(dump).keys() == {"model.fc1.output#0"}
    assert dump.notes == ["dumps of other ranks that are left aside: rank1, rank2, rank3, …"]


def test_gradients_and_bare_tensors_are_left_aside(written):
    bare = {"type": "torch.Tensor", "dtype": "torch.float32", "shape": [2], "md5": "a3f2"}
    backward = NAME.replace("forward", "backward")
    dump = written({NAME: {"output": [TENSOR, bare, None, {"type": "int", "value": 3}]}, backward: {"input": [TENSOR]}})
    assert list(evidence(dump)) == ["model.fc1.output#0"]
    assert dump.notes == [
        "left aside as they have neither numbers nor statistics: 1",
        "left aside as they are no tensors of a forward pass: 1",
    ]


def test_what_is_not_finite(written):
    data = {NAME: {"output": [{**TENSOR, "Max": float("nan"), "Mean": "nan", "Norm": float("inf")}]}}
    figures = evidence(written(data))["model.fc1.output#0"].figures
    assert np.isnan([figures["max"], figures["mean"]]).all()
    assert figures["norm"] == np.inf


def test_names_are_written_out(written):
    data = {"Module.a\x1b[31m.Linear.forward.0": {"output": [TENSOR]}}
    assert list(evidence(written(data))) == ["a\\x1b[31m.output#0"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (None, "data is not as msprobe writes it"),
        ([], "data is not as msprobe writes it"),
        ({}, "has no tensors of a forward pass"),
        ({NAME: [TENSOR]}, "forward.0 is not as msprobe writes it"),
        ({NAME: {"output": [{**TENSOR, "shape": [-1]}]}}, "output.0 is not as msprobe writes it"),
        ({NAME: {"output": [{**TENSOR, "shape": [1] * 65}]}}, "output.0 is not as msprobe writes it"),
        ({NAME: {"output": [{**TENSOR, "shape": [1 << 63]}]}}, "output.0 is not as msprobe writes it"),
        ({NAME: {"output": [{**TENSOR, "shape": "[1]"}]}}, "output.0 is not as msprobe writes it"),
    ],
)
def test_entries_that_are_otherwise(written, data, told):
    with pytest.raises(InputError, match=told):
        assert written(data).entries


@pytest.mark.parametrize("depth", [100, 10**5])
def test_lists_in_lists_without_end(tmp_path, depth):
    text = json.dumps(stated({NAME: {"output": "HERE"}})).replace('"HERE"', "[" * depth + "]" * depth)
    (tmp_path / "dump.json").write_text(text)
    with pytest.raises(InputError, match=r"dump\.json: (is no JSON|Module.*is not as msprobe writes it)"):
        assert open_dump(tmp_path).entries


def test_shapes_that_nobody_could_have(written):
    found = evidence(written({NAME: {"output": [{**TENSOR, "shape": [10**9, 10**9]}]}}))
    assert found["model.fc1.output#0"].shape == (10**9, 10**9)


def test_a_directory_without_a_dump(tmp_path):
    with pytest.raises(
        InputError, match=r"has no dump\.json, nor has a directory step\*/rank\* or step\*/proc\* in it"
    ):
        assert open_dump(tmp_path, "msprobe").entries


def test_damaged_entries(written):
    whole = json.loads((SAMPLES / "statistics_mix/step0/rank0/dump.json").read_text())
    construct = json.loads((SAMPLES / "statistics_mix/step0/rank0/construct.json").read_text())
    for broken in damaged(whole, 5, 60):
        refusal = refused(written(broken.get("data"), construct=construct, dump_data_dir=broken.get("dump_data_dir")))
        assert refusal is None or "dump.json: " in refusal or "has no tensors" in refusal
    for broken in damaged(construct, 6, 20):
        assert refused(written(whole["data"], construct=broken)) is None
