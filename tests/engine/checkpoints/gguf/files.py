"""GGUF files as small as can be, true or not."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tracer.tensor import Array

KINDS = {"u1": 0, "i1": 1, "u2": 2, "i2": 3, "u4": 4, "i4": 5, "f4": 6, "b1": 7, "u8": 10, "i8": 11, "f8": 12}
FLOATS = {"float32": 0, "float16": 1, "float64": 28}
LLAMA = {
    "general.architecture": "llama",
    "llama.context_length": 64,
    "llama.embedding_length": 32,
    "llama.block_count": 2,
    "llama.feed_forward_length": 48,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "llama.attention.layer_norm_rms_epsilon": np.float32(1e-5),
}


class Raw(NamedTuple):
    """A tensor as it stands in a file: the shape that the header states, the number of its type, its bytes."""

    shape: tuple[int, ...]
    kind: int
    data: bytes
    start: int | None = None
    """where the header says that its data begin, if not where they do"""


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def typed(value: Any) -> tuple[int, bytes]:
    """The number of a value's type, and its bytes."""
    match value:
        case bytes() | str():
            return 8, text(value)
        case bool():
            return 7, bytes([value])
        case int():
            return 4, struct.pack("<I", value)
        case float():
            return 12, struct.pack("<d", value)
        case np.generic():
            return KINDS[value.dtype.str[1:]], value.tobytes()
        case np.ndarray():
            return 9, struct.pack("<IQ", KINDS[value.dtype.str[1:]], value.size) + value.tobytes()
        case list():
            items = [typed(item) for item in value]
            kind = items[0][0] if items else 8
            return 9, struct.pack("<IQ", kind, len(items)) + b"".join(data for _kind, data in items)
    raise TypeError(value)


def keys(metadata: Mapping[Any, Any]) -> bytes:
    return b"".join(
        text(key) + struct.pack("<I", kind) + data
        for key, value in metadata.items()
        for kind, data in [value if isinstance(value, tuple) else typed(value)]
    )


def raw(array: Array | Raw) -> Raw:
    return array if isinstance(array, Raw) else Raw(array.shape, FLOATS[str(array.dtype)], array.tobytes())


def header(counts: tuple[int, int], version: int = 3) -> bytes:
    """The beginning of a file that claims to have so many tensors and keys."""
    return b"GGUF" + struct.pack("<IQQ", version, *counts)


def gguf(
    metadata: Mapping[Any, Any], tensors: Mapping[Any, Array | Raw] | None = None, version: int = 3, alignment: int = 32
) -> bytes:
    """A file."""
    infos, data = b"", b""
    found = {name: raw(tensor) for name, tensor in (tensors or {}).items()}
    for name, tensor in found.items():
        start = len(data) if tensor.start is None else tensor.start
        shape = struct.pack(f"<{len(tensor.shape)}Q", *tensor.shape[::-1])
        infos += text(name) + struct.pack("<I", len(tensor.shape)) + shape + struct.pack("<IQ", tensor.kind, start)
        data += padded(tensor.data, alignment)
    return padded(header((len(found), len(metadata)), version) + keys(metadata) + infos, alignment) + data


def padded(data: bytes, alignment: int) -> bytes:
    return data + bytes(-len(data) % alignment)


def llama(seed: int = 0, **changes: Any) -> dict[str, Array]:
    """The tensors of a random Llama that `LLAMA` describes, as llama.cpp has them."""
    random = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {"token_embd": (40, 32), "output_norm": (32,)}
    for i in range(2):
        shapes |= {f"blk.{i}.attn_{part}": (rows, 32) for part, rows in (("q", 32), ("k", 16), ("v", 16))}
        shapes |= {f"blk.{i}.attn_output": (32, 32), f"blk.{i}.attn_norm": (32,), f"blk.{i}.ffn_norm": (32,)}
        shapes |= {f"blk.{i}.ffn_gate": (48, 32), f"blk.{i}.ffn_up": (48, 32), f"blk.{i}.ffn_down": (32, 48)}
    found = {f"{name}.weight": random.normal(0, 0.2, shape).astype(np.float32) for name, shape in shapes.items()}
    return found | changes


def write(path: Path, *arguments: Any, **options: Any) -> Path:
    path.write_bytes(gguf(*arguments, **options))
    return path
