"""Arrays as NumPy's .npy files hold them: the header is checked before a number is read.

Format: NEP 1 (``\\x93NUMPY``, a version, the length of the header, a Python dictionary as text, the numbers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..checkpoints.stored import fits_an_array, widened
from ..errors import InputError
from ..i18n import N_, Message, _, spoken
from ..listed import listed
from ..tensor import Array
from .dump import Entry

SUFFIX = ".npy"
MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 1 << 16
"""bytes, with what stands before it"""

NAMES = {"f": "F", "i": "I", "u": "U", "b": "BOOL"}
TWO_BYTES = re.compile(r"[<>|=]?V2")
"""How NumPy says bf16, of which it knows the size alone."""

_DESCR = re.compile(rb"""['"]descr['"]\s*:\s*['"]([^'"]*)['"]""")
_STRUCTURED = re.compile(rb"""['"]descr['"]\s*:\s*\[""")
_ORDER = re.compile(rb"""['"]fortran_order['"]\s*:\s*(True|False)""")
_SHAPE = re.compile(rb"""['"]shape['"]\s*:\s*\(((?:[0-9]{1,18}L?[,\s]*)*)\)""")
_NUMERIC = re.compile(r"[<>|=]?(f[248]|[iu][1248]|b1)")

OTHERS = {
    "O": N_("objects, which are pickles and not opened"),
    "c": N_("complex numbers"),
    "U": N_("text"),
    "S": N_("text"),
}


class NpyArray(NamedTuple):
    """What the header says of an array, and where in the file its numbers begin."""

    kind: np.dtype[Any]
    dtype: str
    shape: tuple[int, ...]
    turned: bool
    start: int

    @property
    def stop(self) -> int:
        """Where the file ends."""
        return self.start + prod(self.shape) * self.kind.itemsize

    def array(self, data: bytearray | memoryview) -> Array:
        """The array whose numbers these are; those of bf16 as float32."""
        found = np.frombuffer(data, self.kind).reshape(self.shape, order="F" if self.turned else "C")
        native = found.astype(self.kind.newbyteorder("="), copy=False)
        return widened(native) if self.dtype == "BF16" else native


def npy_array(head: bytes | bytearray, size: int, error: Callable[[str], InputError]) -> NpyArray:
    """An array by the first bytes of its file, which has ``size`` of them; ``error`` is made of what is wrong.

    Raises:
        InputError: it is no such file, does not end where its header says, or holds what is no array of real numbers.
    """
    start, header = _header(head, error)
    order, shape = _ORDER.search(header), _SHAPE.search(header)
    kind, dtype = _kind(header, error)
    axes = tuple(map(int, re.findall(rb"[0-9]+", shape[1]))) if shape else ()
    if order is None or shape is None or not fits_an_array(axes):
        raise error(_("its header is broken"))
    found = NpyArray(kind, dtype, axes, order[1] == b"True", start)
    if found.stop != size:
        told = _("{shape} needs {needed} bytes, and the file holds {held} there; is it truncated?")
        raise error(told.format(shape=list(found.shape), needed=found.stop - start, held=size - start))
    return found


def _header(head: bytes | bytearray, error: Callable[[str], InputError]) -> tuple[int, bytes]:
    """Where the numbers begin, and the text before them."""
    if head[:6] != MAGIC or len(head) < 12 or head[6] not in (1, 2, 3):
        raise error(_("is no .npy file"))
    first = 10 if head[6] == 1 else 12
    start = first + int.from_bytes(head[8:first], "little")
    if start > min(len(head), LONGEST_HEADER):
        raise error(_("its header is cut short, or too long"))
    return start, bytes(head[first:start])


def _kind(header: bytes, error: Callable[[str], InputError]) -> tuple[np.dtype[Any], str]:
    """The type of the numbers, as NumPy says it and as safetensors does."""
    described = _DESCR.search(header)
    stated = described[1].decode("latin-1") if described else ""
    if _NUMERIC.fullmatch(stated):
        kind = np.dtype(stated)
        return kind, "BOOL" if kind.kind == "b" else f"{kind.kind.upper()}{8 * kind.itemsize}"
    if TWO_BYTES.fullmatch(stated):
        return np.dtype(f"{'>' if stated[0] == '>' else '<'}u2"), "BF16"
    if not described and not _STRUCTURED.search(header):
        raise error(_("its header is broken"))
    what = spoken(_other(stated))
    raise error(_("holds {what}; expected real numbers, integers or booleans").format(what=what))


def _other(stated: str) -> Message | str:
    """What else an array holds."""
    if not stated:
        return N_("records of several fields")
    return OTHERS.get(stated.lstrip("<>|=")[:1], f"{stated[:20]!r}")


def no_arrays(names: Sequence[str]) -> Message:
    """A note on files that were left aside."""
    return N_("left aside, since they are no .npy files: {names}").format(names=listed(names))


def taken_for_bf16(entries: Sequence[Entry]) -> Iterator[Message]:
    """A note on arrays of a type that NumPy has no name for, where there are such."""
    if names := [entry.name for entry in entries if entry.evidence.dtype == "BF16"]:
        yield N_("taken for bf16, which NumPy calls V2: {names}").format(names=listed(names))
