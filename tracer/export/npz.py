"""Arrays by name in one .npz file of NumPy's, one after the other; the same arrays make the same file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from ..checkpoints.writing import check_distinct
from ..tensor import Tensor
from ..whole import whole

BEGINNING = (1980, 1, 1, 0, 0, 0)
"""When each was written, as far as the file is concerned."""


def write(path: Path, tensors: Sequence[tuple[str, Tensor]]) -> None:
    """Write tensors by name, whole or not at all; raises `InputError` where that can't be."""
    check_distinct(path, [name for name, _tensor in tensors])
    with whole(path) as stream, ZipFile(stream, "w", ZIP_STORED) as archive:
        for name, tensor in tensors:
            with archive.open(ZipInfo(f"{name}.npy", BEGINNING), "w", force_zip64=True) as member:
                np.save(member, tensor.array, allow_pickle=False)
