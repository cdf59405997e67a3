"""Tensors whose places are taken in another order, and that know which cells theirs are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arithmetic import Leaf, Node, Noted, Number, total
from ..i18n import N_, _
from ..operation import Gradient, Operation, Written
from ..tape import Record
from ..tensor import Located, Parameter, Tensor


class PutBack(Gradient):
    """What another operation yields for places in some order, added up at the ``places`` of a tensor they are of."""

    reference = N_("the chain rule for several variables; Rumelhart, Hinton & Williams 1986")

    def __init__(self, op: Operation, axis: int, places: Sequence[int], length: int) -> None:
        self._op, self._axis, self._places, self._length = op, axis, places, length

    def forward(self, *inputs: Any, **parameters: Any) -> Tensor:
        taken = self._op.forward(*inputs, **parameters)
        rows = np.moveaxis(taken.array, self._axis, 0)
        put = np.zeros((self._length, *rows.shape[1:]), rows.dtype)
        np.add.at(put, list(self._places), rows)
        return Tensor(np.ascontiguousarray(np.moveaxis(put, 0, self._axis)), taken.dims)

    def derive(self, index: tuple[int, ...], *inputs: Any, **parameters: Any) -> Node:
        before, place, after = index[: self._axis], index[self._axis], index[self._axis + 1 :]
        taken = [n for n, one in enumerate(self._places) if one == place]
        if not taken:
            return Noted(Number(0.0), _("nothing was computed with this cell"))
        return total(self._op.derive((*before, n, *after), *inputs, **parameters) for n in taken)

    def written(self, record: Record) -> Written:
        formula, latex = self._op.written(record)
        return Written(N_("Σ {formula} over the places that took a cell").format(formula=formula), rf"\sum {latex}")


class Reordered(Tensor):
    """A tensor with ``places`` of one axis, in this order and each as often as it is named."""

    __slots__ = ("_axis", "_places", "_source")

    def __init__(self, source: Tensor, axis: int, places: Sequence[int]) -> None:
        super().__init__(source.array.take(places, axis), source.dims, source.path, source.at)
        self._source, self._axis, self._places = source, axis, places

    def put_back(self, gradient: Operation) -> Operation:
        return PutBack(gradient, self._axis, self._places, self._source.shape[self._axis])

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

    @property
    def place(self) -> Located:
        return self._source.place

    def leaf(self, *index: int) -> Leaf:
        row, column = index
        return self._source.leaf(column, row)
