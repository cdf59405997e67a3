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

from ..i18n import _
from .stored import ParameterFile, Stored

BITS = (
    {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8}
    | {"F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8}
    | {"I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32}
    | {"I64": 64, "U64": 64, "F64": 64, "C64": 64}
)
"""The types of the format, and how many bits a number takes."""

LONGEST_HEADER = 100_000_000
"""bytes; the limit of the reference implementation"""


def read_header(path: Path) -> dict[str, Stored]:
    """The tensors of one file, by name.

    Raises:
        InputError: the file can't be read, or its header is cut short, too long, no JSON, or lies about the data.
    """
    file = ParameterFile(path)
    if file.size < 8:
        raise file.error(_("is cut short: {size} bytes hold no safetensors header").format(size=file.size))
    length = int.from_bytes(file.read(0, 8), "little")
    if length > min(file.size - 8, LONGEST_HEADER):
        raise file.error(
            _("is cut short, or no safetensors file: its header claims {length} of its {size} bytes").format(
                length=length, size=file.size
            )
        )
    header = _parsed(file, file.read(8, length))
    header.pop("__metadata__", None)
    tensors = {name: _stored(file, name, stated, 8 + length) for name, stated in header.items()}
    _check_overlap(file, tensors)
    return tensors


def _parsed(file: ParameterFile, text: bytearray) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(key for key, _value in pairs if sum(key == other for other, _v in pairs) > 1)
            raise file.error(_("its header names {name} twice").format(name=twice))
        return found

    try:
        header = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise file.error(_("has a header that is no JSON; is it a safetensors file?")) from error
    if not isinstance(header, dict):
        raise file.error(_("has a header that is no JSON object; is it a safetensors file?"))
    return header


def _stored(file: ParameterFile, name: str, stated: Any, base: int) -> Stored:
    try:
        dtype, shape, (start, stop) = stated["dtype"], tuple(stated["shape"]), stated["data_offsets"]
        sound = all(type(n) is int and n >= 0 for n in (*shape, start, stop)) and start <= stop
    except (KeyError, TypeError, ValueError):
        sound = False
    if not sound:
        raise file.error(_("tensor {name}: its entry in the header makes no sense").format(name=name))
    if dtype not in BITS:
        raise file.error(
            _("tensor {name}: type {dtype!r} is not known; expected one of {known}").format(
                name=name, dtype=dtype, known=", ".join(BITS)
            )
        )
    _check_extent(file, name, prod(shape) * BITS[dtype] / 8, f"{dtype} {list(shape)}", (base + start, base + stop))
    return Stored(file, name, dtype, shape, base + start, base + stop)


def _check_extent(file: ParameterFile, name: str, needed: float, what: str, extent: tuple[int, int]) -> None:
    start, stop = extent
    if stop - start != needed:
        raise file.error(
            _("tensor {name}: {what} needs {needed:.0f} bytes, and the header gives it {given}").format(
                name=name, what=what, needed=needed, given=stop - start
            )
        )
    if stop > file.size:
        raise file.error(
            _("is cut short: tensor {name} ends at byte {stop}, and the file has {size}").format(
                name=name, stop=stop, size=file.size
            )
        )


def _check_overlap(file: ParameterFile, tensors: Mapping[str, Stored]) -> None:
    by_place = sorted(tensors.items(), key=lambda item: (item[1].start, item[1].stop))
    for (first, a), (second, b) in pairwise(by_place):
        if b.start < a.stop:
            raise file.error(_("tensors {first} and {second} overlap").format(first=first, second=second))
