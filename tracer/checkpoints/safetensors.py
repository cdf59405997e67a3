"""Reading safetensors files: the header is checked whole before a byte of data is used.

Format: https://github.com/huggingface/safetensors (8 bytes of header length, a JSON header, the data).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..i18n import _, spoken
from ..tensor import Array
from .kinds import ENOUGH, TOLD, kind_of
from .stored import DTYPES, Contiguous, DType, ParameterFile, fits_an_array, unsupported

LONGEST_HEADER = 100_000_000
"""bytes; the limit of the reference implementation"""


class SafetensorsFile:
    """The tensors of one file, by name; each is read when asked for. ``metadata`` are the texts beside them.

    Raises:
        InputError: the file can't be read, or its header is cut short, too long, no JSON, or lies about the data.
    """

    def __init__(self, path: Path) -> None:
        self._file = file = ParameterFile(path)
        length = int.from_bytes(file.read(0, min(8, file.size)), "little")
        if file.size < 8 or length > min(file.size - 8, LONGEST_HEADER):
            raise self._unreadable(self._without_header())
        header = self._parsed(file.read(8, length))
        self.metadata = self._texts(header.pop("__metadata__", None) or {})
        self.entries: Mapping[str, Contiguous] = {name: self._entry(name, e, 8 + length) for name, e in header.items()}
        self._check_covered(8 + length)

    def _unreadable(self, what: str) -> InputError:
        """What the file is instead, where that can be told, else ``what`` is wrong with it."""
        kind = kind_of(bytes(self._file.read(0, min(ENOUGH, self._file.size))))
        return self._file.error(what if kind in (None, "safetensors") else spoken(TOLD[kind]))

    def _without_header(self) -> str:
        """What to say where no header fits in: a header begins with a brace."""
        if self._file.size > 8 and self._file.read(8, 1) != b"{":
            return _("is no safetensors file: no header stands at its beginning")
        return _("is cut short: {size} bytes can't hold its header").format(size=self._file.size)

    def _parsed(self, text: bytearray) -> dict[str, Any]:
        try:
            header = json.loads(text, object_pairs_hook=self._unique)
        except (ValueError, RecursionError) as error:
            raise self._unreadable(_("has a header that is no JSON; is it a safetensors file?")) from error
        if not isinstance(header, dict):
            raise self._file.error(_("has a header that is no JSON object"))
        return header

    def _unique(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """A JSON object, in which no name comes twice."""
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                raise self._file.error(_("its header has {name} twice").format(name=name))
            found[name] = value
        return found

    def _texts(self, stated: Any) -> Mapping[str, str]:
        """What is stated beside the tensors: texts by name."""
        if not isinstance(stated, dict) or not all(isinstance(text, str) for text in stated.values()):
            raise self._file.error(_("has metadata that are no map from names to texts"))
        return stated

    def _entry(self, name: str, stated: Any, base: int) -> Contiguous:
        try:
            dtype, shape, (start, stop) = stated["dtype"], tuple(stated["shape"]), stated["data_offsets"]
            sound = isinstance(dtype, str) and all(type(n) is int and n >= 0 for n in (*shape, start, stop))
        except (KeyError, TypeError, ValueError):
            sound = False
        if not sound:
            raise self._file.error(_("tensor {name}: its entry in the header is broken").format(name=name))
        if dtype not in DTYPES:
            raise self._file.error(unsupported(name, dtype))
        needed, held = prod(shape) * np.dtype(DTYPES[dtype]).itemsize, self._file.size - base
        if stop - start != needed or stop > held:
            raise self._file.error(
                _(
                    "tensor {name}: {shape} needs {needed} bytes, and the file holds {held} there; is it truncated?"
                ).format(name=name, shape=list(shape), needed=needed, held=max(0, min(held, stop) - start))
            )
        if not fits_an_array(shape):
            raise self._file.error(_("tensor {name}: its entry in the header is broken").format(name=name))
        return Contiguous(self._file, name, dtype, shape, base + start, base + stop)

    def _check_covered(self, start: int) -> None:
        """Insist that the tensors lie one after the other, without a byte between or after them."""
        by_place = sorted(self.entries.values(), key=lambda stored: (stored.start, stored.stop))
        for first, second in pairwise(by_place):
            if second.start < first.stop:
                raise self._file.error(
                    _("tensors {first} and {second} overlap").format(first=first.name, second=second.name)
                )
        places = [start, *(stored.stop for stored in by_place)]
        for stop, stored in zip(places, by_place, strict=False):
            if stored.start > stop:
                raise self._file.error(
                    _(
                        "has bytes that are no tensor's, {n} of them before {name}; is its header that of another file?"
                    ).format(n=stored.start - stop, name=stored.name)
                )
        if left := self._file.size - places[-1]:
            raise self._file.error(
                _("has bytes that are no tensor's, {n} of them at its end; is its header that of another file?").format(
                    n=left
                )
            )

    def read(self, name: str, dtype: DType) -> Array:
        """A tensor as numbers of ``dtype``, in memory of its own."""
        stored = self.entries[name]
        row = np.zeros(stored.size, dtype)
        stored.read_into(row)
        return row.reshape(stored.shape)
