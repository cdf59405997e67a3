"""torch's files, written by torch and by hand; nothing that they ask for is run."""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import zipfile
from collections import OrderedDict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracer.checkpoints import pickled
from tracer.checkpoints.torch_tensor import MOST_REPEATED, TorchTensor
from tracer.checkpoints.torch_zip import TorchZip
from tracer.errors import InputError

from ..conftest import FIXTURES
from .torch_files import ask, storage, tensor, text, write

TORCH, REFUSED = FIXTURES / "dumps" / "torch", FIXTURES / "refused"
KINDS = {
    "float64": ("F64", "f8"),
    "float32": ("F32", "f4"),
    "float16": ("F16", "f2"),
    "bfloat16": ("BF16", "f4"),
    "int64": ("I64", "i8"),
    "int32": ("I32", "i4"),
    "int16": ("I16", "i2"),
    "int8": ("I8", "i1"),
    "uint64": ("U64", "u8"),
    "uint32": ("U32", "u4"),
    "uint16": ("U16", "u2"),
    "uint8": ("U8", "u1"),
    "bool": ("BOOL", "?"),
}
ROW = np.arange(12.0)
TABLE = ROW.reshape(3, 4)
VIEWS = {
    "turned": TABLE.T,
    "row": TABLE[1],
    "strided": ROW[1::3],
    "repeated": np.broadcast_to(TABLE[:1], (5, 4)),
    "parameter": TABLE,
    "tagged_parameter": TABLE,
    "tagged": TABLE,
    "scalar": np.array(2.5),
    "empty": np.zeros((0, 4)),
}


@pytest.mark.parametrize("file", ["types.pt", "protocol5.pt"])
def test_every_type_is_read_as_it_was_saved(file: str) -> None:
    types = TorchZip(TORCH / file).tree["types"]
    assert types.keys() == KINDS.keys()
    for name, (dtype, kind) in KINDS.items():
        found = types[name].read()
        assert (types[name].dtype, found.dtype) == (dtype, np.dtype(kind))
        np.testing.assert_array_equal(found, TABLE.astype(kind))


@pytest.mark.parametrize("file", ["types.pt", "protocol5.pt"])
def test_views_are_read_as_torch_sees_them(file: str) -> None:
    views = TorchZip(TORCH / file).tree["views"]
    assert views.keys() == VIEWS.keys()
    for name, expected in VIEWS.items():
        assert views[name].shape == expected.shape
        np.testing.assert_array_equal(views[name].read(), expected)


def test_what_is_no_tensor_is_read_too() -> None:
    tree = TorchZip(TORCH / "types.pt").tree
    assert tree["others"][:7] == [1, -5, 1 << 40, 2.5, None, True, "é"]
    assert tree["others"][8:] == ["cpu", (3,)]
    assert [*tree["grown"]] == ["h"]


def test_outputs_of_transformers_are_what_they_hold() -> None:
    """With their cache: the class is not opened, and no attribute of it is needed."""
    tree = TorchZip(TORCH / "output.pt").tree
    assert [len(tree["hidden_states"]), len(tree["attentions"])] == [3, 2]
    assert tree["logits"].shape == (1, 3, 50)
    (cache,) = [value for value in tree.values() if isinstance(value, dict)]
    assert [layer["keys"].shape for layer in cache["layers"]] == [(1, 2, 3, 4)] * 2


def test_a_tensor_shares_its_storage_and_is_read_alone() -> None:
    act = TorchZip(TORCH / "hooks.pt").tree["act"]
    assert act["plain"].storage.member == act["view_t"].storage.member
    one, other = act["plain"].read(), act["plain"].read()
    one[...] = 0
    assert other.any()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("refuse_me.pt", "asks for posix.system, which is not opened"),
        ("legacy.pt", r"is in the format that torch had before 1\.6, .*; convert it: torch\.save\(torch\.load\(file\)"),
    ],
)
def test_what_could_run_something_is_refused_by_name(file: str, message: str) -> None:
    refused(REFUSED / file, message)


def test_other_files_are_refused_by_what_they_are(path: Path) -> None:
    for content, message in {
        pickle.dumps({"a": 1}, 4): "is a plain pickle, .*; write its tensors with torch.save",
        b"GGUF\3\0\0\0": "is a GGUF file",
        b"": "is empty",
        b"version https://git-lfs.github.com/spec/v1": "Git LFS",
        b"noise" + bytes(300): "is no zip archive",
    }.items():
        path.write_bytes(content)
        refused(path, message)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("model/other.txt", b"")
    refused(path, "is a zip archive, and none that torch writes")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made.pt"


def tree(path: Path, program: bytes, **members: bytes) -> Any:
    return TorchZip(write(path, program, **members)).tree


def test_a_tensor_made_by_hand_is_read(path: Path) -> None:
    for members in ({}, {"byteorder": b"little"}, {"packed": b"yes"}):
        found = tree(path, tensor(), **members)
        assert found.read().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert tree(path, tensor((2,), (2,), 1, storage())).read().tolist() == [1, 3]


def test_numbers_of_the_other_order_of_bytes_are_read(path: Path) -> None:
    write(path, tensor(), struct.pack(">6f", *range(6)), byteorder=b"big")
    assert TorchZip(path).tree.read().tolist() == [[0, 1, 2], [3, 4, 5]]
    refused(write(path, tensor(), byteorder=b"middle"), "states no order of bytes that is known")


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (tensor((2, 4), (4, 1)), r"shape \[2, 4\] needs more numbers than the 6 of storage 0; is the file cut short"),
        (tensor(offset=1), r"needs more numbers than the 6"),
        (tensor((1 << 50,), (0,)), r"shape \[1125899906842624\] repeats the 6 numbers of storage 0 too often"),
        (tensor((MOST_REPEATED + 1,), (0,)), "repeats the 6 numbers"),
        (tensor((1 << 40, 1 << 40), (0, 0)), "whose shape is broken"),
        (tensor((0, 1 << 40, 1 << 40), (1, 1, 1)), "whose shape is broken"),
        (tensor((2, 3), (3,)), "whose shape is broken"),
        (tensor((-2, 3)), "whose shape is broken"),
        (tensor((2, 3), (-3, 1)), "whose shape is broken"),
        (tensor(offset=-1), "whose shape is broken"),
        (tensor((1,) * 65, (1,) * 65), "whose shape is broken"),
        (tensor(held=storage(count=7)), "storage 0 is missing, or shorter than it says"),
        (tensor(held=storage(count=-1)), "storage 0 is missing, or shorter"),
        (tensor(held=storage("torch.DoubleStorage")), "storage 0 is missing, or shorter"),
        (tensor(held=storage(key="1")), "storage 1 is missing"),
        (tensor(held=storage(key="../0\n")), r"storage \.\./0\\n is missing"),
        (tensor(held=storage("torch.Size")), "its pickle is broken"),
        (tensor(held=storage("torch.OtherStorage")), "asks for torch.OtherStorage, which is not opened"),
        (tensor(held=text("storage")), "calls torch._utils._rebuild_tensor_v2 in an unknown way"),
        (
            ask("torch._utils._rebuild_parameter") + b")R",
            "calls torch._utils._rebuild_parameter in an unknown way",
        ),
        (ask("torch.Tensor") + b")R", "calls torch.Tensor in an unknown way"),
        (ask("builtins.list") + b")R", "calls builtins.list in an unknown way"),
    ],
)
def test_a_tensor_that_is_no_view_of_its_storage_is_refused(path: Path, program: bytes, message: str) -> None:
    refused(write(path, program), message)


@pytest.mark.parametrize(
    "asked",
    [
        *("os.system", "builtins.eval", "builtins.getattr", "torch.load", "torch.nn.modules.linear.Linear"),
        *("transformers.", "transformers..os", "transformers.x.y z", "numpy.core.multiarray._reconstruct"),
        *("collections.OrderedDict.x", "torch._utils", "__main__.Model", "torch.storage._load_from_bytes"),
    ],
)
def test_any_other_name_is_refused_by_it(path: Path, asked: str) -> None:
    module, _dot, last = asked.rpartition(".")
    for program in (ask(asked), text(module) + text(last) + b"\x93"):
        refused(write(path, program), rf"asks for {asked}\)?, which is not opened; save (its )?tensors alone")


class Reduced:
    """Asks its pickle for a call, and for a state to be set."""

    def __init__(self, *reduced: Any) -> None:
        self.reduced = reduced

    def __reduce__(self) -> tuple[Any, ...]:
        return self.reduced


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "reduced",
    [
        (os.system, ("touch ran",)),
        (eval, ("open('ran', 'w')",)),
        (exec, ("open('ran', 'w')",)),
        (open, ("ran", "w")),
        (subprocess.Popen, (["touch", "ran"],)),
        (getattr, (OrderedDict, "__init__")),
        (OrderedDict, (), {"__setstate__": Reduced(os.system, ("touch ran",))}),
        (OrderedDict, ([["a", Reduced(os.system, ("touch ran",))]],)),
        (map, (os.system, ["touch ran"])),
        (partial, (os.system, "touch ran"), (os.system, ("touch ran",), {}, None)),
    ],
)
def test_nothing_that_a_pickle_asks_for_is_run(
    path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int, reduced: tuple[Any, ...]
) -> None:
    monkeypatch.chdir(path.parent)
    for hidden in (Reduced(*reduced), {"weight": Reduced(*reduced)}, [[(Reduced(*reduced),)]]):
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("made/data.pkl", pickle.dumps(hidden, protocol))
        refused(path, "asks for|opcode|in an unknown way|broken")
    assert os.listdir(path.parent) == [path.name]


def test_a_state_that_is_built_sets_nothing(path: Path) -> None:
    """Attributes of a dictionary are left out, whatever they are called."""
    state = b"}(" + text("__setstate__") + text("x") + text("__class__") + text("y") + text("_metadata") + b"Nu"
    assert tree(path, ask("collections.OrderedDict") + b")R" + state + b"b") == {}


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (b"", "its pickle is broken"),
        (b"0", "opcode 0x30, which is not opened"),
        (b"i", "opcode 0x69"),
        (b"h\0", "its pickle is broken"),
        (b"q\0", "its pickle is broken"),
        (b"t", "its pickle is broken"),
        (b"R", "its pickle is broken"),
        (b"NNR", "its pickle is broken"),
        (b"NNs", "its pickle is broken"),
        (b"}N]s}N]a", "its pickle is broken"),
        (b"})Ns", "its pickle is broken"),
        (b"}(Nu", "its pickle is broken"),
        (b"NNb", "its pickle is broken"),
        (b"NN\x93", "its pickle is broken"),
        (b"NQ", "its pickle is broken"),
        (b"]Q", "its pickle is broken"),
        (text("storage") + b"Q", "its pickle is broken"),
        (b")Q", "its pickle is broken"),
        (b"(" + text("storage") * 5 + b"tQ", "its pickle is broken"),
        (b"cos", "its pickle is broken"),
        (b"c" + b"a" * 300 + b"\nb\n", "its pickle is broken"),
        (text("transformers.models.a.modeling_a") + text("ForA" * 250_000) + b"\x93", "its pickle is broken"),
        (b"X\xff\xff\xff\xff", "its pickle is cut short"),
        (b"\x8d" + b"\x7f" * 8, "its pickle is cut short"),
        (b"\x8a\xff" + bytes(255), "an integer of 255 bytes"),
        (b"\x8b\xff\xff\xff\x7f", "opcode 0x8b"),
        (b"]q\0h\0a", "nested too deep, hold themselves, or are too many"),
        (b"}q\0Nh\0s", "nested too deep, hold themselves, or are too many"),
        (b"]" * 99 + b"a" * 98, "nested too deep, hold themselves, or are too many"),
        (b")" + b"\x85" * 999, "nested too deep, hold themselves, or are too many"),
        (b"]q\0" + b"](h\0h\0eq\0" * 50, "nested too deep, hold themselves, or are too many"),
    ],
)
def test_a_pickle_that_makes_no_sense_is_refused(path: Path, program: bytes, message: str) -> None:
    refused(write(path, program), message)


def test_a_pickle_with_no_end_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickled, "MOST_OPCODES", 1000)
    for opcode in (b"]", b"(", b"N"):
        refused(write(path, opcode * 2000), "its pickle has more than 1000 opcodes")
    monkeypatch.setattr("tracer.checkpoints.torch_zip.LONGEST_PICKLE", 1000)
    refused(write(path, b"N" * 2000), "its pickle has more than 1000 bytes")


def test_containers_that_are_shared_count_as_often_as_they_stand(path: Path) -> None:
    shared = b"]q\0(" + b"N" * 2000 + b"e](" + b"h\0" * 2000 + b"e"
    refused(write(path, shared), "are too many")


def test_a_type_that_can_not_be_read_is_told(path: Path) -> None:
    found = tree(path, tensor((3,), (1,), held=storage("torch.ComplexFloatStorage", count=3)))
    assert isinstance(found, TorchTensor)
    assert found.dtype == "C64"


def refused(path: Path, message: str) -> None:
    """One sentence, with the file in it."""
    with pytest.raises(InputError, match=message) as caught:
        TorchZip(path).tree  # noqa: B018
    assert str(caught.value).startswith(str(path))
    assert str(caught.value).isprintable()
