"""Writing files of tensors by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tracer.checkpoints.safetensors import SafetensorsFile
from tracer.checkpoints.writing import Planned, write_tensors
from tracer.errors import InputError
from tracer.export import npz, safetensors
from tracer.tensor import Axis, Tensor

FLOAT = np.dtype(np.float32)


def test_tensors_are_there_by_name(tmp_path: Path) -> None:
    numbers = {"a": np.ones(2, FLOAT), "b": np.zeros((1, 3), FLOAT)}
    planned = [Planned(name, array.shape, array.dtype) for name, array in numbers.items()]
    write_tensors(tmp_path / "x", {"by": "hand"}, planned, numbers.items())
    found = SafetensorsFile(tmp_path / "x")
    assert {name: stored.shape for name, stored in found.entries.items()} == {"a": (2,), "b": (1, 3)}
    assert found.metadata == {"by": "hand"}


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    planned = [Planned(name, (1,), FLOAT) for name in "aba"]
    with pytest.raises(InputError, match="x: two tensors are called a; write one of them, or each to a file"):
        write_tensors(tmp_path / "x", {}, planned, [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [npz.write, safetensors.write])
def test_two_of_one_name_are_exported_by_no_format(tmp_path: Path, write) -> None:  # type: ignore[no-untyped-def]
    tensors = [("a", Tensor(np.full(2, n), (Axis("d_model"),))) for n in range(2)]
    with pytest.raises(InputError, match="x: two tensors are called a"):
        write(tmp_path / "x", tensors)
    assert list(tmp_path.iterdir()) == []
