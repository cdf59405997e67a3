"""State dicts that torch has written, and the one among the things that a training script saves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tracer.checkpoints.state_dict import state_dict
from tracer.checkpoints.stored import Contiguous, DType, Stored
from tracer.checkpoints.torch_tensor import TorchTensor
from tracer.decisions import Decisions
from tracer.errors import InputError
from tracer.tensor import Array

from ..conftest import FIXTURES
from .torch_files import ask, saved, tensor, text, write

FILES = FIXTURES / "torch_files"
ROW = np.arange(24.0)
TABLE = ROW.reshape(4, 6)
VIEWS = {
    "plain": TABLE,
    "turned": TABLE.T,
    "cube": ROW.reshape(2, 3, 4).transpose(2, 0, 1),
    "later": ROW[12:],
    "strided": ROW[1::5],
    "columns": TABLE[:, 2:4],
    "repeated": np.broadcast_to(ROW[:3], (4, 3)),
    "turned_half": TABLE.T,
    "parameter": np.arange(6.0).reshape(3, 2),
    "scalar": np.array(2.5),
    "empty": np.zeros((0, 4)),
}
NET = ["first.weight", "first.bias", "second.weight", "norm.weight", "norm.bias"]
NET += ["norm.running_mean", "norm.running_var", "norm.num_batches_tracked"]
KINDS = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "bool": "BOOL", "uint8": "U8"}
KINDS |= {f"int{size}": f"I{size}" for size in (8, 16, 32, 64)}


def found(path: Path) -> dict[str, Stored]:
    return dict(state_dict(path, Decisions()))


def numbers(stored: Stored, dtype: DType = np.float64, each: int = 7) -> Array:
    """All the numbers of a tensor, read a few at a time."""
    row = np.zeros(stored.size, dtype)
    for first in range(0, stored.size, each):
        stored.read_into(row[first : first + each], first)
    return row.reshape(stored.shape)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_type_is_read(dtype: DType) -> None:
    types = found(FILES / "types.pt")
    assert {name: stored.dtype for name, stored in types.items()} == KINDS
    for name, stored in types.items():
        expected = np.arange(12).reshape(3, 4)
        np.testing.assert_array_equal(numbers(stored, dtype), expected.astype(bool) if name == "bool" else expected)
        assert (stored.is_float, stored.bytes) == ("float" in name, 12 * stored.kind.itemsize)  # type: ignore[attr-defined]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_views_are_read_from_any_number_on(dtype: DType) -> None:
    views = found(FILES / "views.pt")
    assert views.keys() == VIEWS.keys()
    for name, expected in VIEWS.items():
        for each in (1, 5, 100):
            np.testing.assert_array_equal(numbers(views[name], dtype, each), expected)


def test_what_lies_in_order_is_read_as_it_lies_whatever_storage_it_shares() -> None:
    views = found(FILES / "views.pt")
    plain = {name for name, stored in views.items() if isinstance(stored, Contiguous)}
    assert plain == {"plain", "later", "parameter", "scalar", "empty"}
    np.testing.assert_array_equal(views["later"].map(np.float32), ROW[12:])
    assert views["turned"].map(np.float32) is None
    assert views["plain"].map(np.float64) is None


def test_a_module_is_read_with_its_metadata_aside() -> None:
    state = found(FILES / "state.pt")
    assert list(state) == NET
    np.testing.assert_array_equal(numbers(state["first.weight"]), np.arange(16.0).reshape(4, 4))
    assert state["norm.num_batches_tracked"].shape == ()


def test_tensors_at_one_place_are_the_same_without_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    state = found(FILES / "state.pt")
    monkeypatch.setattr(Contiguous, "_agrees", None)
    assert state["first.weight"].holds_the_same_as(state["second.weight"])


def test_the_model_is_taken_from_what_a_script_saves_and_that_is_said() -> None:
    decisions = Decisions()
    state = state_dict(FILES / "training.pt", decisions)
    assert list(state) == [f"module._orig_mod.{name}" for name in NET]
    assert [(str(d.what), d.odd) for d in decisions] == [("only model of training.pt is read", True)]


def test_the_only_dictionary_of_tensors_is_taken_whatever_its_name(tmp_path: Path) -> None:
    program = b"}(" + text("best") + b"}" + text("inner") + b"}" + text("w") + tensor() + b"ss" + text("n") + b"K\1u"
    decisions = Decisions()
    assert list(state_dict(write(tmp_path / "x.pt", program), decisions)) == ["w"]
    assert [str(d.what) for d in decisions] == ["only best.inner of x.pt is read"]


def test_what_stands_beside_tensors_is_said_and_not_read(tmp_path: Path) -> None:
    others = b"".join(text(key) + b"K\1" for key in ("a", "b\n", "c", "d"))
    decisions = Decisions()
    assert list(state_dict(write(tmp_path / "x.pt", b"}(" + text("w") + tensor() + others + b"u"), decisions)) == ["w"]
    assert [str(d.what) for d in decisions] == [r"what x.pt has beside tensors is not read: a, b\n, c, …"]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            "whole",
            r"is a whole model, pickled \(it asks for __main__\.Net\).*: torch\.save\(model\.state_dict",
        ),
        ("quantised", r"holds quantised tensors \(torch\._utils\._rebuild_qtensor\).*as F32, F16 or BF16"),
        ("sparse", r"holds sparse tensors \(torch\._utils\._rebuild_sparse_tensor\).*to_dense"),
        ("meta", r"holds tensors without numbers \(torch\._utils\._rebuild_meta_tensor_no_storage\)"),
        ("float8", "tensor weight: type F8_E4M3 is not supported; known are F64, F32"),
        ("several", "holds several dictionaries of tensors: generator, critic; save only the model"),
        ("listed", r"holds no tensors by name; save model\.state_dict\(\) with torch\.save"),
    ],
)
def test_what_is_no_state_dict_is_refused_by_what_it_is(file: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        found(FILES / f"{file}.pt")
    assert str(caught.value).startswith(f"{FILES / file}.pt: ")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("bitsandbytes.nn.modules.Params4bit", "holds quantised tensors"),
        ("torch.QInt8Storage", "holds quantised tensors"),
        ("torch.quint4x2", "holds quantised tensors"),
        ("torch.nn.modules.linear.Linear", "is a whole model"),
        ("transformers.models.marian.modeling_marian.MarianMTModel", "is a whole model"),
        ("transformers.models.bert.modeling_bert.BertForPreTraining", "is a whole model"),
        ("__torch__.Net", "is a whole model"),
        ("torch._utils._rebuild_wrapper_subclass", "asks for torch._utils._rebuild_wrapper_subclass"),
        ("argparse.Namespace", "asks for argparse.Namespace"),
    ],
)
def test_what_a_file_asks_for_says_what_it_is(tmp_path: Path, asked: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        found(write(tmp_path / "x.pt", ask(asked)))


def test_packed_and_foreign_numbers_are_read_too(tmp_path: Path) -> None:
    arrays = {"a": np.arange(40, dtype="f4").reshape(5, 8), "b": np.arange(9, dtype="f2")}
    for members in ({"packed": b"yes"}, {"byteorder": b"little"}, {}):
        state = found(saved(tmp_path / "x.pt", arrays, **members))
        assert all(isinstance(stored, TorchTensor) == ("packed" in members) for stored in state.values())
        for _twice in range(2):
            for name, array in arrays.items():
                np.testing.assert_array_equal(numbers(state[name]), array)
    swapped = {name: array.astype(array.dtype.newbyteorder(">")) for name, array in arrays.items()}
    state = found(saved(tmp_path / "x.pt", swapped, byteorder=b"big"))
    np.testing.assert_array_equal(numbers(state["a"], np.float32), arrays["a"])


def test_what_is_packed_is_of_limited_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.checkpoints.archive.LARGEST_UNPACKED", 100)
    state = found(saved(tmp_path / "x.pt", {"a": np.zeros(1000, "f4")}, packed=b"yes"))
    with pytest.raises(InputError, match="made/data/0 is packed and has more than 100 bytes; write the file again"):
        numbers(state["a"])


def test_a_file_that_became_shorter_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.pt", {"a": np.zeros((4, 9), "f4")})
    turned = write(tmp_path / "y.pt", b"}" + text("a") + tensor((3, 2), (1, 3)) + b"s")
    for file in (path, turned):
        (stored,) = found(file).values()
        file.write_bytes(file.read_bytes()[:50])
        with pytest.raises(InputError, match=r"has become shorter|can't be read"):
            numbers(stored)
