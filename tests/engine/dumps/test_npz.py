"""Archives of arrays against NumPy's own, and such as hold what is no array of numbers."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tracer.dumps.opening import open_dump

from .samples import DUMPS, opened, read, refused, rezipped

KINDS = [
    "<f8",
    ">f8",
    "<f4",
    ">f4",
    "<f2",
    *(f"{order}{kind}{n}" for order in "<>" for kind in "iu" for n in (2, 4, 8)),
]
KINDS += ["|i1", "|u1", "|b1"]
TABLE = np.arange(12.0).reshape(3, 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.npz"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_of_every_type_are_those_that_were_saved(path: Path, save: Callable[..., None]) -> None:
    arrays = {kind: TABLE.astype(kind) for kind in KINDS}
    save(path, **arrays)
    found = opened(path)
    assert list(found) == KINDS
    for kind, expected in arrays.items():
        array = read(found[kind])
        assert (array.dtype, found[kind].evidence.shape) == (expected.dtype.newbyteorder("="), (3, 4))
        np.testing.assert_array_equal(array, expected)


def test_types_are_called_as_safetensors_calls_them(path: Path) -> None:
    np.savez(path, **{kind: np.zeros(2, kind) for kind in ("<f8", ">f4", "<f2", ">i2", "|u1", "|b1")})
    assert [entry.evidence.dtype for entry in opened(path).values()] == ["F64", "F32", "F16", "I16", "U8", "BOOL"]


@pytest.mark.parametrize("array", [TABLE.T, np.asfortranarray(TABLE), np.array(2.5), np.zeros((0, 4)), TABLE[::2, 1:]])
def test_any_layout_is_read(path: Path, array: Any) -> None:
    np.savez(path, x=array)
    np.testing.assert_array_equal(read(opened(path)["x"]), array)


def test_bf16_is_read_under_the_name_that_numpy_has_for_it(path: Path) -> None:
    np.savez(path, x=np.array([1.5, -2.25], ml_dtypes.bfloat16), y=np.zeros(2))
    dump = open_dump(path)
    assert [entry.evidence.dtype for entry in dump.entries] == ["BF16", "F64"]
    assert read(dump.entries[0]).tolist() == [1.5, -2.25]
    assert dump.notes == ["taken for bf16, which NumPy calls V2: x"]


def test_names_are_those_of_the_file(path: Path) -> None:
    np.savez(path, TABLE, **{"model.layers.0.mlp": TABLE, "a/b": TABLE})
    assert list(opened(path)) == ["model.layers.0.mlp", "a/b", "arr_0"]


def test_other_members_are_left_aside(path: Path) -> None:
    np.savez(path, x=TABLE)
    with zipfile.ZipFile(path, "a") as file:
        for name in "abcd":
            file.writestr(f"{name}.txt", b"")
    dump = open_dump(path)
    assert [entry.name for entry in dump.entries] == ["x"]
    assert dump.notes == ["left aside, since they are no .npy files: a.txt, b.txt, c.txt, …"]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([{}], object), "x: holds objects, which are pickles and not opened; expected real numbers"),
        (np.array([1j]), "x: holds complex numbers"),
        (np.array(["text"]), "x: holds text"),
        (np.array([b"text"]), "x: holds text"),
        (np.zeros(2, [("a", "f4"), ("b", "i4")]), "x: holds records of several fields"),
        (np.zeros(2, "M8[s]"), r"x: holds '<M8\[s\]'"),
        (np.zeros(2, "V3"), r"x: holds '\|V3'"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused_by_its_name(path: Path, array: Any, message: str) -> None:
    np.savez(path, first=TABLE, x=array)
    refused(path, message)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"(3, 4)", b"(3, 5)", r"x: \[3, 5\] needs 120 bytes, and the file holds 96 there; is it truncated"),
        (b"(3, 4)", b"(3, 3)", r"x: \[3, 3\] needs 72 bytes, and the file holds 96 there"),
        (b"(3, 4)", b"(-3,4)", "x: its header is broken"),
        (b"(3, 4)", b"[3, 4]", "x: its header is broken"),
        (b"(3, 4), }" + b" " * 13, b"(3, 4000000000000000)}", "x: .* needs"),
        (b"(3, 4), }" + b" " * 15, b"(0, 9" + b"0" * 16 + b"}", "x: its header is broken"),
        (b"False", b"Maybe", "x: its header is broken"),
        (b"descr", b"other", "x: its header is broken"),
        (b"\x93NUMPY", b"\x94NUMPY", "x: is no .npy file"),
        (b"NUMPY\1", b"NUMPY\4", "x: is no .npy file"),
        (b"\1\0\x76\0", b"\1\0\xff\xff", "x: its header is cut short, or too long"),
    ],
)
def test_a_header_that_lies_is_refused(path: Path, old: bytes, new: bytes, message: str) -> None:
    np.savez(path, x=TABLE)
    rezipped(path, lambda name, data: (name, data.replace(old, new)))
    refused(path, message)


def test_shapes_that_no_array_can_have_are_refused(path: Path) -> None:
    np.savez(path, x=np.zeros((0, 1)))
    shape = b"(0, 999999999999999999, 999999999999999999), }"
    rezipped(path, lambda name, data: (name, data.replace(b"(0, 1), }".ljust(len(shape)), shape)))
    refused(path, "x: its header is broken")


def test_numbers_that_were_changed_are_refused(path: Path) -> None:
    np.savez(path, x=TABLE)
    path.write_bytes(path.read_bytes().replace(np.float64(7).tobytes(), np.float64(8).tobytes()))
    refused(path, "x.npy is broken: its bytes are not what the directory says")


def test_headers_as_other_programs_write_them_are_read(path: Path) -> None:
    """In another order, with other quotes, or with the long integers of old."""
    np.savez(path, x=TABLE)
    header = b'{"shape": (3L, 4L,), "fortran_order": False, "descr": "<f8"}'.ljust(117) + b"\n"
    rezipped(path, lambda name, data: (name, data[:10] + header + data[128:]))
    np.testing.assert_array_equal(read(opened(path)["x"]), TABLE)


def test_the_samples_hold_the_same() -> None:
    plain, deflated = opened(DUMPS / "npz" / "plain.npz"), opened(DUMPS / "npz" / "deflated.npz")
    assert plain.keys() == deflated.keys()
    for name, entry in plain.items():
        np.testing.assert_array_equal(read(entry), read(deflated[name]))


def test_other_archives_are_not_taken_for_it(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme.txt", b"")
    refused(path, "is no dump of a known format")
