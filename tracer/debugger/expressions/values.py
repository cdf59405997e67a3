"""What an expression works with: numbers, arrays, and the several tensors of a glob."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from ...errors import ExpressionError
from ...i18n import _
from ...tensor import Array, Tensor


@dataclass(frozen=True, slots=True)
class Several:
    """One value for each tensor that a glob stands for, with the address of each."""

    addresses: tuple[str, ...]
    values: tuple[Any, ...]


NUMPY = (np.ndarray, np.generic)

Value = float | int | bool | str | Array | Several


def mapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, applied to each tensor of a glob in turn.

    Raises:
        ValueError: two globs stand for different numbers of tensors.
    """

    def over_each(*values: Any) -> Any:
        if Several not in map(type, values):
            return function(*values)
        globs = [value for value in values if isinstance(value, Several)]
        if len({len(glob.values) for glob in globs}) > 1:
            raise ValueError
        turns = zip(*(value.values if isinstance(value, Several) else repeat(value) for value in values), strict=False)
        return Several(globs[0].addresses, tuple(function(*turn) for turn in turns))

    return over_each


def everything(value: Any) -> Array:
    """A value as one array; the tensors of a glob end to end."""
    if isinstance(value, Several):
        return np.concatenate([np.ravel(part) for part in value.values])
    return np.asarray(value)


def arrays(value: Any) -> Any:
    """A value with the arrays of its tensors in their place."""
    if isinstance(value, Several):
        return Several(value.addresses, tuple(map(arrays, value.values)))
    return value.array if isinstance(value, Tensor) else value


def plain(value: Any) -> Any:
    """A value as Python has it, where it is a single one."""
    if isinstance(value, Several):
        return Several(value.addresses, tuple(map(plain, value.values)))
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
    shape = np.shape(value)
    return _("a tensor [{shape}]").format(shape=",".join(map(str, shape))) if shape else _("a single value")
