"""Numbers between brackets, as programs print tensors: rows in rows, and ``...`` in place of those left out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..tensor import Array

GAP = "..."

TRUTHS = {"True": 1.0, "False": 0.0}

Block = Sequence["str | Block"]
"""What stands between two brackets: numbers and gaps as they were printed, and further blocks."""


class Cells(NamedTuple):
    """What was printed of a tensor, as `tracer.dumps.evidence.Printed` has it: where, what, and how nearly."""

    places: Array
    values: Array
    half: Array


class Brackets:
    """Blocks as they come, line after line: ``blocks`` are those that have closed, with ``deepest`` in one at most."""

    def __init__(self, deepest: int) -> None:
        self.deepest = deepest
        self.blocks: list[Block] = []
        self._open: list[list[str | Block]] = []

    @property
    def closed(self) -> bool:
        """Whether every bracket that opened has closed."""
        return not self._open

    def take(self, line: str) -> bool:
        """Whether a line belongs here: it has brackets, numbers and gaps alone, none of them where it can't be."""
        signs = line.replace("[", " [ ").replace("]", " ] ").replace(",", " ").split()
        if not self._fit(signs):
            return False
        for sign in signs:
            self._put(sign)
        return True

    def _fit(self, signs: Sequence[str]) -> bool:
        depth = len(self._open)
        for sign in signs:
            depth += (sign == "[") - (sign == "]")
            stands = sign in ("[", "]") or (depth and _can_stand(sign))
            if not stands or not 0 <= depth <= self.deepest:
                return False
        return True

    def _put(self, sign: str) -> None:
        if sign == "[":
            self._open.append([])
        elif sign == "]":
            block = self._open.pop()
            if self._open:
                self._open[-1].append(block)
            else:
                self.blocks.append(block)
        else:
            self._open[-1].append(sign)


def _can_stand(sign: str) -> bool:
    if sign == GAP:
        return True
    try:
        number(sign)
    except ValueError:
        return False
    return True


def number(printed: str) -> float:
    """What was printed as a number; raises ``ValueError`` where it is none."""
    found = TRUTHS.get(printed)
    return float(printed.partition("(")[0]) if found is None else found


def half_unit(printed: str) -> float:
    """Half a unit of the last digit of a number; none where it has no digits behind the point, and so is whole."""
    digits, _, power = printed.lower().partition("e")
    behind = len(digits.partition(".")[2])
    if not behind or len(power) > 4 or not math.isfinite(float(printed)):
        return 0.0
    return 0.5 * 10.0 ** (int(power or 0) - behind)


def cells(block: Block, lengths: Sequence[int]) -> Cells:
    """What a block has of a tensor with axes of these lengths.

    Raises:
        ValueError: the block has more or less along an axis, or is nested in another way.
    """
    rows = list(_rows(block, lengths, ()))
    signs = [sign for row in rows for sign in row.signs]
    places = [row.places(len(lengths)) for row in rows]
    none = np.zeros((0, len(lengths)), np.int64)
    return Cells(
        np.concatenate([none, *places]),
        np.array([number(sign) for sign in signs], np.float64),
        np.array([half_unit(sign) for sign in signs], np.float64),
    )


class _Row(NamedTuple):
    """Numbers along the last axis: the place of the row, theirs in it, and what was printed."""

    at: tuple[int, ...]
    indices: Sequence[int]
    signs: Sequence[str]

    def places(self, axes: int) -> Array:
        found = np.empty((len(self.indices), axes), np.int64)
        found[:, :-1] = self.at
        found[:, -1] = self.indices
        return found


def _rows(block: Block, lengths: Sequence[int], at: tuple[int, ...]) -> Iterator[_Row]:
    kept = list(_numbered(block, lengths[0]))
    signs = [thing for _index, thing in kept if isinstance(thing, str)]
    if len(signs) != (len(kept) if len(lengths) == 1 else 0):
        raise ValueError("a number stands where a row was expected, or a row where a number was")
    if len(lengths) == 1:
        yield _Row(at, [index for index, _thing in kept], signs)
        return
    for index, inner in kept:
        yield from _rows(inner, lengths[1:], (*at, index))


def _numbered(block: Block, length: int) -> Iterator[tuple[int, str | Block]]:
    """What stands in a block, with its place: behind a gap it is counted from the end; what comes twice is left out."""
    before = block.index(GAP) if GAP in block else len(block)
    behind = block[before + 1 :]
    if GAP in behind or max(before, len(behind)) > length or (before == len(block) and before != length):
        raise ValueError("an axis has another length")
    yield from enumerate(block[:before])
    for index, thing in enumerate(behind, length - len(behind)):
        if index >= before:
            yield index, thing
