"""Reading safetensors files: the header is checked whole before a byte of data is used.

Format: https://github.com/huggingface/safetensors (8 bytes of header length, a JSON header, the data).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import InputError
from ..i18n import _
from ..tensor import Array

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "U8": "<u1", "BOOL": "?"}
LONGEST_HEADER = 100_000_000
"""bytes; the limit of the reference implementation"""


class Entry(NamedTuple):
    """Where a tensor lies: its type, shape, and the bytes from ``start`` to ``stop`` of the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


class SafetensorsFile:
    """The tensors of one file, by name; each is read when asked for.

    Raises:
        InputError: the file can't be read, or its header is cut short, too long, no JSON, or lies about the data.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                length = int.from_bytes(file.read(8), "little")
                if size < 8 or length > min(size - 8, LONGEST_HEADER):
                    raise self._error(_("is cut short: {size} bytes can't hold its header").format(size=size))
                header = json.loads(file.read(length))
        except OSError as error:
            raise self._error(_("can't be read ({reason})").format(reason=error.strerror)) from error
        except (ValueError, RecursionError) as error:
            raise self._error(_("has a header that is no JSON; is it a safetensors file?")) from error
        if not isinstance(header, dict):
            raise self._error(_("has a header that is no JSON object"))
        header.pop("__metadata__", None)
        self.entries: Mapping[str, Entry] = {name: self._entry(name, e, 8 + length, size) for name, e in header.items()}
        self._check_overlap()

    def _entry(self, name: str, stated: Any, base: int, size: int) -> Entry:
        try:
            dtype, shape, (start, stop) = stated["dtype"], tuple(stated["shape"]), stated["data_offsets"]
            sound = isinstance(dtype, str) and all(isinstance(n, int) and n >= 0 for n in (*shape, start, stop))
        except (KeyError, TypeError, ValueError):
            sound = False
        if not sound:
            raise self._error(_("tensor {name}: its entry in the header is broken").format(name=name))
        if dtype not in DTYPES:
            raise self._error(
                _("tensor {name}: type {dtype} is not supported; known are {known}").format(
                    name=name, dtype=dtype, known=", ".join(DTYPES)
                )
            )
        needed = prod(shape) * np.dtype(DTYPES[dtype]).itemsize
        if stop - start != needed or base + stop > size:
            raise self._error(
                _(
                    "tensor {name}: {shape} needs {needed} bytes, and the file holds {held} there; is it truncated?"
                ).format(name=name, shape=list(shape), needed=needed, held=max(0, min(size - base, stop) - start))
            )
        return Entry(dtype, shape, base + start, base + stop)

    def _check_overlap(self) -> None:
        by_place = sorted(self.entries.items(), key=lambda item: item[1].start)
        for (first, a), (second, b) in zip(by_place, by_place[1:], strict=False):
            if b.start < a.stop:
                raise self._error(_("tensors {first} and {second} overlap").format(first=first, second=second))

    def read(self, name: str, dtype: type[np.floating[Any]]) -> Array:
        """A tensor as numbers of ``dtype``, in memory of its own."""
        entry = self.entries[name]
        stored = np.fromfile(self.path, DTYPES[entry.dtype], prod(entry.shape), offset=entry.start)
        if entry.dtype == "BF16":
            stored = (stored.astype("<u4") << 16).view("<f4")
        return stored.reshape(entry.shape).astype(dtype, copy=False)

    def _error(self, what: str) -> InputError:
        return InputError(f"{self.path}: {what}")
