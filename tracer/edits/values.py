"""What an edit puts in place of computed cells: one object that computes it, and says where a cell of it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..addresses import Address, At, Selector, UnknownAddressError, written
from ..alignment import TOKENS, spread
from ..arithmetic import Foreign, Node, Number, total
from ..dataclass import dataclass
from ..errors import AddressError, InputError
from ..i18n import _
from ..tape import Record
from ..tensor import Array, Axis, Located, Tensor
from .call import Call

if TYPE_CHECKING:
    from ..trace import Trace
    from .edit import Edit

Index = tuple[int, ...]
Taken = Mapping[str, Tensor | None]
"""What a pass has computed so far, by path, of that which is asked for."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that an edit has put something in.

    It lies at ``index`` of what was recorded as ``output``, of which the edit is of the part at ``where``, named by
    ``selectors``, and at ``place`` of that part. ``before`` is the arithmetic of any cell as it was before the edit,
    ``computed`` the part as it was then.
    """

    index: Index
    output: Tensor
    where: Located
    selectors: Sequence[Selector]
    place: Index
    value: float
    before: Callable[[Index], Node]
    computed: Tensor


class Value:
    """What an edit puts in place of the cells that it is of."""

    follows: ClassVar[bool] = False
    """Whether it changes by as much as what was computed does."""
    goes_back: ClassVar[bool] = False
    """Whether gradients go back through it by `back`; of others, they count what is put in as given."""

    def put(self, computed: Tensor, selectors: Sequence[Selector]) -> Any:
        """A number, an array or a tensor for the part of a record that ``selectors`` name, as it was computed.

        What has fewer axes is broadcast: a tensor by the names of its axes, an array as NumPy does it. None leaves the
        part as it is.
        """
        raise NotImplementedError

    def instead(self, call: Call) -> Call | None:
        """The call to make in place of one, for a value that does not go by what was computed; else None."""
        return None

    def is_of(self, record: Record) -> bool:
        """Whether it has anything to put in a record."""
        return True

    def nowhere(self, address: Address, known: Sequence[str]) -> AddressError:
        """What to say where it has nothing to put in any record at an address; ``known`` are those there are."""
        return UnknownAddressError(address.path, known)

    def told(self, address: str) -> str:
        """The edit of an address in words, which may be of every step."""
        return f"{address} = {self}"

    def derive(self, cell: Cell) -> Node:
        """The arithmetic of a cell; its leaves are cells of records, also of other runs."""
        return Number(cell.value)

    def back(self, gradient: Tensor, computed: Tensor, selectors: Sequence[Selector]) -> Any:
        """The gradient of the part that was computed, from that of what was put in; of what is symmetric, the same."""
        return self.put(gradient, selectors)

    def derive_back(self, cell: Cell, computed: Tensor) -> Node:
        """The arithmetic of a cell of that, ``cell`` being one of the gradient."""
        return self.derive(cell)

    def within(self, tape: Taken) -> Value:
        """The same in a pass, of which it may take from the records named by ``beside``."""
        return self

    @property
    def beside(self) -> Sequence[str]:
        """The paths of the earlier records of a pass that it takes from."""
        return ()

    @property
    def runs(self) -> Sequence[Trace]:
        """The other runs that it takes from."""
        return ()


@dataclass(frozen=True, eq=False)
class Constant(Value):
    """A number, an array or a tensor, the same at every step; ``text`` is how it was written."""

    value: float | Array | Tensor
    text: str = ""

    def put(self, computed: Tensor, selectors: Sequence[Selector]) -> float | Array | Tensor:
        return self.value

    def __str__(self) -> str:
        if self.text:
            return self.text
        if isinstance(self.value, Tensor) and self.value.path:
            return self.value.address
        found = np.asarray(self.value)
        return f"{found:g}" if not found.ndim else _("an array {axes}").format(axes=shape_of(self.value))


@dataclass(frozen=True, eq=False)
class Mean(Value):
    """The mean over the positions of the pass: along the first axis of tokens that the selectors leave."""

    goes_back = True

    def put(self, computed: Tensor, selectors: Sequence[Selector]) -> Array:
        found: Array = computed.array.mean(self._axis(computed, selectors), keepdims=True)
        return found

    def derive(self, cell: Cell) -> Node:
        axis, places = next(
            (n, range(cell.output.shape[n])[where])
            for n, (dim, where) in enumerate(zip(cell.output.dims, cell.where, strict=True))
            if isinstance(where, slice) and _is_of_tokens(dim)
        )
        cells = ((*cell.index[:axis], place, *cell.index[axis + 1 :]) for place in places)
        return total(map(cell.before, cells)) / Number(float(len(places)), "n")

    def _axis(self, computed: Tensor, selectors: Sequence[Selector]) -> int:
        found = [n for n, axis in enumerate(computed.dims) if _is_of_tokens(axis)]
        if not found:
            told = _("the mean is taken over positions, and {address} has one; leave out its number")
            raise InputError(told.format(address=written(computed.path, computed.at, selectors)))
        return found[0]

    def __str__(self) -> str:
        return "mean"


@dataclass(frozen=True, eq=False)
class Function(Value):
    """What a function makes of the computed part, a tensor; ``text`` is what it is called."""

    function: Callable[[Tensor], Any]
    text: str = ""

    def put(self, computed: Tensor, selectors: Sequence[Selector]) -> Any:
        return self.function(computed)

    def __str__(self) -> str:
        return self.text or getattr(self.function, "__name__", type(self.function).__name__).strip("<>")


@dataclass(frozen=True, eq=False)
class OfRun(Value):
    """What another run has at the same place, in the step of the same number; or at another step, path or selectors.

    A step that the other run does not come to is left as it is. ``text`` is how it was written.
    """

    trace: Trace
    at: At | None = None
    path: str = ""
    selectors: Sequence[Selector] | None = None
    text: str = ""

    def put(self, computed: Tensor, selectors: Sequence[Selector]) -> Tensor | None:
        if self.at is None and self.trace.ended and computed.at and computed.at.number > self.trace.computed:
            return None
        there, where = self._found(computed, selectors)
        return self._part(there, where, computed)

    def derive(self, cell: Cell) -> Node:
        there, where = self._found(cell.output, cell.selectors)
        cells = Tensor(np.arange(there.array.size).reshape(there.shape), there.dims, there.path, there.at)
        cells = self._part(cells, where, cell.computed)
        flat = np.broadcast_to(spread(cells, cell.computed), cell.computed.shape)[cell.place]
        leaf = there.leaf(*map(int, np.unravel_index(flat, there.shape)))
        return Foreign(leaf.path, leaf.index, leaf.value, leaf.at, self.trace)

    @property
    def runs(self) -> Sequence[Trace]:
        return (self.trace,)

    def _part(self, there: Tensor, where: Located, computed: Tensor) -> Tensor:
        """What is put in place of the computed part."""
        return there.cut(where)

    def _found(self, here: Tensor, selectors: Sequence[Selector]) -> tuple[Tensor, Located]:
        """The output of the other run that is meant, and the part of it."""
        at = self.at or here.at
        assert at is not None
        there = self.trace.at(at).find(self.path or here.path).output
        return there, there.locate(selectors if self.selectors is None else self.selectors)

    def __str__(self) -> str:
        return self.text or _("another run")


class OfModel(Value):
    """What is changed in a model, in memory: the address of such an edit is a parameter, or a key of its configuration.

    No record of any pass is edited; another model computes.
    """

    lasts: ClassVar[bool] = False
    """Whether fresh runs are of the changed model too, as somebody expects who trains one."""

    def changes(self, parameters: Any, edit: Edit, path: str) -> bool:
        """Whether a parameter, by its path in the file, is among what is changed."""
        return False

    def changed(self, model: Any, edit: Edit) -> Any:
        """The model with the change made; raises `InputError` where it can't be."""
        raise NotImplementedError

    def count(self, before: Any, after: Any, edit: Edit) -> str:
        """What the change has changed in the model, in a few words."""
        raise NotImplementedError

    def put(self, computed: Tensor, selectors: Sequence[Selector]) -> None:
        return None


class Otherwise(Value):
    """What comes of another call in place of the one that a model makes: `instead` says which."""

    def put(self, computed: Tensor, selectors: Sequence[Selector]) -> None:
        return None

    def is_of(self, record: Record) -> bool:
        return self.instead(Call.of(record)) is not None


def value_of(value: Any) -> Value:
    """A value as an edit has it: a number, an array, a tensor, ``"mean"``, or a function of a tensor.

    Raises:
        InputError: it is none of these.
    """
    if isinstance(value, Value):
        return value
    if isinstance(value, str) and value == "mean":
        return Mean()
    if isinstance(value, Tensor):
        return Constant(value)
    if callable(value):
        return Function(value)
    found = np.asarray(value)
    if found.dtype.kind not in "biuf":
        told = _(
            'an edit puts in a number, an array of numbers, "mean" or what a function of a tensor yields, not {value}'
        )
        raise InputError(told.format(value=repr(value)))
    return Constant(found.copy() if found.ndim else found.item())


def broadcast(put: Any, part: Tensor, selectors: Sequence[Selector]) -> Array:
    """What is put in, with the shape of the part, which ``selectors`` name.

    Raises:
        InputError: it does not fit; the message has both headers.
    """
    try:
        return np.broadcast_to(
            spread(put, part) if isinstance(put, Tensor) and put.dims else np.asarray(put), part.shape
        )
    except (ValueError, InputError):
        told = _("what is put in has {given}, and does not fit {address} {axes}")
        address = written(part.path, part.at, selectors)
        raise InputError(told.format(given=shape_of(put), address=address, axes=part.header)) from None


def shape_of(value: Any) -> str:
    """``[head 2, query 3]`` of a tensor, ``[2, 3]`` of an array."""
    return value.header if isinstance(value, Tensor) else f"[{', '.join(map(str, np.shape(value)))}]"


def _is_of_tokens(axis: Axis) -> bool:
    return axis.name in TOKENS
