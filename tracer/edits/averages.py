"""The mean of what a run has at all positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np

from ..addresses import At, Selector
from ..alignment import TOKENS
from ..arithmetic import Foreign, Node, Number, total
from ..dataclass import dataclass
from ..errors import InputError
from ..i18n import _
from ..tensor import Tensor
from .values import Cell, Value

if TYPE_CHECKING:
    from ..trace import Trace


@dataclass(frozen=True, eq=False)
class Average(Value):
    """The mean over the positions that a run has in some passes, which have every one of them once between them.

    Whatever positions are selected, it is over all of them. ``means`` are those taken so far, by path.

    Raises:
        InputError: what it is put into has no positions, or other places differ from pass to pass.
        SelectorError: the selectors name no such cells.
    """

    trace: Trace
    passes: Sequence[At]
    means: dict[str, Tensor] = field(default_factory=dict)

    def put(self, computed: Tensor, selectors: Sequence[Selector]) -> Tensor:
        if computed.path not in self.means:
            self.means[computed.path] = _mean(list(self._there(computed.path)), computed)
        axis = _axis(next(self._there(computed.path)))
        return self.means[computed.path].select([*selectors[:axis], *selectors[axis + 1 :]])

    def derive(self, cell: Cell) -> Node:
        axis = _axis(cell.output)
        leaves = [
            there.leaf(*cell.index[:axis], place, *cell.index[axis + 1 :])
            for there in self._there(cell.output.path)
            for place in range(there.shape[axis])
        ]
        summed = total(Foreign(leaf.path, leaf.index, leaf.value, leaf.at, self.trace) for leaf in leaves)
        return summed / Number(float(len(leaves)), "n")

    @property
    def runs(self) -> Sequence[Trace]:
        return (self.trace,)

    def _there(self, path: str) -> Iterator[Tensor]:
        """What the run has there, pass by pass."""
        tapes = map(self.trace.at, self.passes)
        return (tape.find(path).output for tape in tapes if path in tape.addresses)

    def __str__(self) -> str:
        return _("the mean over the positions of r{n}").format(
            n="?" if self.trace.number is None else self.trace.number
        )


def _axis(tensor: Tensor) -> int:
    """The axis of positions."""
    found = next((n for n, axis in enumerate(tensor.dims) if axis.name in TOKENS), None)
    if found is None:
        raise InputError(_("{address} has no positions to take the mean of").format(address=tensor.address))
    return found


def _mean(parts: Sequence[Tensor], of: Tensor) -> Tensor:
    """The mean over all positions of some passes, without that axis."""
    axis = _axis(parts[0]) if parts else _axis(of)
    shapes = {(*part.shape[:axis], *part.shape[axis + 1 :]) for part in parts}
    if len(shapes) != 1:
        raise InputError(_("{address} has no positions to take the mean of").format(address=of.address))
    joined = np.concatenate([part.array for part in parts], axis)
    dims = parts[0].dims
    return Tensor(joined.mean(axis, dtype=np.float64), (*dims[:axis], *dims[axis + 1 :]), of.path)
