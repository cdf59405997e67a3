"""The reader against the `safetensors` library, and against files that lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import SafetensorError, deserialize, safe_open
from safetensors.numpy import save, save_file

from tracer.checkpoints.safetensors import SafetensorsFile
from tracer.checkpoints.stored import DTYPES
from tracer.errors import InputError

VALUES = {
    "F64": np.array([[1.5, -2.25, 1e300], [0.0, -0.0, np.inf]]),
    "F32": np.array([1.5, -2.25, 3e38], np.float32),
    "F16": np.array([[0.5], [-65504.0], [6e-8]], np.float16),
    "I64": np.array([1 << 40, -3]),
    "I32": np.array([1 << 30, -3], np.int32),
    "I16": np.array([1 << 14, -3], np.int16),
    "I8": np.array([127, -128], np.int8),
    "U64": np.array([1 << 63, 3], np.uint64),
    "U32": np.array([1 << 31, 3], np.uint32),
    "U16": np.array([1 << 15, 3], np.uint16),
    "U8": np.array([0, 255], np.uint8),
    "BOOL": np.array([[True, False]]),
}
HEADER = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def write(path: Path, header: Any, data: bytes = bytes(8), length: int | None = None) -> Path:
    """A file with any header, true or not; text is written as it is."""
    text = header.encode() if isinstance(header, str) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return path


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tensors_are_those_that_the_library_reads(path: Path, kind: str, dtype: Any) -> None:
    save_file({"before": np.zeros(3, np.float16), "x": VALUES[kind]}, path, {"format": "np"})
    file = SafetensorsFile(path)
    with safe_open(path, "np") as reference, np.errstate(over="ignore"):
        expected = reference.get_tensor("x").astype(dtype)
        found = file.read("x", dtype)
    assert file.entries["x"].dtype == kind
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)


def test_bfloat16_is_the_upper_half_of_float32(path: Path) -> None:
    write(path, {"x": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}, b"\x80\x3f\x20\xc0\x80\x7f")
    assert SafetensorsFile(path).read("x", np.float32).tolist() == [1.0, -2.5, np.inf]


def test_every_type_is_tested() -> None:
    assert VALUES.keys() | {"BF16"} == DTYPES.keys()


def test_tensors_of_no_axis_and_of_no_element(path: Path) -> None:
    save_file({"scalar": np.array(3.5), "nothing": np.zeros((0, 4))}, path)
    file = SafetensorsFile(path)
    assert file.read("scalar", np.float64) == 3.5
    assert file.read("nothing", np.float64).shape == (0, 4)


def test_random_files_are_read_as_the_library_does(path: Path) -> None:
    random = np.random.default_rng(0)
    tensors = {}
    for i in range(40):
        shape = tuple(random.integers(0, 4, random.integers(0, 4)))
        tensors[f"layer.{i}"] = random.normal(size=shape).astype(random.choice(["f2", "f4", "f8"]))
    path.write_bytes(save(tensors))
    file = SafetensorsFile(path)
    assert file.entries.keys() == tensors.keys()
    for name, expected in tensors.items():
        np.testing.assert_array_equal(file.read(name, np.float64), expected.astype(np.float64))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x01", "1 bytes"),
        (b"\x10" + bytes(7), "is cut short"),
        (b"\xff" * 8, "is cut short"),
        (b"\x02" + bytes(7) + b"[]", "no JSON object"),
        (b"\x02" + bytes(7) + b"\xff\xfe", "no JSON; is it a safetensors file"),
        (b"\x03" + bytes(7) + b"{'a", "no JSON"),
        (b"\x10" + bytes(7) + b'{"a":', "is cut short"),
        (b"version https://git-lfs.github.com/spec/v1", "is a pointer of Git LFS"),
        (b'{"input_ids": [1, 2]}', "is text in place of numbers"),
        (b"\x93NUMPY\x01\x00v\x00{'descr'", "is no safetensors file"),
    ],
)
def test_what_is_no_safetensors_file_is_refused(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    refused(path, message)


@pytest.mark.parametrize("length", [0, 1, 10_000, 1 << 40, (1 << 64) - 1])
def test_a_header_of_another_length_than_it_says_is_refused(path: Path, length: int) -> None:
    refused(write(path, HEADER, length=length), "header|is cut short")


def test_a_header_nested_too_deep_is_refused(path: Path) -> None:
    refused(write(path, "[" * 200_000), "header")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dtype": "F8_E5M2"}, "tensor a: type F8_E5M2 is not supported; known are F64, F32"),
        ({"dtype": ["F32"]}, "tensor a"),
        ({"dtype": {}}, "tensor a"),
        ({"dtype": None}, "tensor a"),
        ({"shape": [3]}, r"tensor a: \[3\] needs 12 bytes, and the file holds 8 there"),
        ({"shape": [-2]}, "tensor a: its entry in the header is broken"),
        ({"shape": [2.0]}, "tensor a: its entry"),
        ({"shape": "ab"}, "tensor a: its entry"),
        ({"shape": 2}, "tensor a: its entry"),
        ({"shape": [1 << 62, 1 << 62]}, "tensor a: .* needs"),
        ({"shape": [0, 1 << 62, 1 << 62], "data_offsets": [0, 0]}, "tensor a: its entry in the header is broken"),
        ({"shape": [2, *[1] * 64]}, "tensor a: its entry in the header is broken"),
        ({"data_offsets": [0, 9]}, "tensor a"),
        ({"data_offsets": [0]}, "tensor a: its entry"),
        ({"data_offsets": [8, 0]}, "tensor a: .* needs 8 bytes"),
        ({"data_offsets": [4, 12]}, "tensor a: .* needs 8 bytes, and the file holds 4 there; is it truncated"),
        ({"data_offsets": [-8, 0]}, "tensor a: its entry"),
        ({"data_offsets": [1 << 70, (1 << 70) + 8]}, "tensor a: .* needs 8 bytes, and the file holds 0"),
        ({"data_offsets": None}, "tensor a: its entry"),
    ],
)
def test_an_entry_that_lies_is_refused(path: Path, change: dict[str, Any], message: str) -> None:
    refused(write(path, {"a": HEADER["a"] | change}), message)


@pytest.mark.parametrize("entry", [None, 3, [], "F32", {}, {"dtype": "F32"}])
def test_an_entry_that_is_none_is_refused(path: Path, entry: Any) -> None:
    refused(write(path, {"a": entry}), "tensor a: its entry in the header is broken")


def test_tensors_that_overlap_are_refused(path: Path) -> None:
    b = {"dtype": "F16", "shape": [2], "data_offsets": [4, 8]}
    refused(write(path, HEADER | {"b": b}), "tensors a and b overlap")


@pytest.mark.parametrize(
    ("offsets", "size", "message"),
    [
        ([(0, 4), (8, 12)], 12, "has bytes that are no tensor's, 4 of them before b; is its header that of another"),
        ([(4, 8)], 8, "4 of them before a"),
        ([(0, 4)], 5, "has bytes that are no tensor's, 1 of them at its end"),
        ([], 3, "3 of them at its end"),
        ([(0, 4), (0, 4)], 4, "tensors a and b overlap"),
        ([(0, 4), (2, 2)], 4, "tensors a and b overlap"),
        ([(0, 4), (0, 0), (4, 4)], 4, None),
        ([], 0, None),
    ],
)
def test_the_tensors_cover_the_data_as_the_library_insists(
    path: Path, offsets: list[tuple[int, int]], size: int, message: str | None
) -> None:
    header = {
        name: {"dtype": "F16", "shape": [(stop - start) // 2], "data_offsets": [start, stop]}
        for name, (start, stop) in zip("abc", offsets, strict=False)
    }
    write(path, header, bytes(size))
    if message is None:
        assert deserialize(path.read_bytes()) is not None
        assert SafetensorsFile(path).entries.keys() == header.keys()
        return
    with pytest.raises(SafetensorError):
        deserialize(path.read_bytes())
    refused(path, message)


def test_a_file_cut_short_anywhere_is_refused(path: Path) -> None:
    whole = save({"a": np.arange(6.0), "b": np.arange(4, dtype=np.float32)})
    for length in range(1, len(whole)):
        path.write_bytes(whole[:length])
        refused(path, "is cut short|is it truncated")


def test_a_file_that_cannot_be_read_is_refused(path: Path) -> None:
    refused(path, "No such file")
    path.mkdir()
    refused(path, "expected a regular file")


def refused(path: Path, message: str) -> None:
    """One sentence, with the file in it."""
    with pytest.raises(InputError, match=message) as caught:
        SafetensorsFile(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
