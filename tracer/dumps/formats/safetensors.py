"""A safetensors file of arrays by name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar

import numpy as np

from ...checkpoints.kinds import kind_of
from ...checkpoints.safetensors import SafetensorsFile
from ...checkpoints.stored import Contiguous
from ...i18n import N_, Message
from ...tensor import Array
from ...trace_file import is_trace
from ..dump import Dump, Entry
from ..evidence import Values


class Safetensors(Dump):
    """As numpy, torch, JAX and MLX write them."""

    summary: ClassVar[Message] = N_("a safetensors file, as from tracer.capture")

    @classmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        return kind_of(head) == "safetensors" and not is_trace(path, head)

    @cached_property
    def entries(self) -> Sequence[Entry]:
        return [
            Entry(name, Values(stored.shape, stored.dtype, read=partial(read, stored)))
            for name, stored in SafetensorsFile(self.path).entries.items()
        ]


def read(stored: Contiguous) -> Array:
    """A tensor in memory of its own, of the type that it is stored as; of bf16, float32."""
    if not stored.is_float:
        return np.frombuffer(stored.file.read(stored.start, stored.stop - stored.start), stored.kind).reshape(
            stored.shape
        )
    row = np.zeros(stored.size, np.float64 if stored.dtype == "F64" else np.float32)
    stored.read_into(row)
    return row.reshape(stored.shape)
