"""What an expression works with: numbers, tensors, and the several tensors of a glob that don't make one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from ...dataclass import dataclass
from ...errors import ExpressionError
from ...i18n import _
from ...stack import Ragged, axis_of, padded, size, with_blanks
from ...tensor import Array, Axis, Tensor

LARGEST = 2**27
"""Cells in a result."""


@dataclass(frozen=True, slots=True)
class Several:
    """One value for each tensor that a glob stands for, with the address of each."""

    addresses: tuple[str, ...]
    values: tuple[Any, ...]


class Places(Tensor):
    """Places that are counted along an axis, as those of the largest cells are."""

    __slots__ = ("along",)

    def __init__(self, array: Array, dims: tuple[Axis, ...], along: Axis) -> None:
        super().__init__(array, dims)
        self.along = along


NUMPY = (np.ndarray, np.generic)

Value = float | int | bool | str | Tensor | Several


def as_tensor(value: Any) -> Tensor:
    """A tensor, or a single value as one without axes."""
    return value if isinstance(value, Tensor) else Tensor(np.asarray(value), ())


def single(value: Any) -> Any:
    """A tensor without axes as the number that it is; any other value as it is."""
    return value.array[()] if isinstance(value, Tensor) and not value.dims else value


def settled(array: Array, dims: tuple[Axis, ...], there: Array | None = None) -> Any:
    """An array with axes as a tensor, one without as a single value; ``there`` says which cells are."""
    if not dims:
        return array[()]
    if there is None or there.all():
        return Tensor(array, dims)
    return Ragged(with_blanks(array, there), dims)


def together(values: Sequence[Any], along: Axis) -> Tensor | None:
    """Values as one tensor, [along, …]; None where their axes differ, or it would be too large."""
    tensors = list(map(as_tensor, values))
    return padded(tensors, along) if size(tensors) <= LARGEST else None


def united(value: Any) -> Any:
    """The tensors of a glob as one, [layer or place, …], where they make one; any other value as it is."""
    if not isinstance(value, Several) or any(isinstance(part, Several) for part in value.values):
        return value
    whole = together(value.values, axis_of(value.addresses))
    return value if whole is None else whole


def mapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, applied to each tensor of a glob in turn where these don't make one.

    Raises:
        ValueError: two globs stand for different numbers of tensors.
    """

    def over_each(*values: Any) -> Any:
        if Several not in map(type, values):
            return function(*values)
        addresses, operands = turns(values)
        return united(Several(addresses, tuple(function(*turn) for turn in operands)))

    return over_each


def turns(values: Sequence[Any]) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    """The addresses of a glob, and for each of them the operands, some of which stand for so many.

    Raises:
        ValueError: two globs stand for different numbers of tensors.
    """
    globs = [value for value in values if isinstance(value, Several)]
    if len({len(glob.values) for glob in globs}) > 1:
        raise ValueError
    operands = (value.values if isinstance(value, Several) else repeat(value) for value in values)
    return globs[0].addresses, zip(*operands, strict=False)


def everything(value: Any) -> Array:
    """[n]: the cells of a value, the tensors of a glob end to end; those of a ragged one that are there."""
    match value:
        case Several():
            return np.concatenate([everything(part) for part in value.values])
        case Ragged():
            return np.asarray(value.array)[value.there]
        case Tensor():
            return value.array.ravel()
        case _:
            return np.ravel(value)


def plain(value: Any) -> Any:
    """A value as Python has it, where it is a single one."""
    match value:
        case Several():
            return Several(value.addresses, tuple(map(plain, value.values)))
        case Tensor():
            return value if value.dims else value.array.item()
        case _:
            return value.item() if isinstance(value, NUMPY) and value.ndim == 0 else value


def truth(value: Value) -> bool:
    """The one truth value of a condition; a number is true unless it is 0.

    Raises:
        ExpressionError: text, or as many truth values as the tensor has cells.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        raise ExpressionError(_('text is neither true nor false; compare it, e.g. token == "love"'))
    cells = everything(value)
    if cells.size != 1:
        raise ExpressionError(
            _("a condition must be one truth value, and this has {n}; wrap it in any(…) or all(…)").format(n=cells.size)
        )
    return bool(cells.item())


def described(values: Iterable[Any]) -> str:
    """What the operands of a failed operation are, for its message."""
    return _(" and ").join(map(_described, values))


def _described(value: Any) -> str:
    if isinstance(value, Several):
        return _("{n} tensors").format(n=len(value.values))
    return _("a tensor {axes}").format(axes=value.header) if np.shape(value) else _("a single value")
