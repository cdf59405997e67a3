"""Blocks of numbers in GGUF files, plain and quantised: w = d · sc · q − d_min · m, of whole numbers and scales.

Where the parts of a block stand: ggml-common.h and ggml-quants.c of https://github.com/ggml-org/ggml, whose results are
those of the arithmetic here, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from ...arithmetic import Minus, Node, Number
from ...dataclass import dataclass
from ...tensor import Array

CALLED = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    6: "Q5_0",
    7: "Q5_1",
    8: "Q8_0",
    9: "Q8_1",
    10: "Q2_K",
    11: "Q3_K",
    12: "Q4_K",
    13: "Q5_K",
    14: "Q6_K",
    15: "Q8_K",
    16: "IQ2_XXS",
    17: "IQ2_XS",
    18: "IQ3_XXS",
    19: "IQ1_S",
    20: "IQ4_NL",
    21: "IQ3_S",
    22: "IQ2_S",
    23: "IQ4_XS",
    24: "I8",
    25: "I16",
    26: "I32",
    27: "I64",
    28: "F64",
    29: "IQ1_M",
    30: "BF16",
    34: "TQ1_0",
    35: "TQ2_0",
    39: "MXFP4",
    40: "NVFP4",
    41: "Q1_0",
}
"""What ggml calls its types, by their numbers."""
FILE_TYPES = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    21: "Q2_K_S",
    25: "IQ4_NL",
    30: "IQ4_XS",
    32: "BF16",
}
"""What llama.cpp calls a file, by the number that it states: most of its matrices are of the type named first."""
NON_LINEAR = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.float32)
"""The sixteen values of IQ4_NL and IQ4_XS."""


def called(kind: int) -> str:
    """The name of a type."""
    return CALLED.get(kind, str(kind))


class Apart(NamedTuple):
    """Blocks taken apart, each part [block, group, number], of length 1 where several numbers share it.

    ``d`` and ``d_min`` are scales, ``s`` and ``m`` whole numbers that scale them for a group; ``q`` the whole number of
    each number, ``least`` what is added to all of them.
    """

    d: Array
    q: Array
    s: Array | None = None
    d_min: Array | None = None
    m: Array | None = None
    least: Array | None = None


@dataclass(frozen=True)
class Plain:
    """A type whose blocks are single numbers; ``bytes`` each."""

    bytes: int
    numbers: int = 1


@dataclass(frozen=True)
class Blocks:
    """A type of quantised blocks, of so many ``numbers`` in so many ``bytes``, and how one is taken ``apart``.

    ``q_zero`` and ``s_zero`` are the whole numbers that stand for 0; ``values``, what ``q`` is the place of.
    """

    numbers: int
    bytes: int
    apart: Callable[[Array], Apart]
    q_zero: int = 0
    s_zero: int = 0
    values: Array | None = None

    def read(self, blocks: Array) -> Array:
        """[block, byte] -> [block, number], in single precision."""
        found = self.apart(blocks)
        with np.errstate(all="ignore"):
            scale = found.d if found.s is None else found.d * _less(found.s, self.s_zero)
            q = _less(found.q, self.q_zero) if self.values is None else self.values[found.q]
            numbers = scale * q
            if found.d_min is not None and found.m is not None:
                numbers -= found.d_min * found.m.astype(np.float32)
            if found.least is not None:
                numbers += found.least
        return numbers.reshape(len(blocks), self.numbers)

    @property
    def formula(self) -> str:
        """How a number is made of the parts of its block."""
        found = self.apart(np.zeros((1, self.bytes), np.uint8))
        scale = "" if found.s is None else f" · {_symbol('sc', self.s_zero)}"
        q = f" · {_symbol('q', self.q_zero)}" if self.values is None else " · v_q"
        end = " − d_min · m" if found.m is not None else " + m" if found.least is not None else ""
        return f"w = d{scale}{q}{end}"

    def made(self, block: Array, place: int) -> Node:
        """The number at a place in a block of bytes, as that arithmetic."""
        found = self.apart(block[None])
        groups = found.q.shape[1]
        group, number = divmod(place, self.numbers // groups)

        def part(symbol: str, array: Array) -> Number:
            cells = np.broadcast_to(array[0], (groups, self.numbers // groups))
            return Number(float(cells[group, number]), symbol)

        node: Node = part("d", found.d)
        if found.s is not None:
            node = node * _from(part("sc", found.s), self.s_zero)
        if self.values is None:
            node = node * _from(part("q", found.q), self.q_zero)
        else:
            node = node * part("v_q", self.values[found.q])
        if found.d_min is not None and found.m is not None:
            node = node - part("d_min", found.d_min) * part("m", found.m)
        return node if found.least is None else node + part("m", found.least)


def _symbol(symbol: str, zero: int) -> str:
    return f"({symbol} − {zero})" if zero else symbol


def _from(number: Number, zero: int) -> Node:
    return Minus(number, Number(float(zero))) if zero else number


def _less(numbers: Array, zero: int) -> Array:
    """Whole numbers as those in single precision, counted from ``zero``."""
    found = numbers.astype(np.float32)
    if zero:
        found -= np.float32(zero)
    return found


def _scale(blocks: Array, at: int) -> Array:
    """The number in half precision at a byte of each block: [block, 1, 1]."""
    found: Array = np.ascontiguousarray(blocks[:, at : at + 2]).view("<f2").astype(np.float32)
    return found[:, :, None]


def _unpacked(packed: Array, run: int, bits: int) -> Array:
    """Numbers of so many bits: of each ``run`` of bytes, the lowest bits of all, then the next: [block, number]."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)[:, None]
    found: Array = (packed.reshape(len(packed), -1, 1, run) >> shifts) & np.uint8((1 << bits) - 1)
    return found.reshape(len(packed), -1)


def _grouped(numbers: Array, groups: int) -> Array:
    return numbers.reshape(len(numbers), groups, -1)


def _whole(numbers: Array) -> Array:
    return numbers[:, None, :]


def _q8_0(blocks: Array) -> Apart:
    return Apart(_scale(blocks, 0), _whole(blocks[:, 2:].view(np.int8)))


def _q4_0(blocks: Array) -> Apart:
    return Apart(_scale(blocks, 0), _whole(_unpacked(blocks[:, 2:], 16, 4)))


def _q4_1(blocks: Array) -> Apart:
    return Apart(_scale(blocks, 0), _whole(_unpacked(blocks[:, 4:], 16, 4)), least=_scale(blocks, 2))


def _five_bits(low: Array, high: Array) -> Array:
    return _whole(_unpacked(low, 16, 4) | _unpacked(high, 1, 1) << 4)


def _q5_0(blocks: Array) -> Apart:
    return Apart(_scale(blocks, 0), _five_bits(blocks[:, 6:], blocks[:, 2:6]))


def _q5_1(blocks: Array) -> Apart:
    return Apart(_scale(blocks, 0), _five_bits(blocks[:, 8:], blocks[:, 4:8]), least=_scale(blocks, 2))


def _q2_k(blocks: Array) -> Apart:
    scales, q = blocks[:, :16, None], _grouped(_unpacked(blocks[:, 16:80], 32, 2), 16)
    return Apart(_scale(blocks, 80), q, scales & 15, _scale(blocks, 82), scales >> 4)


def _q3_k(blocks: Array) -> Apart:
    high, low = _unpacked(blocks[:, :32], 32, 1), _unpacked(blocks[:, 32:96], 32, 2)
    scales = _unpacked(blocks[:, 96:104], 8, 4) | _unpacked(blocks[:, 104:108], 4, 2) << 4
    return Apart(_scale(blocks, 108), _grouped(low | high << 2, 16), scales[:, :, None])


def _six_bits(packed: Array) -> tuple[Array, Array]:
    """Eight scales and eight minima out of twelve bytes, each [block, group, 1]."""
    first, second, rest = packed[:, :4], packed[:, 4:8], packed[:, 8:]
    scales = np.concatenate([first & 63, rest & 15 | first >> 2 & 48], axis=1)
    minima = np.concatenate([second & 63, rest >> 4 | second >> 2 & 48], axis=1)
    return scales[:, :, None], minima[:, :, None]


def _q4_k(blocks: Array) -> Apart:
    scales, minima = _six_bits(blocks[:, 4:16])
    return Apart(_scale(blocks, 0), _grouped(_unpacked(blocks[:, 16:], 32, 4), 8), scales, _scale(blocks, 2), minima)


def _q5_k(blocks: Array) -> Apart:
    scales, minima = _six_bits(blocks[:, 4:16])
    q = _unpacked(blocks[:, 48:], 32, 4) | _unpacked(blocks[:, 16:48], 32, 1) << 4
    return Apart(_scale(blocks, 0), _grouped(q, 8), scales, _scale(blocks, 2), minima)


def _q6_k(blocks: Array) -> Apart:
    q = _unpacked(blocks[:, :128], 64, 4) | _unpacked(blocks[:, 128:192], 32, 2) << 4
    return Apart(_scale(blocks, 208), _grouped(q, 16), blocks[:, 192:208, None].view(np.int8))


def _iq4_xs(blocks: Array) -> Apart:
    scales = _unpacked(blocks[:, 4:8], 1, 4) | _unpacked(blocks[:, 2:4], 1, 2) << 4
    return Apart(_scale(blocks, 0), _grouped(_unpacked(blocks[:, 8:], 16, 4), 8), scales[:, :, None])


QUANTISED: Mapping[str, Blocks] = {
    "Q8_0": Blocks(32, 34, _q8_0),
    "Q4_0": Blocks(32, 18, _q4_0, q_zero=8),
    "Q4_1": Blocks(32, 20, _q4_1),
    "Q5_0": Blocks(32, 22, _q5_0, q_zero=16),
    "Q5_1": Blocks(32, 24, _q5_1),
    "Q2_K": Blocks(256, 84, _q2_k),
    "Q3_K": Blocks(256, 110, _q3_k, q_zero=4, s_zero=32),
    "Q4_K": Blocks(256, 144, _q4_k),
    "Q5_K": Blocks(256, 176, _q5_k),
    "Q6_K": Blocks(256, 210, _q6_k, q_zero=32),
    "IQ4_NL": Blocks(32, 18, _q4_0, values=NON_LINEAR),
    "IQ4_XS": Blocks(256, 136, _iq4_xs, s_zero=32, values=NON_LINEAR),
}
PLAIN = {"F32": Plain(4), "F16": Plain(2), "BF16": Plain(2), "F64": Plain(8)}
TYPES: Mapping[str, Plain | Blocks] = {**PLAIN, **QUANTISED}
"""The types that can be read."""
