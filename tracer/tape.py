"""The tape: the only way to compute, and the record of what was computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from .addresses import parse, resolve
from .arithmetic import Node
from .errors import AddressError
from .i18n import _
from .tensor import Tensor

if TYPE_CHECKING:
    from types import TracebackType


class Operates(Protocol):
    """What a tape, and whoever reads its records, needs of an operation; `tracer.ops.Operation` says what each is."""

    @property
    def name(self) -> str: ...

    @property
    def formula(self) -> str: ...

    @property
    def latex(self) -> str: ...

    @property
    def reference(self) -> str: ...

    @property
    def shares(self) -> bool: ...

    def forward(self, *inputs: Any, **parameters: Any) -> Tensor: ...

    def derive(self, index: tuple[int, ...], *inputs: Any, **parameters: Any) -> Node: ...

    def note(self, record: Any) -> str: ...


class Record:
    """One performed operation: where, what, from what, and what came out."""

    __slots__ = ("address", "index", "inputs", "op", "output", "parameters", "step")

    def __init__(
        self,
        step: int,
        index: int,
        address: str,
        op: Operates,
        inputs: tuple[Tensor, ...],
        parameters: dict[str, Any],
        output: Tensor,
    ) -> None:
        self.step = step
        self.index = index
        self.address = address
        self.op = op
        self.inputs = inputs
        self.parameters = parameters
        self.output = output

    @property
    def scope(self) -> str:
        """The nested modules around the record, as a dotted path: ``decoder.0.cross_attn``."""
        return self.address.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The last segment of the address."""
        return self.address.rpartition(".")[2]

    def __repr__(self) -> str:
        return f"<Record @{self.step}#{self.index} {self.address} {self.op.name}>"


class Tape:
    """The records of one step, in order. Calling it computes an operation and appends one record.

    ``tape(op, name, *inputs, **parameters)`` records ``op`` under ``name`` within the open scopes; ``inputs`` are
    earlier outputs, ``parameters`` trained numbers and settings. ``number`` is the step's.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.records: list[Record] = []
        self._prefix = ""
        self._places: dict[str, int] = {}

    def __call__(self, op: Operates, name: str, *inputs: Tensor, **parameters: Any) -> Tensor:
        output = op.forward(*inputs, **parameters)
        output.array.setflags(write=False)
        address = self._prefix + name
        output.address = f"@{self.number}:{address}"
        records = self.records
        self._places[address] = len(records)
        records.append(Record(self.number, len(records) + 1, address, op, inputs, parameters, output))
        return output

    def scope(self, name: str) -> _Scope:
        """The module in which the records of a ``with`` block stand."""
        return _Scope(self, name)

    def alias(self, name: str, tensor: Tensor) -> Tensor:
        """Give the record of ``tensor`` a second name within the open scopes."""
        self._places[self._prefix + name] = self._places[tensor.address.partition(":")[2]]
        return tensor

    @property
    def addresses(self) -> Sequence[str]:
        """Every address on the tape, second names included."""
        return tuple(self._places)

    def find(self, address: str, scope: str = "") -> Record:
        """The record at an address, which may be shortened, or ``#k``.

        Raises:
            AddressError: nothing stands there, or several records do.
        """
        wanted = parse(address)
        if wanted.step not in (None, self.number):
            raise AddressError(_("{address} lies in another step than @{n}").format(address=address, n=self.number))
        if wanted.record is not None:
            return self._numbered(wanted.record)
        place = self._places.get(wanted.path)
        return self.records[self._places[resolve(wanted.path, self.addresses, scope)] if place is None else place]

    def _numbered(self, index: int) -> Record:
        if not 1 <= index <= len(self.records):
            raise AddressError(
                _("step @{n} has records #1 to #{last}; there is no #{index}").format(
                    n=self.number, last=len(self.records), index=index
                )
            )
        return self.records[index - 1]

    def __getitem__(self, address: str) -> Tensor:
        """The tensor at an address, cut by its selectors; raises as `find` and `Tensor.select` do."""
        return self.find(address).output.select(parse(address).selectors)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    @property
    def nbytes(self) -> int:
        """Memory held by the outputs; views of what outlives the step count nothing."""
        return sum(record.output.array.nbytes for record in self.records if not record.op.shares)


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

    def __call__(self, op: Operates, name: str, *inputs: Tensor, **parameters: Any) -> Tensor:
        output = op.forward(*inputs, **parameters)
        output.address = f"@{self.number}:{self._prefix}{name}"
        return output

    def alias(self, name: str, tensor: Tensor) -> Tensor:
        return tensor
