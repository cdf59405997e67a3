"""Tensors: a read-only array, the name of each axis, and the labels that run along it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .addresses import At, Index, Label, Selector, Span, near_piece, written
from .arithmetic import Leaf
from .errors import SelectorError
from .i18n import _, ngettext
from .namedtuple import NamedTuple
from .pieces import goes_by

if TYPE_CHECKING:
    from .operation import Operation

Array = NDArray[Any]
Located = tuple[int | slice, ...]
"""An index for each axis of a tensor, every place counted from 0."""


class Axis(NamedTuple):
    """One axis of a tensor: its name and, along tokens, a label for each place.

    ``numbers`` are the places that those of a part had in the whole.
    """

    name: str
    labels: Sequence[str] | None = None
    numbers: Sequence[int] | None = None

    def named(self, name: str) -> Axis:
        """The same places under another name, as when positions become queries."""
        return Axis(name, self.labels, self.numbers)

    def number(self, place: int) -> int:
        """What a place is counted as."""
        return place if self.numbers is None else self.numbers[place]


HEAD, KV_HEAD, FEATURE, D_K = Axis("head"), Axis("kv_head"), Axis("feature"), Axis("d_k")
EXPERT, SLOT = Axis("expert"), Axis("slot")
"""Of a mixture: all of its experts, and those chosen for a token, the likeliest first."""
OUT_FEATURE, IN_FEATURE = Axis("out_feature"), Axis("in_feature")
"""Those of a trained matrix from features to features."""


class Statistics(NamedTuple):
    """Of the finite values of a tensor (population standard deviation), and how many are not finite.

    Where nothing is finite, of all values: all of them −∞, the minimum is −∞. Where there are none, nan.
    """

    min: float
    max: float
    mean: float
    std: float
    nonfinite: int


AT_ONCE = 1 << 18
"""Cells that are looked at together, so that the room it takes does not grow with the array."""


def _finite(array: Array) -> Iterator[Array]:
    """The finite numbers of an array in double precision, some at a time."""
    flat = array.reshape(-1)
    for start in range(0, flat.size, AT_ONCE):
        part = flat[start : start + AT_ONCE]
        found = part[np.isfinite(part)]
        if found.size:
            yield found.astype(np.float64)


class Tensor:
    """An array with named axes.

    ``path`` is what it is called (``decoder.0.ffn.norm``), if anything; ``at`` the pass in which it was recorded.
    """

    __slots__ = ("array", "at", "dims", "path")

    def __init__(self, array: Array, dims: tuple[Axis, ...], path: str = "", at: At | None = None) -> None:
        self.array = array
        self.dims = dims
        self.path = path
        self.at = at

    @property
    def address(self) -> str:
        """Where it was recorded, ``@3:decoder.0.ffn.norm``; else what it is called."""
        return written(self.path, self.at)

    @property
    def axes(self) -> tuple[str, ...]:
        """The names of the axes, in order."""
        return tuple(axis.name for axis in self.dims)

    @property
    def labels(self) -> dict[str, list[str]]:
        """The labels of every axis that has some."""
        return {axis.name: list(axis.labels) for axis in self.dims if axis.labels is not None}

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the numbers."""
        return self.array.dtype

    @property
    def header(self) -> str:
        """The axes with their lengths: ``[head 2, query 3]``."""
        return f"[{', '.join(f'{axis.name} {n}' for axis, n in zip(self.dims, self.shape, strict=True))}]"

    def replaced(self, array: Array) -> Tensor:
        """The same with other numbers."""
        return Tensor(array, self.dims, self.path, self.at)

    def put_back(self, gradient: Operation) -> Operation:
        """What yields the gradient of the record that this is, of what yields that of these cells."""
        return gradient

    def statistics(self) -> Statistics:
        """Minimum, maximum, mean and standard deviation, as `Statistics` has them.

        Whole numbers are ids or places, of which there is no mean.
        """
        array = self.array
        parts = [(part.size, part.min(), part.max(), part.sum()) for part in _finite(array)]
        if not parts:
            return self._of_nothing_finite()
        sizes, lows, highs, sums = zip(*parts, strict=True)
        count, low, high = sum(sizes), float(min(lows)), float(max(highs))
        if np.issubdtype(array.dtype, np.integer):
            return Statistics(low, high, np.nan, np.nan, array.size - count)
        mean = sum(sums) / count
        variance = sum(np.square(part - mean).sum() for part in _finite(array)) / count
        return Statistics(low, high, float(mean), float(np.sqrt(variance)), array.size - count)

    def _of_nothing_finite(self) -> Statistics:
        if not self.array.size:
            return Statistics(np.nan, np.nan, np.nan, np.nan, 0)
        low, high = float(self.array.min()), float(self.array.max())
        mean, std = (low, 0.0) if low == high else (np.nan, np.nan)
        return Statistics(low, high, mean, std, self.array.size)

    def leaf(self, *index: int) -> Leaf:
        """The cell at ``index`` as an operand of an expression."""
        return Leaf(self.path, tuple(map(int, index)), float(self.array[index]), self.at)

    def made(self, *index: int) -> Leaf:
        """The same as one of the tensor that brought it, where that is another."""
        return self.leaf(*index)

    def row(self, *index: int) -> Row:
        """The cells along the last axis at ``index`` of the others."""
        return Row(self, index)

    def column(self, *index: int) -> Row:
        """The cells along the last axis but one at ``index`` of the others."""
        return Row(self, index[:-1], index[-1:])

    def select(self, selectors: Sequence[Selector]) -> Tensor:
        """The part that selectors name, one an axis, trailing axes whole; an axis given one place disappears.

        Raises:
            SelectorError: too many selectors, a place out of range, or a label that does not occur.
        """
        return self.cut(self.locate(selectors)) if selectors else self

    def cut(self, where: Located) -> Tensor:
        """The part at an index for each axis."""
        places = zip(self.dims, where, self.shape, strict=True)
        dims = tuple(_part(axis, place, n) for axis, place, n in places if isinstance(place, slice))
        return Tensor(self.array[where], dims, self.path, self.at)

    def locate(self, selectors: Sequence[Selector]) -> Located:
        """Selectors as an index into the array, every place counted from 0; raises as `select` does."""
        if len(selectors) > len(self.dims):
            raise SelectorError(self._too_many(len(selectors)))
        given = [_place(s, axis, n) for s, axis, n in zip(selectors, self.dims, self.shape, strict=False)]
        return (*given, *[slice(0, n) for n in self.shape[len(given) :]])

    def _too_many(self, given: int) -> str:
        """What to say of more selectors than there are axes."""
        address, n = self.address or _("this tensor"), len(self.dims)
        if not n:
            return _("{address} is a single number; leave the selectors out").format(address=address)
        problem = ngettext(
            "{address} has one axis ({axes}), and {m} selectors were given; leave {k} out",
            "{address} has {n} axes ({axes}), and {m} selectors were given; leave {k} out",
            n,
        )
        return problem.format(address=address, n=n, axes=", ".join(self.axes), m=given, k=given - n)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.array, dtype, copy=copy)

    def __repr__(self) -> str:
        return f"<Tensor {self.address} {self.header} {self.array.dtype}>"

    def __rich__(self) -> object:
        from .render.drawing import Drawn
        from .views.tensors import tensor_view

        return Drawn(tensor_view(self))

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        from .render.notebook import mimebundle

        return mimebundle(self)


class Row:
    """The cells along one axis of a tensor, operands that are made when asked for; the other axes have one place each.

    ``before`` and ``after`` are the places on the axes before and after it.
    """

    __slots__ = ("after", "before", "tensor")

    def __init__(self, tensor: Tensor, before: tuple[int, ...], after: tuple[int, ...] = ()) -> None:
        self.tensor = tensor
        self.before = before
        self.after = after

    @property
    def axis(self) -> Axis:
        """The axis along which the cells lie."""
        return self.tensor.dims[len(self.before)]

    @property
    def values(self) -> Array:
        """The cells' values, in double precision."""
        where: tuple[Any, ...] = (*self.before, slice(None), *self.after)
        found: Array = self.tensor.array[where].astype(np.float64)
        return found

    @property
    def address(self) -> str:
        """The row's address, with selectors as the cells' addresses have them."""
        first, last = self[0].index, self[len(self) - 1].index
        selectors = [str(a) if a == b else ":" for a, b in zip(first, last, strict=True)]
        return written(self.tensor.path, self.tensor.at, selectors)

    def largest(self) -> Leaf:
        """The cell with the largest value, of equals the first; one that is nan before any other."""
        return self[int(self.values.argmax())]

    def find(self, cell: Leaf) -> int | None:
        """The place of a cell, if it is one of these."""
        if (cell.path, cell.at) != (self.tensor.path, self.tensor.at):
            return None
        place = cell.index[len(self.before)]
        return place if place < len(self) and self[place].index == cell.index else None

    def at(self, places: Sequence[int]) -> Row:
        """The cells at some of the places, in this order."""
        return Picked(self, places)

    def __len__(self) -> int:
        return self.tensor.shape[len(self.before)]

    def __getitem__(self, place: int) -> Leaf:
        return self.tensor.leaf(*self.before, place, *self.after)

    def __iter__(self) -> Iterator[Leaf]:
        return map(self.__getitem__, range(len(self)))


class Picked(Row):
    """Some of the cells of a row, in an order of their own."""

    __slots__ = ("_places", "_row")

    def __init__(self, row: Row, places: Sequence[int]) -> None:
        super().__init__(row.tensor, row.before, row.after)
        self._row = row
        self._places = places

    @property
    def axis(self) -> Axis:
        name, labels, _numbers = self._row.axis
        return Axis(name, None if labels is None else [labels[place] for place in self._places])

    @property
    def values(self) -> Array:
        found: Array = self._row.values[list(self._places)]
        return found

    @property
    def address(self) -> str:
        return self._row.address

    def find(self, cell: Leaf) -> int | None:
        place = self._row.find(cell)
        return self._places.index(place) if place in self._places else None

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, place: int) -> Leaf:
        return self._row[self._places[place]]


class Parameter(Tensor):
    """Trained numbers under the name the checkpoint gives them; a part of one remembers where in the file it lies.

    ``offset`` is added to the first place of an index to find the cell in the file; ``transposed`` says that the file
    has a matrix the other way round, ``within`` at which places of further axes before its own it lies there. With
    ``fill``, the array is but room for the numbers: ``fill`` puts them there when ``array`` is first asked for.
    """

    __slots__ = ("_fill", "_room", "offset", "transposed", "within")

    def __init__(
        self,
        array: Array,
        dims: tuple[Axis, ...],
        name: str,
        *,
        offset: int = 0,
        transposed: bool = False,
        within: tuple[int, ...] = (),
        fill: Callable[[], None] | None = None,
    ) -> None:
        self.dims = dims
        self.path = name
        self.at = None
        self.offset = offset
        self.transposed = transposed
        self.within = within
        self._room = array
        self._fill = fill
        if fill is None:
            self.array = array
        else:
            self.__class__ = Unread

    @property
    def shape(self) -> tuple[int, ...]:
        return self._room.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._room.dtype

    def split(self, parts: int) -> list[Parameter]:
        """Equal parts along the first axis, as views."""
        if parts == 1:
            return [self]
        n = len(self._room) // parts
        return [
            Parameter(
                self._room[i * n : (i + 1) * n],
                self.dims,
                self.path,
                offset=self.offset + i * n,
                transposed=self.transposed,
                within=self.within,
                fill=self._fill,
            )
            for i in range(parts)
        ]

    def stacked(self) -> list[Parameter]:
        """What lies along the first axis, each by itself, as views."""
        return [
            Parameter(room, self.dims[1:], self.path, within=(*self.within, i), fill=self._fill)
            for i, room in enumerate(self._room)
        ]

    def copied(self) -> Parameter:
        """The same numbers in memory of their own, laid out alike, and free to be changed."""
        how = {"offset": self.offset, "transposed": self.transposed, "within": self.within}
        return Parameter(self.array.copy("K"), self.dims, self.path, **how)  # type: ignore[arg-type]

    @property
    def stored(self) -> Parameter:
        """The numbers as the file has them, their axes in its order; of a whole parameter."""
        room, dims = (self._room.T, self.dims[::-1]) if self.transposed else (self._room, self.dims)
        return Parameter(room, dims, self.path, fill=self._fill)

    @property
    def turned(self) -> Parameter:
        """The same with its axes the other way round, as a view of which only these matter."""
        return Parameter(self._room.T, self.dims[::-1], self.path, fill=self._fill)

    @property
    def place(self) -> Located:
        """Where in the file it lies."""
        rows, *rest = (slice(0, n) for n in self.shape)
        own = (slice(self.offset, self.offset + rows.stop), *rest)
        return (*self.within, *(own[::-1] if self.transposed else own))

    def leaf(self, *index: int) -> Leaf:
        stored = (int(index[0]) + self.offset, *map(int, index[1:]))
        if self.transposed:
            stored = stored[::-1]
        return Leaf(self.path, (*self.within, *stored), float(self.array[index]))


class Unread(Parameter):
    """A parameter whose numbers are not in their place yet.

    The first use of ``array`` finds no such attribute, fills the room, and makes this a plain `Parameter`, so that
    later uses cost no more than any attribute does.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Array:
        if name != "array" or self._fill is None:
            raise AttributeError(name)
        self._fill()
        self.array = self._room
        self.__class__ = Parameter  # type: ignore[assignment]
        return self.array


def _part(axis: Axis, where: slice, length: int) -> Axis:
    """What a slice leaves of an axis; of one that stays whole, no label is looked at."""
    if where in (slice(0, length), slice(0, length, 1)):
        return axis
    numbers = range(length) if axis.numbers is None else axis.numbers
    return Axis(axis.name, None if axis.labels is None else axis.labels[where], numbers[where])


def _place(selector: Selector, axis: Axis, length: int) -> int | slice:
    match selector:
        case Span(start, stop, step):
            return (
                slice(*slice(start, stop, step).indices(length))
                if step is None or step > 0
                else slice(start, stop, step)
            )
        case Index(value, head):
            if head and axis.name not in (HEAD.name, KV_HEAD.name):
                raise SelectorError(
                    _("h{value} names a head, and this axis is {axis}; write {value}").format(
                        value=value, axis=axis.name
                    )
                )
            if not -length <= value < length:
                problem = ngettext(
                    "index {value} is out of range on axis {axis}: it has one place, 0",
                    "index {value} is out of range on axis {axis}: it has {n} places, 0 to {last}",
                    length,
                )
                raise SelectorError(problem.format(value=value, axis=axis.name, n=length, last=length - 1))
            return value % length
        case Label():
            return place_of(selector, axis)


def place_of(label: Label, axis: Axis) -> int:
    """The place of a label on an axis; raises SelectorError where it does not occur."""
    if axis.labels is None:
        raise SelectorError(_("axis {axis} has no labels; give a number").format(axis=axis.name))
    exact = [i for i, piece in enumerate(axis.labels) if piece == label.text]
    places = exact or [i for i, piece in enumerate(axis.labels) if goes_by(piece, label.text)]
    if len(places) < label.occurrence:
        if not places and (nearest := near_piece(label.text, axis.labels)) is not None:
            told = _("axis {axis} has no {label}; did you mean {nearest}?")
            raise SelectorError(told.format(axis=axis.name, label=label, nearest=Label(nearest)))
        known = ", ".join(f'"{piece}"' for piece in dict.fromkeys(axis.labels[:12]))
        raise SelectorError(
            _("axis {axis} has no {label}; it runs over {known}").format(axis=axis.name, label=label, known=known)
        )
    return places[label.occurrence - 1]
