"""The kinds of functions, by how they meet a tensor and its axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ....errors import InputError
from ....i18n import _
from ....stack import Ragged
from ....tensor import Array, Tensor
from ..gradients import Worked, numbers, over_each, passed_on, scattered
from ..operators import Operator, cellwise, cellwise_worked
from ..values import Places, everything, mapped, settled

There = Array | bool
"""Which cells are there: all, or those where it is true."""


class Function:
    """A function under its name; ``compute`` is its arithmetic, and has its help.

    ``taken`` is how what it takes is written. ``slope`` is its derivative, as its kind has it, None where it has none.
    """

    taken = "X"

    def __init__(self, name: str, compute: Callable[..., Any], slope: Callable[..., Any] | None = None) -> None:
        self.name = name
        self.compute = compute
        self.slope = slope

    @property
    def usage(self) -> str:
        """``max(X[, AXIS, …])``."""
        return f"{self.name}({self.taken})"

    def __call__(self, value: Any) -> Any:
        """The value of the function."""
        raise NotImplementedError

    def worked(self, value: Any) -> Worked:
        """The same, with the way back."""
        raise NotImplementedError

    def operator(self, **how: Any) -> Operator:
        """The function as an operator, with what it is told beside the value."""
        worked = None if self.slope is None else partial(self.worked, **how)
        return Operator(self.name, partial(self, **how) if how else self, worked)


class OfCells(Function):
    """Computes with every cell, and keeps the axes; ``slope`` takes a cell and what became of it."""

    def __init__(
        self, name: str, compute: Callable[[Any], Any], slope: Callable[[Array, Array], Any] | None = None
    ) -> None:
        super().__init__(name, compute, slope)
        self._apply = cellwise(compute)

    def __call__(self, value: Any) -> Any:
        return self._apply(value)

    def worked(self, value: Any) -> Worked:
        assert self.slope is not None
        return cellwise_worked(self.compute, self.slope)(value)


class OfValue(Function):
    """Computes with a value as a whole, each tensor of a glob by itself where these don't make one."""

    def __init__(self, name: str, compute: Callable[[Any], Any]) -> None:
        super().__init__(name, compute)
        self._apply = mapped(compute)

    def __call__(self, value: Any) -> Any:
        return self._apply(value)


class OverAll(Function):
    """Takes away the axes that are named, or all of them; ``compute`` takes them as one, the last.

    ``slope`` takes the cells, [… , n], what came of them, [… , 1], and which are there: what came gains by each cell.
    """

    taken = "X[, AXIS, …]"

    def __call__(self, value: Any, axes: Sequence[str] = ()) -> Any:
        """The value over the axes.

        Raises:
            InputError: there is no such axis.
            ValueError: no cell is left, or a value without axes is not enough.
        """
        return mapped(partial(self._over, axes))(value) if axes else self._alone(value)

    def worked(self, value: Any, axes: Sequence[str] = ()) -> Worked:
        return over_each(partial(self._over_worked, axes))(value) if axes else self._alone_worked(value)

    def _alone(self, value: Any) -> Any:
        return self.compute(everything(value), True)

    def _alone_worked(self, value: Any) -> Worked:
        x = numbers(everything(value))
        return Worked(self.compute(x, True), lambda gradient: [scattered(self._gained(gradient, x, True), value)])

    def _over(self, axes: Sequence[str], value: Any) -> Any:
        tensor = _with_axes(value)
        return self._along(_places(axes, tensor), tensor)

    def _over_worked(self, axes: Sequence[str], value: Any) -> Worked:
        tensor = _with_axes(value)
        return self._along_worked(_places(axes, tensor), tensor)

    def _along(self, places: list[int], tensor: Tensor) -> Any:
        rest, order, lengths = _laid(places, tensor)
        if not isinstance(tensor, Ragged):
            found = self.compute(_flat(tensor.array, order, lengths), True)
            return self._made(found, tensor, rest, places, None)
        there = _flat(tensor.there, order, lengths)
        found = self.compute(_flat(np.asarray(tensor.array), order, lengths), there)
        return self._made(found, tensor, rest, places, there)

    def _along_worked(self, places: list[int], tensor: Tensor) -> Worked:
        return Worked(self._along(places, tensor), lambda gradient: [self._gained_along(places, tensor, gradient)])

    def _made(self, found: Array, tensor: Tensor, rest: list[int], places: list[int], there: Array | None) -> Any:
        """What was computed, with the axes that are left."""
        dims = tuple(tensor.dims[place] for place in rest)
        return settled(np.asarray(found), dims, None if there is None else np.logical_or.reduce(there, -1))

    def _gained_along(self, places: list[int], tensor: Tensor, gradient: Array) -> Array:
        """What each cell of a tensor gains, over places of whose axes something was computed."""
        _rest, order, lengths = _laid(places, tensor)
        there = _flat(tensor.there, order, lengths) if isinstance(tensor, Ragged) else True
        return _unflat(self._gained(gradient, _flat(numbers(tensor), order, lengths), there), order, tensor.shape)

    def _gained(self, gradient: Array, x: Array, there: There) -> Array:
        """[…] -> [… , n]: what each cell gains."""
        assert self.slope is not None
        found = np.asarray(self.compute(x, there))[..., None]
        gained = passed_on(np.asarray(gradient)[..., None], np.broadcast_to(self.slope(x, found, there), x.shape))
        return filled(gained, there, 0)


class OverLast(OverAll):
    """As `OverAll`, but the last axis in place of all of them."""

    def _alone(self, value: Any) -> Any:
        return mapped(self._over_last)(value)

    def _alone_worked(self, value: Any) -> Worked:
        return over_each(self._over_last_worked)(value)

    def _over_last(self, value: Any) -> Any:
        tensor = _with_axes(value)
        return self._along([len(tensor.dims) - 1], tensor)

    def _over_last_worked(self, value: Any) -> Worked:
        tensor = _with_axes(value)
        return self._along_worked([len(tensor.dims) - 1], tensor)


class Placing(OverLast):
    """Finds places along one axis."""

    taken = "X[, AXIS]"

    def _made(self, found: Array, tensor: Tensor, rest: list[int], places: list[int], there: Array | None) -> Any:
        if len(places) > 1:
            raise InputError(_("places are counted along one axis"))
        made = super()._made(found, tensor, rest, places, there)
        if isinstance(made, Ragged):
            return made
        return Places(np.asarray(found), tuple(tensor.dims[place] for place in rest), tensor.dims[places[0]])


class KeepingAxes(OverLast):
    """Computes with the cells along some axes together, and keeps these.

    ``slope`` takes the gradient of what came of the cells, [… , n], and what that is: what each cell gains.
    """

    def _made(self, found: Array, tensor: Tensor, rest: list[int], places: list[int], there: Array | None) -> Any:
        whole = _unflat(found, [*rest, *places], tensor.shape)
        return settled(whole, tensor.dims, tensor.there if isinstance(tensor, Ragged) else None)

    def _gained_along(self, places: list[int], tensor: Tensor, gradient: Array) -> Array:
        _rest, order, lengths = _laid(places, tensor)
        return super()._gained_along(places, tensor, _flat(gradient, order, lengths))

    def _gained(self, gradient: Array, x: Array, there: There) -> Array:
        assert self.slope is not None
        return filled(self.slope(gradient, self.compute(x, there)), there, 0)


class OfToken(Function):
    """Computes with the row of a step, [vocab], that ``path`` has, and the places of so many ``tokens`` in it.

    ``slope`` takes the same: what came of them gains by each of the row.
    """

    def __init__(
        self,
        name: str,
        compute: Callable[..., Any],
        path: str,
        tokens: int = 1,
        slope: Callable[..., Array] | None = None,
    ) -> None:
        super().__init__(name, compute, slope)
        self.path = path
        self.tokens = tokens

    @property
    def usage(self) -> str:
        return f"{self.name}({', '.join(['TOKEN'] * self.tokens)}[, POSITION])"


class OfRuns(Function):
    """Computes with the rows [vocab] that the steps of two runs have at ``path``."""

    taken = "RUN, RUN[, POSITION]"

    def __init__(self, name: str, compute: Callable[[Array, Array], Any], path: str) -> None:
        super().__init__(name, compute)
        self.path = path


def function(name: str, kind: type[Function], **how: Any) -> Callable[[Callable[..., Any]], Function]:
    """Make a function of a kind of its arithmetic, whose docstring is a summary line, then text, and examples."""
    return lambda compute: kind(name, compute, **how)


def filled(x: Array, there: There, blank: float) -> Array:
    """Cells with another value where they are not there."""
    return x if there is True else np.where(there, x, blank)


def _flat(array: Array, order: Sequence[int], lengths: Sequence[int]) -> Array:
    """The axes that come last in an order as one, of which the others have these lengths."""
    if order[-1] == len(lengths) == len(order) - 1:
        return array
    moved = array.transpose(order)
    return moved.reshape([*lengths, math.prod(moved.shape[len(lengths) :])])


def _unflat(found: Array, order: Sequence[int], shape: Sequence[int]) -> Array:
    """The way back of `_flat`: the last axis as several, and all where they were."""
    return found.reshape([shape[place] for place in order]).transpose(np.argsort(order))


def _laid(places: list[int], tensor: Tensor) -> tuple[list[int], list[int], list[int]]:
    """The axes that are not among some places; all of them, those last; and the lengths of the first."""
    rest = [place for place in range(len(tensor.dims)) if place not in places]
    return rest, [*rest, *places], [tensor.shape[place] for place in rest]


def _places(axes: Sequence[str], tensor: Tensor) -> list[int]:
    """The places of axes by their names; raises InputError where there is no such axis."""
    return [_place(name, tensor) for name in dict.fromkeys(axes)]


def _with_axes(value: Any) -> Tensor:
    if not isinstance(value, Tensor) or not value.dims:
        raise ValueError
    return value


def _place(name: str, tensor: Tensor) -> int:
    if name in tensor.axes:
        return tensor.axes.index(name)
    known = ", ".join(tensor.axes)
    raise InputError(_("there is no axis {name}; the axes are {known}").format(name=name, known=known))
