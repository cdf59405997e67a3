"""The tape: the only way to compute, and the record of what was computed."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakValueDictionary

import numpy as np

from .addresses import GRADIENT, Address, At, UnknownAddressError, parse, resolve
from .errors import AddressError
from .i18n import _, extent
from .operation import Operation, Trait, Written
from .past import Past
from .tensor import Array, Parameter, Tensor

if TYPE_CHECKING:
    from types import TracebackType

    from .arithmetic import Node
    from .edits import Applied, Edit


class Record:
    """One performed operation: which of its pass, what, from what, and what came out, which knows where."""

    __slots__ = ("index", "inputs", "op", "output", "parameters")

    def __init__(
        self, index: int, op: Operation, inputs: tuple[Tensor, ...], parameters: dict[str, Any], output: Tensor
    ) -> None:
        self.index = index
        self.op = op
        self.inputs = inputs
        self.parameters = parameters
        self.output = output

    @property
    def at(self) -> At:
        """The pass that it lies in."""
        return cast(At, self.output.at)

    @property
    def step(self) -> int:
        """The number of the step."""
        return self.at.number

    @property
    def address(self) -> str:
        """Its path within the step."""
        return self.output.path

    @property
    def scope(self) -> str:
        """The nested modules around the record, as a dotted path: ``decoder.0.cross_attn``."""
        return self.address.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The last segment of the address."""
        return self.address.rpartition(".")[2]

    @property
    def trained(self) -> Iterator[tuple[str, Parameter]]:
        """The trained parameters among its settings, by the names of these; of a setting that is several, each."""
        return trained(self.parameters)

    @property
    def is_measured(self) -> bool:
        """Whether its output is a quantity, which has statistics: neither an id nor a mask."""
        return not (np.issubdtype(self.output.array.dtype, np.integer) or self.has(Trait.MASK))

    @property
    def edits(self) -> Sequence[Applied]:
        """What was put in place of computed cells, in order."""
        return ()

    @property
    def lost(self) -> Sequence[str]:
        """What of the settings of its operation was not kept."""
        return ()

    @property
    def explains(self) -> bool:
        """Whether the arithmetic of its cells can be had."""
        return True

    @property
    def written(self) -> Written:
        """The formula as it holds here."""
        return self.op.written(self)

    @property
    def note(self) -> str:
        """What a one-line account says after the shape."""
        return self.op.note(self)

    def has(self, trait: Trait) -> bool:
        """Whether a trait is one of the operation's."""
        return trait in self.op.traits

    def derive(self, index: tuple[int, ...]) -> Node:
        """The arithmetic of a cell."""
        return self.op.derive(index, *self.inputs, **self.parameters)

    def again(self) -> Array:
        """What comes of performing it once more."""
        return self.op.forward(*self.inputs, **self.parameters).array

    def __repr__(self) -> str:
        return f"<Record @{self.step}#{self.index} {self.address} {self.op.name}>"


def trained(settings: Mapping[str, Any]) -> Iterator[tuple[str, Parameter]]:
    """The trained parameters among the settings of an operation, as `Record.trained` has them."""
    for name, value in settings.items():
        several = value if isinstance(value, tuple) else (value,)
        yield from ((name, one) for one in several if isinstance(one, Parameter))


Recompute = Callable[[str], Array]
"""From the path of an output that was not kept, the same numbers again."""

Retains = Callable[[Tensor, int], bool]
"""Whether a tape that is full keeps an output all the same, with which it has so many bytes."""


class Dropped(Tensor):
    """An output that did not fit: it knows its axes, and is computed again whenever its numbers are asked for."""

    __slots__ = ("_dtype", "_recompute", "_shape")

    def __init__(self, output: Tensor, recompute: Recompute) -> None:
        self.dims = output.dims
        self.path = output.path
        self.at = output.at
        self._shape = output.shape
        self._dtype = output.dtype
        self._recompute = recompute

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._dtype

    @property
    def array(self) -> Array:  # type: ignore[override]
        """The numbers, computed again."""
        return self._recompute(self.path)


def _lies_in(array: Array, given: Tensor, recorded: Tensor) -> bool:
    """Whether numbers lie in the memory of an input that is recorded otherwise than it was given."""
    return recorded is not given and not isinstance(given, Dropped) and np.may_share_memory(array, given.array)


def _copied(output: Tensor) -> Tensor:
    """An output in memory of its own."""
    array = output.array.copy()
    array.setflags(write=False)
    return output.replaced(array)


class Latest:
    """The numbers of operations that are performed when they are asked for: those asked for last, and all in use."""

    def __init__(self) -> None:
        self._last = np.zeros(0)
        self._in_use: WeakValueDictionary[str, Array] = WeakValueDictionary()

    def numbers(self, op: Operation, inputs: Sequence[Tensor], parameters: Mapping[str, Any], path: str) -> Array:
        """What an operation yields, which is recorded under a path."""
        found = self._in_use.get(path)
        if found is None:
            with np.errstate(all="ignore"):
                found = op.forward(*inputs, **parameters).array
            found.setflags(write=False)
            self._in_use[path] = found
        self._last = found
        return found


class Tape:
    """The records of one step, in order. Calling it computes an operation and appends one record.

    ``tape(op, name, *inputs, **parameters)`` records ``op`` under ``name`` within the open scopes; ``inputs`` are
    earlier outputs, ``parameters`` trained numbers and settings. ``number`` is the step's, ``beam`` the b of ``@n.b``
    where the pass is that of a hypothesis.

    ``past`` is what the pass before left, None where nothing is kept from pass to pass; ``kept`` is what this leaves.

    Outputs beyond ``room`` bytes are not kept, nor what lies in their memory: their records have a `Dropped` output,
    which ``recompute`` yields again. What ``retains`` says is kept all the same: it is told an output, and how many
    bytes there are with it. ``edits`` are those that hold, by the path of their record.
    """

    edits: Mapping[str, Sequence[Edit]] = MappingProxyType({})
    behind: Mapping[At, Tape] = MappingProxyType({})
    """The tapes of passes as they are kept, of which more is read here than they have kept."""

    def __init__(
        self,
        number: int,
        beam: int | None = None,
        *,
        past: Past | None = None,
        room: float = math.inf,
        recompute: Recompute | None = None,
        retains: Retains | None = None,
    ) -> None:
        self.at = At(number, beam)
        self.past = past
        self.kept: dict[str, Tensor] = {}
        self.records: list[Record] = []
        self.nbytes = 0
        self._room = room
        self._recompute = recompute
        self._retains = retains
        self._is_full = False
        self._prefix = ""
        self._places: dict[str, int] = {}
        self._latest = Latest()

    def __call__(self, op: Operation, name: str, *inputs: Tensor, **parameters: Any) -> Tensor:
        output = op.forward(*inputs, **parameters)
        output.path = path = self._prefix + name
        output.at = self.at
        array = output.array
        array.setflags(write=False)
        records, kept = self.records, output
        if not op.shares:
            self.nbytes += array.nbytes
            if self.nbytes > self._room:
                self._is_full = True
        if self._is_full or self.behind:
            given, inputs = inputs, tuple(map(self._recorded, inputs))
            kept = self._spared(op, output, given, inputs) if self._is_full else output
        self._places[path] = place = len(records)
        records.append(Record(place + 1, op, inputs, parameters, kept))
        return output

    def defer(self, op: Operation, name: str, like: Tensor, *inputs: Tensor, **parameters: Any) -> Tensor:
        """Record an operation that is performed when its numbers are asked for.

        Its output has the axes, the shape and the type of ``like``.
        """
        inputs = tuple(map(self._recorded, inputs))
        output = Dropped(like, partial(self._latest.numbers, op, inputs, parameters))
        output.path = path = self._prefix + name
        output.at = self.at
        self._places[path] = place = len(self.records)
        self.records.append(Record(place + 1, op, inputs, parameters, output))
        return output

    def view(self, op: Operation, name: str, seen: Tensor, *inputs: Tensor, **parameters: Any) -> Tensor:
        """Record an operation that yields what is there already: the numbers of ``seen``, which a record holds."""
        seen.path = path = self._prefix + name
        seen.at = self.at
        self._places[path] = place = len(self.records)
        self.records.append(Record(place + 1, op, tuple(map(self._recorded, inputs)), parameters, seen))
        return seen

    def continued(self, room: float, recompute: Recompute) -> Tape:
        """A tape that has the records of this one up to the first gradient, on which others may follow."""
        tape = Tape(*self.at, past=self.past, room=room, recompute=recompute)
        tape.kept, tape.edits = self.kept, self.edits
        turn = self.turn
        for record in self.records[:turn]:
            tape.take(record)
        tape._places = {name: place for name, place in self._places.items() if place < turn}
        return tape

    @property
    def turn(self) -> int:
        """How many records there are before the first gradient."""
        return bisect_left(self.records, True, key=lambda record: record.address.startswith(GRADIENT))

    @property
    def forward(self) -> Sequence[Record]:
        """The records before the first gradient."""
        return self.records[: self.turn]

    def take(self, record: Record) -> Tensor:
        """Take in the next record as another tape of the same pass has it."""
        self._places[record.address] = len(self.records)
        self.records.append(record)
        if isinstance(record.output, Dropped):
            self._is_full = True
        elif not record.op.shares:
            self.nbytes += record.output.array.nbytes
        return record.output

    @property
    def number(self) -> int:
        """The number of the step."""
        return self.at.number

    @property
    def beam(self) -> int | None:
        """The b of ``@n.b``, None where the pass is a step's."""
        return self.at.beam

    def seal(self) -> None:
        """Nothing more is recorded here: whoever recomputes is let go of, so that what nobody holds is gone at once."""
        self._recompute = None

    def _spared(self, op: Operation, output: Tensor, given: Sequence[Tensor], recorded: Sequence[Tensor]) -> Tensor:
        """An output as it is recorded on a tape that is full; ``given`` are its inputs, ``recorded`` their records'."""
        array = output.array
        lies_in_dropped = any(map(partial(_lies_in, array), given, recorded))
        if self._recompute is None or (op.shares and not lies_in_dropped and self._retains is None):
            return output
        self.nbytes += array.nbytes if op.shares else 0
        if self.nbytes <= self._room and (array.flags.c_contiguous or not lies_in_dropped):
            return _copied(output) if lies_in_dropped else output
        if self._retains is not None and self._retains(output, self.nbytes):
            return output
        self.nbytes -= array.nbytes
        return Dropped(output, self._recompute)

    def _recorded(self, tensor: Tensor) -> Tensor:
        """A tensor as its record has it, so that no record keeps an output alive that another dropped."""
        tape = self if tensor.at == self.at else self.behind.get(tensor.at or self.at)
        record = None if tape is None else tape.there(tensor.path)
        return tensor if record is None else record.output

    def scope(self, name: str) -> _Scope:
        """The module in which the records of a ``with`` block stand."""
        return _Scope(self, name)

    def alias(self, name: str, tensor: Tensor) -> Tensor:
        """Give the record of ``tensor`` a second name within the open scopes."""
        self._places[self._prefix + name] = self._places[tensor.path]
        return tensor

    def earlier(self, name: str) -> tuple[Tensor, ...]:
        """What the pass before left under a name within the open scopes; nothing if there is none."""
        left = None if self.past is None else self.past.kept.get(self._prefix + name)
        return () if left is None else (left,)

    def keep(self, tensor: Tensor) -> Tensor:
        """Leave a tensor to the pass after this one, under its own name."""
        if self.past is not None:
            self.kept[tensor.path] = tensor
        return tensor

    @property
    def addresses(self) -> Sequence[str]:
        """Every address on the tape, second names included."""
        return tuple(self._places)

    @property
    def second_names(self) -> Iterator[tuple[str, str]]:
        """Each further name of a record, and its path."""
        for name, place in self._places.items():
            if (path := self.records[place].output.path) != name:
                yield name, path

    def there(self, path: str) -> Record | None:
        """The record at a path, whole as it stands on the tape, if there is one."""
        place = self._places.get(path)
        return None if place is None else self.records[place]

    def find(self, path: str) -> Record:
        """The record at a path, whole as it stands on the tape.

        Raises:
            UnknownAddressError: nothing stands there.
        """
        if (record := self.there(path)) is None:
            raise UnknownAddressError(path, self.addresses)
        return record

    def resolve(self, address: Address, scope: str = "") -> Record:
        """The record that an address stands for, which may be shortened, or ``#k``; its selectors are left aside.

        Raises:
            AddressError: nothing stands there, or several records do; or it lies elsewhere.
        """
        if address.run is not None:
            raise AddressError(
                _("{address} names a run, and this is a step of one; leave r{n} out").format(
                    address=address, n=address.run
                )
            )
        if address.at not in (None, self.at):
            raise AddressError(_("{address} lies in another step than @{n}").format(address=address, n=self.number))
        if address.record is not None:
            return self.numbered(address.record)
        is_whole = address.path in self._places
        return self.find(address.path if is_whole else resolve(address.path, self.addresses, scope))

    def numbered(self, index: int) -> Record:
        """The record ``#k``, counted from 1; raises `AddressError` where there is none."""
        if not 1 <= index <= len(self.records):
            raise AddressError(
                _("step @{n} has records {extent}; there is no #{index}").format(
                    n=self.number, extent=extent("#1", f"#{len(self.records)}"), index=index
                )
            )
        return self.records[index - 1]

    def __getitem__(self, address: str) -> Tensor:
        """The tensor at an address, cut by its selectors; raises as `parse`, `resolve` and `Tensor.select` do."""
        wanted = parse(address)
        return self.resolve(wanted).output.select(wanted.selectors)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)


class _Scope(AbstractContextManager[None]):
    __slots__ = ("_name", "_outer", "_tape")

    def __init__(self, tape: Tape, name: str) -> None:
        self._tape = tape
        self._name = name

    def __enter__(self) -> None:
        self._outer = self._tape._prefix
        self._tape._prefix = f"{self._outer}{self._name}."

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tape._prefix = self._outer


class Untraced(Tape):
    """A tape that computes the same tensors, with the same addresses, and keeps nothing."""

    def __call__(self, op: Operation, name: str, *inputs: Tensor, **parameters: Any) -> Tensor:
        output = op.forward(*inputs, **parameters)
        output.path = self._prefix + name
        output.at = self.at
        return output

    def take(self, record: Record) -> Tensor:
        return record.output

    def alias(self, name: str, tensor: Tensor) -> Tensor:
        return tensor
