"""An edit as data, and what becomes of a record where it holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..addresses import Address, At, parse
from ..dataclass import dataclass
from ..errors import InputError, SelectorError
from ..i18n import _, extent
from ..namedtuple import NamedTuple
from ..tensor import Array, Located, Tensor
from .call import Call
from .values import OfModel, Otherwise, Taken, Value, broadcast, value_of

Index = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Edit:
    """Some cells of a record get a value, at the moment the record is made.

    ``address`` has their selectors. With a step the edit holds there alone, or, ``onward``, from there on; without one,
    in every pass that has the record and the cells. ``number`` is its own among those of a run, from 1, and ``paths``
    are the records that the address stands for, once a run has found them.
    """

    address: Address
    value: Value
    onward: bool = False
    number: int = 0
    paths: frozenset[str] = frozenset()

    def holds(self, at: At | None) -> bool:
        """Whether it holds in a pass."""
        step = self.address.step
        return at is not None and (step is None or at.number == step or (self.onward and at.number > step))

    def within(self, tape: Taken) -> Edit:
        """The same in a pass, from which its value may take."""
        return replace(self, value=self.value.within(tape)) if self.value.beside else self

    @property
    def is_everywhere(self) -> bool:
        """Whether it holds in every pass."""
        return self.address.step is None

    def __str__(self) -> str:
        return self.value.told(str(self.address))


class Applied(NamedTuple):
    """An edit as it was applied to a record: the part it is of, what stood there before, and what stands there now.

    ``call`` is what that came of, where it is the call of an operation.
    """

    edit: Edit
    where: Located
    before: Array
    after: Array
    call: Call | None = None

    @property
    def changed(self) -> int:
        """The number of cells that have another value."""
        return int(np.count_nonzero(~_same(self.before, self.after)))

    def place(self, index: Sequence[int], shape: Sequence[int]) -> Index | None:
        """Where a cell of the record, which has such a shape, lies in the part; None where it does not."""
        ranges = [
            range(n)[where] if isinstance(where, slice) else where for where, n in zip(self.where, shape, strict=True)
        ]
        pairs = list(zip(index, ranges, strict=True))
        if not all(n in places if isinstance(places, range) else n == places for n, places in pairs):
            return None
        return tuple(places.index(n) for n, places in pairs if isinstance(places, range))


def edit(address: str | Address, value: Any, *, onward: bool = False) -> Edit:
    """An edit of the cells at an address: in the step it names, ``onward`` from there on, else in every pass.

    The value is a number, an array (broadcast as NumPy does it), a tensor (broadcast by the names of its axes),
    ``"mean"`` over the positions, a function of the computed part, or a `Value`.

    Raises:
        AddressError: the address does not parse.
        InputError: the value is nothing that can be put there, or the address is one of a run or of a hypothesis.
    """
    where = parse(address) if isinstance(address, str) else address
    if where.run is not None or where.beam is not None:
        raise InputError(
            _("an edit holds in the run it makes a branch of; leave {name} out of {address}").format(
                name=f"r{where.run}" if where.run is not None else where.at, address=where
            )
        )
    if where.record is not None and where.step is None:
        raise InputError(_("{address} is of one step; write it with its step, e.g. @1{address}").format(address=where))
    return Edit(where, value_of(value), onward)


def applied(edits: Iterable[Edit], call: Call, output: Tensor) -> list[Applied]:
    """Edits of what has come of a call, one after the other; the last of them has left what is recorded.

    Those that put another call in its place come first, so that values put in before stay where they are.

    Raises:
        InputError: what an edit puts in does not fit; the message has both headers.
    """
    found: list[Applied] = []
    array = output.array
    for one in sorted(edits, key=lambda edit: not isinstance(edit.value, Otherwise)):
        where = _located(one, call, output)
        if where is None:
            continue
        part = Tensor(array, output.dims, output.path, output.at).cut(where)
        other = one.value.instead(call)
        put = one.value.put(part, one.address.selectors) if other is None else other.output().array[where]
        if put is not None:
            before = part.array if part.array.size == array.size else part.array.copy()
            after = fitted(put, part, one)
            _check_ids(after, part, call)
            found.append(Applied(one, where, before, after, other))
            array = left(found[-1:], array)
        call = other or call
    return found


def left(edits: Sequence[Applied], computed: Array) -> Array:
    """What edits have left of an array."""
    array = computed.copy()
    for one in edits:
        array[one.where] = one.after
    return array


def fitted(put: Any, part: Tensor, of: Edit) -> Array:
    """What an edit puts in, with the shape and the type of the part that it is of; raises as `applied` does."""
    whole = broadcast(put, part, of.address.selectors)
    kind = part.array.dtype
    if kind.kind in "iu" and not (np.isfinite(whole).all() and np.array_equal(whole, np.rint(whole))):
        raise InputError(
            _("{address} holds whole numbers, and {value} is none").format(address=part.address, value=of.value)
        )
    return whole if whole.dtype == kind else whole.astype(kind)


def _check_ids(put: Array, part: Tensor, call: Call) -> None:
    """Insist that what is put in place of ids is ids, of that which a call chooses from; raises as `applied` does."""
    if not call.op.chooses:
        return
    last = call.inputs[0].shape[-1] - 1
    if (wrong := put[(put < 0) | (put > last)]).size:
        told = _("{address}: {value} is no id that can be chosen: there are {extent}")
        raise InputError(told.format(address=part.address, value=wrong.flat[0], extent=extent("0", str(last))))


def _located(one: Edit, call: Call, output: Tensor) -> Located | None:
    """The part of an output that an edit is of; None where it has no such cells.

    Rows that were kept, and that an earlier pass has edited already, are left as they are.
    """
    try:
        where = output.locate(one.address.selectors)
    except SelectorError:
        return None
    if not call.op.shares:
        return where
    done = sum(tensor.shape[1] for tensor in call.inputs if tensor.path == output.path and one.holds(tensor.at))
    return _from(where, done, output.shape[1]) if done else where


def _from(where: Located, start: int, length: int) -> Located | None:
    """An index without the keys, along the second axis, that come before one; None where nothing is left."""
    heads, keys, *rest = where
    if isinstance(keys, int):
        return where if keys >= start else None
    places = range(length)[keys]
    kept = [place for place in places if place >= start]
    return (heads, _slice(kept[0], kept[-1], places.step), *rest) if kept else None


def _slice(first: int, last: int, step: int) -> slice:
    stop = last + (1 if step > 0 else -1)
    return slice(first, None if stop < 0 else stop, step)


def _same(left: Array, right: Array) -> Array:
    """Where two arrays have the same values, nan being the same as nan."""
    found: Array = (left == right) | ((left != left) & (right != right))
    return found


def is_of_model(edit: Edit) -> bool:
    """Whether an edit is of the model rather than of records."""
    return isinstance(edit.value, OfModel)


def lasting(edits: Iterable[Edit]) -> list[Edit]:
    """The edits of a model that fresh runs keep: all of them, if one of them lasts."""
    found = [edit for edit in edits if isinstance(edit.value, OfModel)]
    return found if any(edit.value.lasts for edit in found if isinstance(edit.value, OfModel)) else []


def changed(model: Any, edits: Iterable[Edit]) -> Any:
    """A model with edits of it made, one after the other; raises `InputError` where that can't be."""
    for one in edits:
        assert isinstance(one.value, OfModel)
        model = one.value.changed(model, one)
    return model
