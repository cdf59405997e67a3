"""Records as a trace file has them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import numpy as np

from ..addresses import At
from ..arithmetic import Leaf, Node
from ..checkpoints.stored import Contiguous
from ..edits import Applied, EditedRecord, OfModel, Value
from ..errors import AddressError, InputError
from ..i18n import _
from ..kept import Absent
from ..operation import Operation, Trait, Written
from ..tape import Record
from ..tensor import Array, Axis, Tensor
from ..trace_file import TraceFile

DAMAGED = (ArithmeticError, LookupError, TypeError, ValueError, RecursionError)
"""What arithmetic raises over operands that don't fit each other."""


class Numbers:
    """The tensors of a trace file, as one mapping of it: their pages come when they are touched."""

    def __init__(self, file: TraceFile) -> None:
        self._file = file
        self._bytes: Array | None = None

    def read(self, name: str) -> Array:
        """A tensor as it lies in the file, not to be written to."""
        stored = self._file.tensors[name]
        if self._bytes is None:
            self._bytes = stored.file.map(np.dtype(np.uint8), 0, (stored.file.size,))
        return self._bytes[stored.start : stored.stop].view(stored.kind).reshape(stored.shape)


class Lying(Tensor):
    """A recorded tensor whose numbers are looked for in the file when somebody asks for them."""

    __slots__ = ("_numbers", "_stored")

    def __init__(self, stored: Contiguous, numbers: Numbers, dims: tuple[Axis, ...], path: str, at: At) -> None:
        self._stored, self._numbers = stored, numbers
        self.dims = dims
        self.path = path
        self.at = at

    @property
    def shape(self) -> tuple[int, ...]:
        return self._stored.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._stored.kind

    @property
    def array(self) -> Array:  # type: ignore[override]
        """The numbers, as they lie in the file."""
        return self._numbers.read(self._stored.name)

    def of_rows(self, past: Tensor | None, new: Tensor) -> LyingRows:
        """The same as keys or values of which ``new`` was brought by this pass."""
        assert self.at is not None
        return LyingRows(self._stored, self._numbers, self.dims, self.path, self.at, past, new)


class LyingRows(Lying):
    """Keys or values of all places so far: those of the pass before, ``past``, if any, and what ``new`` brought."""

    __slots__ = ("new", "past")

    def __init__(
        self,
        stored: Contiguous,
        numbers: Numbers,
        dims: tuple[Axis, ...],
        path: str,
        at: At,
        past: Tensor | None,
        new: Tensor,
    ) -> None:
        super().__init__(stored, numbers, dims, path, at)
        self.past, self.new = past, new

    def made(self, *index: int) -> Leaf:
        head, key, d = index
        rows: Tensor = self
        while isinstance(rows, LyingRows):
            start = 0 if rows.past is None else rows.past.shape[1]
            if key >= start or rows.past is None:
                return Leaf(rows.new.path, (head, key - start, d), float(self.array[head, key, d]), rows.new.at)
            rows = rows.past
        return Leaf(rows.path, (head, key, d), float(self.array[head, key, d]), rows.at)


class KeptOperation(Operation):
    """An operation that this version does not have, or whose settings were not kept; `kept_operation` makes one."""

    formula = latex = reference = ""

    def forward(self, *inputs: Any, **parameters: Any) -> Tensor:
        """Nothing is known of how it computes; raises `AddressError`."""
        self._refuse()

    def rules(self, record: Record) -> Any:
        """Of a mask, as `forward`."""
        self._refuse()

    def derive(self, index: tuple[int, ...], *inputs: Any, **parameters: Any) -> Node:
        """As `forward`."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise AddressError(_("how {op} computes was not kept with this trace").format(op=self.name))


def kept_operation(name: str, formula: str, latex: str, reference: str, traits: Trait) -> KeptOperation:
    """An operation of which no more is known than this."""

    class Described(KeptOperation):
        pass

    Described.name, Described.formula, Described.latex, Described.reference = name, formula, latex, reference
    Described.traits = traits
    return Described()


class KeptRecord(Record):
    """A record of a file. ``lost`` are the names of settings of its operation that no file can hold."""

    __slots__ = ("_lost",)

    def __init__(
        self,
        index: int,
        op: Operation,
        inputs: tuple[Tensor, ...],
        parameters: dict[str, Any],
        output: Tensor,
        lost: Sequence[str] = (),
    ) -> None:
        super().__init__(index, op, inputs, parameters, output)
        self._lost = lost

    @property
    def lost(self) -> Sequence[str]:
        return self._lost

    @property
    def explains(self) -> bool:
        is_whole = not any(isinstance(tensor, Absent) for tensor in self.inputs)
        return is_whole and not isinstance(self.op, KeptOperation)

    def derive(self, index: tuple[int, ...]) -> Node:
        return evaluated(self, super().derive, index)


class KeptEditedRecord(EditedRecord):
    """A record of a file of whose cells some were put in; ``told`` and ``said`` are what it said of that."""

    __slots__ = ("_lost", "_said", "_told")

    def __init__(self, record: KeptRecord, edits: Sequence[Applied], told: Written, said: str) -> None:
        super().__init__(record, edits)
        self._lost, self._told, self._said = record.lost, told, said

    @property
    def lost(self) -> Sequence[str]:
        return self._lost

    @property
    def written(self) -> Written:
        return self._told

    @property
    def note(self) -> str:
        return self._said

    def derive(self, index: tuple[int, ...]) -> Node:
        return evaluated(self, super().derive, index)


def evaluated(record: Record, derive: Any, index: tuple[int, ...]) -> Node:
    """The arithmetic of a cell, which is worked out as far as its numbers are there, to see that it can be.

    Raises:
        AddressError: what was kept does not fit together.
    """
    try:
        node: Node = derive(index)
        with np.errstate(all="ignore"), suppress(AddressError):
            node.evaluate()
    except DAMAGED as error:
        told = _("{address}: what the trace has of {op} does not fit together; the file is damaged")
        raise AddressError(told.format(address=record.output.address, op=record.op.name)) from error
    return node


class Told(Value):
    """What an edit put in, as it said so: ``text``, and ``told``, between whose parts the address stands."""

    def __init__(self, text: str, told: Sequence[str]) -> None:
        self._text, self._told = text, told

    def put(self, computed: Tensor, selectors: Sequence[Any]) -> Any:
        raise InputError(_("what {edit} puts in was not kept with this trace").format(edit=self))

    def told(self, address: str) -> str:
        return address.join(self._told)

    def __str__(self) -> str:
        return self._text


class ToldOfModel(Told, OfModel):
    """The same of an edit of the model."""
