"""The container: what it states is read as it is, and what it can't be is refused in one sentence."""

from __future__ import annotations

import os
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracer.checkpoints.gguf.container import DEEPEST, GgufFile
from tracer.errors import InputError

from .files import Raw, gguf, header, keys, text, write

VALUES: dict[str, Any] = {
    "u8": np.uint8(200),
    "i8": np.int8(-100),
    "u16": np.uint16(60000),
    "i16": np.int16(-30000),
    "u32": np.uint32(4_000_000_000),
    "i32": np.int32(-2_000_000_000),
    "f32": np.float32(0.1),
    "bool": True,
    "u64": np.uint64(1 << 63),
    "i64": np.int64(-(1 << 62)),
    "f64": 0.1,
    "text": "我爱你",
    "numbers": np.array([1, -2, 3], np.int16),
    "texts": ["a", "", "▁the"],
    "nested": [[["a"], ["b", "c"]], []],
    "empty": np.zeros(0, np.float32),
}
WEIGHT = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


def refused(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        _ = dict(GgufFile(path).metadata)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("version", [2, 3])
def test_values_are_read_as_they_stand(path: Path, version: int) -> None:
    found = GgufFile(write(path, VALUES, version=version)).metadata
    assert found.keys() == VALUES.keys()
    for key, value in VALUES.items():
        expected = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        read = found[key].tolist() if isinstance(found[key], np.ndarray) else found[key]
        assert read == (0.1 if key == "f32" else expected), key


def test_a_number_in_single_precision_is_the_decimal_that_was_meant(path: Path) -> None:
    assert GgufFile(write(path, {"eps": np.float32(1e-5)})).metadata["eps"] == 1e-5


def test_tensors_lie_where_they_are_said_to(path: Path) -> None:
    file = GgufFile(write(path, {}, {"a": WEIGHT, "b": WEIGHT.astype(np.float16), "scalar": np.array(3.5)}))
    assert [info[:3] for info in file.infos.values()] == [
        ("a", (2, 3), "F32"),
        ("b", (2, 3), "F16"),
        ("scalar", (), "F64"),
    ]
    info = file.infos["b"]
    assert np.frombuffer(file.file.read(info.start, 12), "<f2").tolist() == [0, 1, 2, 3, 4, 5]
    assert info.start % 32 == 0
    assert info.stop == info.start + 12


@pytest.mark.parametrize("alignment", [8, 64, 4096])
def test_data_are_aligned_as_is_stated(path: Path, alignment: int) -> None:
    file = GgufFile(write(path, {"general.alignment": alignment}, {"a": WEIGHT, "b": WEIGHT}, alignment=alignment))
    assert file.infos["b"].start == file.infos["a"].start + -(-24 // alignment) * alignment


def test_a_long_vocabulary_is_walked_past_and_read_when_asked_for(path: Path) -> None:
    write(path, {"tokens": [f"token {i}" for i in range(150_000)], "last": 1})
    start = time.perf_counter()
    file = GgufFile(path)
    assert time.perf_counter() - start < 1, "a hundredth of a second a thousand pieces would be slow"
    assert file.metadata["last"] == 1
    assert file.metadata["tokens"][149_999] == "token 149999"


WHOLE = gguf(VALUES, {"a": WEIGHT, "b": WEIGHT})


def test_a_value_larger_than_any_is_not_read(path: Path) -> None:
    """The file has holes, so that it is small on disk."""
    content = header((0, 1)) + text("k") + struct.pack("<IIQ", 9, 0, 1 << 40)
    path.write_bytes(content)
    os.truncate(path, len(content) + (1 << 40) + 32)
    metadata = GgufFile(path).metadata
    with pytest.raises(InputError, match=r"the value of k has 1099511627788 bytes; expected 268435456 at most"):
        metadata["k"]


@pytest.mark.parametrize("length", [1, 3, 4, 7, 8, 12, 23, 24, 30, *range(40, len(WHOLE) - 32, 37)])
def test_a_file_cut_short_anywhere_is_refused(path: Path, length: int) -> None:
    refused(path, WHOLE[:length], r"is cut short|is it truncated|is no GGUF")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"GGML" + bytes(40), "is no GGUF file"),
        (b"lmgg" + bytes(40), "is a GGML file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146", "is a pointer of Git LFS"),
        (b"<!DOCTYPE html>", "is a web page in place of the file"),
        (header((0, 0), version=1), "is GGUF of version 1, which can't be read; expected version 2 or 3"),
        (header((0, 0), version=4), "is GGUF of version 4"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "is big-endian GGUF"),
        (header((1 << 62, 0)) + bytes(99), "says that it has 4611686018427387904 tensors"),
        (header((0, (1 << 64) - 1)) + bytes(99), "says that it has 18446744073709551615 keys"),
        (header((0, 60_000)) + bytes(99), "is cut short"),
        (header((0, 1)) + struct.pack("<Q", 1 << 60) + bytes(99), "a name in its header is 1152921504606846976 bytes"),
        (header((0, 1)) + text(b"\xff\xfe") + bytes(99), "a name in its header is no text in UTF-8"),
        (header((0, 1)) + text("key") + struct.pack("<I", 13) + bytes(99), "unknown type .13"),
        (header((0, 1)) + text("key") + struct.pack("<IQ", 8, 1 << 63), "is cut short"),
        (gguf({"a": (9, struct.pack("<IQ", 5, 1 << 61))}), "is cut short"),
        (gguf({"a": (9, struct.pack("<IQ", 8, 1 << 61))}), "says that it has 2305843009213693952 texts"),
        (gguf({"a": (9, struct.pack("<IQ", 8, 1 << 20))}), "is cut short"),
        (gguf({"a": (9, struct.pack("<IQ", 9, 1 << 40))}), "says that it has 1099511627776 arrays"),
        (gguf({"a": (9, struct.pack("<IQ", 9, 1) * 100_000)}), f"arrays within arrays, more than {DEEPEST} deep"),
        (header((0, 2)) + keys({"a": 1}) * 2 + bytes(99), "its header has a twice"),
        (gguf({"text": b"\xff\xfe"}), "text is no text in UTF-8"),
        (gguf({"texts": [b"a", b"\xc3"]}), "texts is no text in UTF-8"),
        (gguf({"general.alignment": 0}), "general.alignment is 0; expected a power of two"),
        (gguf({"general.alignment": 24}), "general.alignment is 24"),
        (gguf({"general.alignment": "32"}), "general.alignment is '32'"),
        (gguf({"general.alignment": 1 << 31}), "general.alignment is 2147483648"),
    ],
)
def test_a_header_that_can_not_be_is_refused(path: Path, content: bytes, message: str) -> None:
    refused(path, content, message)


def tensors(*stated: Raw) -> bytes:
    return gguf({}, {f"t{i}": tensor for i, tensor in enumerate(stated)})


DATA = bytes(96)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (tensors(Raw((2, 3), 0, DATA, 1 << 62)), "tensor t0: its entry in the header is broken"),
        (tensors(Raw((2, 3), 0, DATA, 96)), "tensor t0: .2, 3. needs 24 bytes, and the file holds 0 there"),
        (tensors(Raw((2, 3), 0, DATA, 1 << 20)), "t0: .* needs 24 bytes, and the file holds 0 there; is it truncated"),
        (tensors(Raw((2, 3), 0, DATA, 8)), "tensor t0: its data begin at 8, which is no multiple of 32"),
        (tensors(Raw((12,), 0, DATA), Raw((12,), 0, DATA, 32)), "tensors t0 and t1 overlap"),
        (tensors(Raw((1 << 40, 1 << 40), 0, DATA)), "its entry in the header is broken"),
        (tensors(Raw((1 << 33,), 0, DATA)), "needs 34359738368 bytes, and the file holds 96 there; is it truncated"),
        (tensors(Raw((1,) * 5, 0, DATA)), "its entry in the header is broken"),
        (tensors(Raw((31,), 2, DATA)), "its rows of 31 can't be cut into blocks of 32, as those of Q4_0 are"),
        (tensors(Raw((), 12, DATA)), "its rows of 1 can't be cut into blocks of 256"),
        (tensors(Raw((256,), 16, DATA), Raw((256,), 19, DATA)), r"t0 is of type IQ2_XXS, IQ1_S, which .* .and 1 more"),
        (tensors(Raw((2,), 99, DATA)), "tensor t0 is of type 99, which can't be read; known are F32"),
        (tensors(Raw((2,), 26, DATA)), "tensor t0 is of type I32, which can't be read"),
    ],
)
def test_a_tensor_that_can_not_be_is_refused(path: Path, content: bytes, message: str) -> None:
    refused(path, content, message)


def test_tensors_of_one_name_are_refused(path: Path) -> None:
    refused(path, gguf({}, {"a": WEIGHT, b"a": WEIGHT}), "its header has a twice")


def outcome(path: Path) -> str:
    """What a person is told of a file; nothing where all that it states can be read."""
    try:
        _ = dict(GgufFile(path).metadata)
    except InputError as error:
        return str(error)
    return ""


def test_random_damage_is_refused_or_read(path: Path) -> None:
    random, outcomes = np.random.default_rng(11), []
    for _file in range(300):
        damaged = bytearray(WHOLE)
        for _place in range(random.integers(1, 6)):
            damaged[random.integers(0, len(damaged))] = random.integers(0, 256)
        path.write_bytes(bytes(damaged))
        outcomes.append(outcome(path))
    assert not any("\n" in told for told in outcomes), "one sentence"
    assert {bool(told) for told in outcomes} == {True, False}
