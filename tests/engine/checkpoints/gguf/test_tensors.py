"""What llama.cpp changed is changed back, whichever numbers of a tensor are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracer.checkpoints.changed import Turned
from tracer.checkpoints.gguf.blocks import QUANTISED
from tracer.checkpoints.gguf.container import GgufFile
from tracer.checkpoints.gguf.tensors import Halved, Lessened, tensor
from tracer.checkpoints.stored import Stored
from tracer.tensor import Array

from .files import Raw, gguf

RANDOM = np.random.default_rng(2)
PLAIN = RANDOM.normal(size=(16, 6)).astype(np.float32)
BLOCKS = RANDOM.integers(0, 256, (24, 18), dtype=np.uint8)
BLOCKS[:, 1] = 0x21
"""so that no scale is infinite"""
Q4_0 = QUANTISED["Q4_0"].read(BLOCKS).reshape(8, 96)


def halved(array: Array, heads: int) -> Array:
    """The rows as the file has them: of each head, those of both halves in turn."""
    size = len(array) // heads
    return array.reshape(heads, 2, size // 2, -1).swapaxes(1, 2).reshape(array.shape)


@pytest.fixture
def stored(tmp_path: Path) -> dict[str, Stored]:
    path = tmp_path / "model.gguf"
    blocks = Raw((8, 96), 2, BLOCKS.tobytes())
    path.write_bytes(gguf({}, {"plain": PLAIN, "q4_0": blocks, "bf16": Raw((2,), 30, b"\x80\x3f\x20\xc0")}))
    file = GgufFile(path)
    return {label: tensor(file.file, info, f"model.{label}") for label, info in file.infos.items()}


def numbers(stored: Stored, dtype: Any, piece: int) -> Array:
    """All numbers of a tensor, read piece by piece, as it is shaped."""
    room = np.zeros(stored.size, dtype)
    for first in range(0, room.size, piece):
        stored.read_into(room[first : first + piece], first)
    return room.reshape(stored.shape, order=stored.order)


CHANGES = {
    "plain": lambda s: (s["plain"], PLAIN),
    "blocks": lambda s: (s["q4_0"], Q4_0),
    "turned": lambda s: (Turned(s["plain"]), PLAIN.T),
    "turned blocks": lambda s: (Turned(s["q4_0"]), Q4_0.T),
    "halved": lambda s: (Halved(s["plain"], 2), PLAIN),
    "halved blocks": lambda s: (Halved(s["q4_0"], 2), Q4_0),
    "lessened": lambda s: (Lessened(s["plain"]), PLAIN - np.float32(1)),
    "lessened blocks": lambda s: (Lessened(s["q4_0"]), Q4_0 - np.float32(1)),
}


@pytest.mark.parametrize("piece", [1, 5, 37, 1000])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_are_the_same_in_pieces_of_any_length(
    stored: dict[str, Stored], change: str, piece: int, dtype: Any
) -> None:
    found, expected = CHANGES[change](stored)
    read = numbers(found, dtype, piece)
    if isinstance(found, Halved):
        read = halved(read, found.heads)
    assert found.shape == read.shape == expected.shape
    np.testing.assert_allclose(read, expected, rtol=1e-6 if dtype is np.float64 else 0)


@pytest.mark.parametrize("change", [change for change in CHANGES if change != "plain"])
def test_a_number_is_what_its_arithmetic_comes_to(stored: dict[str, Stored], change: str) -> None:
    found = CHANGES[change](stored)[0]
    read = numbers(found, np.float32, 1000)
    for index in np.ndindex(read.shape):
        made = found.made(index)
        if made is not None:
            assert np.float32(made.expression.evaluate()) == read[index]
    assert (found.made((0, 0)) is None) == (change in ("turned", "halved"))


def test_it_is_said_where_a_number_stands(stored: dict[str, Stored]) -> None:
    made = stored["q4_0"].made((1, 35))
    assert made is not None
    start = stored["q4_0"].start + 4 * 18  # type: ignore[attr-defined]
    told = f"Q4_0: number 3 of 32 in block 4 of q4_0, bytes {start} to {start + 17} of model.gguf"
    assert (made.formula, made.place) == ("w = d · (q − 8)", told)
    assert Halved(stored["q4_0"], 1).made((4, 35)) == made, "row 4 of transformers is row 1 of the file"
    assert Turned(stored["q4_0"]).made((35, 1)) == made
    lessened = Lessened(stored["plain"]).made((0, 0))
    assert lessened is not None
    assert (lessened.formula, lessened.place) == ("w = x − 1", "model.plain stands in model.gguf as w + 1")


def test_half_precision_of_the_other_kind_is_read(stored: dict[str, Stored]) -> None:
    assert numbers(stored["bf16"], np.float32, 1).tolist() == [1.0, -2.5]


def test_a_tensor_knows_its_bytes(stored: dict[str, Stored]) -> None:
    assert stored["q4_0"].bytes == BLOCKS.nbytes
    assert Halved(stored["q4_0"], 2).bytes == BLOCKS.nbytes
    assert Turned(stored["plain"]).bytes == PLAIN.nbytes
    assert Turned(stored["plain"]).is_float


def test_a_matrix_the_other_way_round_may_stay_in_the_file(stored: dict[str, Stored]) -> None:
    mapped = Turned(stored["plain"]).map(np.float32)
    assert mapped is not None
    np.testing.assert_array_equal(mapped, PLAIN.T)
    assert Turned(stored["q4_0"]).map(np.float32) is None
