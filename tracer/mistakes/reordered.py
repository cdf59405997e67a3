"""Tensors whose places are taken in another order, and that know which cells theirs are."""

from __future__ import annotations

from collections.abc import Sequence

from ..arithmetic import Leaf
from ..tensor import Parameter, Tensor


class Reordered(Tensor):
    """A tensor with ``places`` of one axis, in this order and each as often as it is named."""

    __slots__ = ("_axis", "_places", "_source")

    def __init__(self, source: Tensor, axis: int, places: Sequence[int]) -> None:
        super().__init__(source.array.take(places, axis), source.dims, source.path, source.at)
        self._source, self._axis, self._places = source, axis, places

    def leaf(self, *index: int) -> Leaf:
        there = list(index)
        there[self._axis] = self._places[index[self._axis]]
        return self._source.leaf(*there)


class Turned(Parameter):
    """A square matrix of parameters, turned over."""

    __slots__ = ("_source",)

    def __init__(self, source: Parameter) -> None:
        super().__init__(source.array.T, source.dims, source.path, transposed=not source.transposed)
        self._source = source

    def leaf(self, *index: int) -> Leaf:
        row, column = index
        return self._source.leaf(column, row)
