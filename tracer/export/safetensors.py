"""Arrays by name in one safetensors file, with the names and labels of their axes in its metadata."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ..checkpoints.writing import Planned, write_tensors
from ..tensor import Tensor


def write(path: Path, tensors: Sequence[tuple[str, Tensor]]) -> None:
    """Write tensors by name, whole or not at all; raises `InputError` where that can't be."""
    axes = {name: {"axes": tensor.axes, "labels": tensor.labels} for name, tensor in tensors}
    planned = [Planned(name, tensor.shape, tensor.dtype) for name, tensor in tensors]
    numbers = ((name, tensor.array) for name, tensor in tensors)
    write_tensors(path, {"tensors": json.dumps(axes, ensure_ascii=False)}, planned, numbers)
