"""The operands of an expression, as addresses that can be asked about next; cells of one row share a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..arithmetic import Leaf
from ..tape import Record
from ..tensor import Parameter, Tensor

_ALONE = 3
"""So many cells of a record are listed one by one."""

Index = tuple[int, ...]


class Operand(NamedTuple):
    """One cell, or a run of cells, of a record or parameter."""

    address: str
    selectors: str
    values: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.address}[{self.selectors}]" if self.selectors else self.address


def operands(leaves: Iterable[Leaf], shapes: Mapping[str, Sequence[int]]) -> Iterator[Operand]:
    """Every cell once, in the order of first use. ``shapes`` tells which slices are a whole axis."""
    cells: dict[str, dict[Index, float]] = {}
    for leaf in leaves:
        cells.setdefault(leaf.address, {})[leaf.index] = leaf.value
    for address, by_index in cells.items():
        block = _block(by_index, shapes.get(address)) if len(by_index) > _ALONE else None
        if block is not None:
            yield Operand(address, block, tuple(by_index[index] for index in sorted(by_index)))
        else:
            yield from (Operand(address, ",".join(map(str, index)), (value,)) for index, value in by_index.items())


def shapes_of(record: Record) -> dict[str, Sequence[int]]:
    """The shape, as stored, of everything a record was computed from."""
    tensors: list[Tensor] = [*record.inputs, *(p for p in record.parameters.values() if isinstance(p, Parameter))]
    return {tensor.address: _stored(tensor) for tensor in tensors}


def _stored(tensor: Tensor) -> Sequence[int]:
    return tensor.shape[::-1] if isinstance(tensor, Parameter) and tensor.transposed else tensor.shape


def _block(indices: Iterable[Index], shape: Sequence[int] | None) -> str | None:
    """The selectors of a box that holds these cells and no others; None where there is no such box."""
    axes = [sorted(set(axis)) for axis in zip(*indices, strict=True)]
    cells = 1
    for axis in axes:
        cells *= axis[-1] - axis[0] + 1
    if cells != len(set(indices)):
        return None
    lengths = shape or [0] * len(axes)
    return ",".join(_span(axis[0], axis[-1] + 1, n) for axis, n in zip(axes, lengths, strict=True))


def _span(start: int, stop: int, length: int) -> str:
    if stop - start == 1:
        return str(start)
    return ":" if (start, stop) == (0, length) else f"{start}:{stop}"
