"""torch's files written by hand: opcodes of a pickle, in the fewest words."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

CLASSES = {"f8": "Double", "f4": "Float", "f2": "Half", "i8": "Long"}
"""What torch calls storages of NumPy's types."""


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: int) -> bytes:
    return b"\x8a\x09" + value.to_bytes(9, "little", signed=True)


def ask(dotted: str) -> bytes:
    module, _dot, last = dotted.rpartition(".")
    return f"c{module}\n{last}\n".encode()


def numbers(*values: int) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def storage(kind: str = "torch.FloatStorage", key: str = "0", count: int = 6) -> bytes:
    return b"(" + text("storage") + ask(kind) + text(key) + text("cpu") + number(count) + b"tQ"


def tensor(
    shape: tuple[int, ...] = (2, 3), strides: tuple[int, ...] = (3, 1), offset: int = 0, held: bytes = storage()
) -> bytes:
    rebuilt = b"(" + held + number(offset) + numbers(*shape) + numbers(*strides) + b"\x89Nt"
    return ask("torch._utils._rebuild_tensor_v2") + rebuilt + b"R"


def write(path: Path, program: bytes, data: bytes = struct.pack("<6f", *range(6)), **members: bytes) -> Path:
    packed = zipfile.ZIP_DEFLATED if members.pop("packed", b"") else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", packed) as file:
        file.writestr("made/data.pkl", b"\x80\2" + program + b".")
        file.writestr("made/data/0", data)
        for member, content in members.items():
            file.writestr(f"made/{member}", content)
    return path


def saved(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]], **members: bytes) -> Path:
    """A state dict as torch writes it: an ordered dictionary with `_metadata`, and a storage for each tensor."""
    items = b"".join(text(key) + held(str(n), array) for n, (key, array) in enumerate(arrays.items()))
    ordered = ask("collections.OrderedDict") + b")R"
    metadata = b"}" + text("_metadata") + ordered + b"(" + text("") + b"}" + text("version") + b"K\1sus"
    data = {f"data/{n}": np.ascontiguousarray(array).tobytes() for n, array in enumerate(arrays.values())}
    return write(path, ordered + b"(" + items + b"u" + metadata + b"b", data.pop("data/0"), **data, **members)


def held(key: str, array: np.ndarray[Any, Any]) -> bytes:
    """A tensor that is all of a storage."""
    strides = tuple(accumulate(array.shape[:0:-1], lambda a, b: a * b, initial=1))[::-1][: array.ndim]
    kind = CLASSES[array.dtype.str[1:]]
    return tensor(array.shape, strides, 0, storage(f"torch.{kind}Storage", key, array.size))
