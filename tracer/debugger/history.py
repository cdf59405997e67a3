"""The values that were printed, by the numbers under which expressions know them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import ExpressionError
from ..i18n import _
from ..namedtuple import NamedTuple
from ..tensor import Array, Parameter, Tensor
from .earlier import Earlier
from .expressions.values import Several


class Kept(NamedTuple):
    """What was printed, as it was asked for: a number, a text, a tensor, several of these; or that it is `Gone`."""

    text: str
    value: Any


class Gone(NamedTuple):
    """What stands for a value that later ones took the room of."""

    nbytes: int


ROOM = 64 << 20
"""Bytes of tensors that are kept of values; the last one is kept in any case."""


class History:
    """Values in the order of printing, counted from 1; of the oldest the numbers go where they take too much room."""

    def __init__(self) -> None:
        self._kept: list[Kept] = []
        self._sizes: OrderedDict[int, int] = OrderedDict()

    def copied(self) -> History:
        """The values so far, to which others may be added apart."""
        twin = History()
        twin._kept, twin._sizes = list(self._kept), self._sizes.copy()
        return twin

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Kept]:
        return iter(self._kept)

    def keep(self, text: str, value: Any) -> int:
        """Keep a value under the next number, which is returned."""
        apart = _apart(value)
        self._kept.append(Kept(text, apart))
        if size := _size(apart):
            self._sizes[len(self) - 1] = size
        while len(self._sizes) > 1 and sum(self._sizes.values()) > ROOM:
            place, nbytes = self._sizes.popitem(last=False)
            self._kept[place] = self._kept[place]._replace(value=Gone(nbytes))
        return len(self)

    def find(self, wanted: Earlier) -> Any:
        """The value that is meant.

        Raises:
            ExpressionError: so many were not printed.
        """
        number = len(self) - wanted.back if wanted.number is None else wanted.number
        if not 1 <= number <= len(self):
            known = _("there are $1 to ${n}").format(n=len(self)) if self._kept else _("print keeps them")
            raise ExpressionError(_("there is no value {name}; {known}").format(name=wanted.text, known=known))
        text, value = self._kept[number - 1]
        if isinstance(value, Gone):
            told = _("the {size} MB of {name} were let go of for later values; print {text} again")
            raise ExpressionError(told.format(size=value.nbytes >> 20, name=wanted.text, text=text))
        return value


def _size(value: Any) -> int:
    """The bytes of the arrays of a value, but for a parameter, which the model has anyway."""
    if isinstance(value, Several):
        return sum(map(_size, value.values))
    return int(value.array.nbytes) if isinstance(value, Tensor) and not isinstance(value, Parameter) else 0


def _apart(value: Any) -> Any:
    """A value without the rest of the memory that a small part of an array lies in."""
    if isinstance(value, Several):
        return replace(value, values=tuple(map(_apart, value.values)))
    if not isinstance(value, Tensor) or isinstance(value, Parameter) or not _is_small_part(value.array):
        return value
    apart = copy(value)
    apart.array = value.array.copy()
    return apart


def _is_small_part(array: Array) -> bool:
    """Whether an array holds much more in memory than it has."""
    return isinstance(array.base, np.ndarray) and array.nbytes < array.base.nbytes / 2
