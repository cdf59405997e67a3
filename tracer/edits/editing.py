"""Tapes on which edits hold, and the records that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import is_
from typing import Any

from ..addresses import At
from ..arithmetic import Node, Noted
from ..i18n import N_, _, spoken
from ..operation import Gradient, Operation, Written
from ..tape import Record, Tape, Untraced
from ..tensor import Array, Tensor
from .call import Call
from .edit import Applied, Edit, applied, left
from .values import Cell

Index = tuple[int, ...]


class EditedRecord(Record):
    """A record of whose cells some were put in place of those computed; ``edits`` say which, in order."""

    __slots__ = ("_edits",)

    def __init__(self, record: Record, edits: Sequence[Applied]) -> None:
        super().__init__(record.index, record.op, record.inputs, record.parameters, record.output)
        self._edits = edits

    @property
    def edits(self) -> Sequence[Applied]:
        return self._edits

    @property
    def written(self) -> Written:
        """The formula of the operation, and what was put in."""
        formula, latex = map(spoken, super().written)
        cells = [(_cells(one.edit), *self._put(one)) for one in self.edits]
        return Written(
            "; ".join([formula, *(f"{where} ← {put}".strip() for where, put, _latex in cells)]),
            r",\quad ".join([latex, *(rf"\text{{{where}}} \leftarrow {put}" for where, _formula, put in cells)]),
        )

    def _put(self, one: Applied) -> Written:
        """What an edit has put in: a value, or the formula of another operation with the name that it goes by."""
        if one.call is None:
            return Written(str(one.edit.value), rf"\text{{{one.edit.value}}}")
        formula, latex = map(spoken, one.call.written(self.output))
        return Written(f"{formula} ({one.edit.value})", rf"{latex}\ \text{{({one.edit.value})}}")

    @property
    def call(self) -> Call:
        """What the last edit that is of the whole record has it come of, or its own operation."""
        calls = [one.call for one in self.edits if one.call is not None and one.before.size == self.output.array.size]
        return calls[-1] if calls else Call.of(self)

    @property
    def note(self) -> str:
        """Which edits hold, and what they put in."""
        return _("; ").join(map(_told, self.edits))

    def derive(self, index: Index) -> Node:
        """What an edit put in; what was computed is in the note. Of other cells, the arithmetic of the operation."""
        holding = [n for n, one in enumerate(self.edits) if one.place(index, self.output.shape) is not None]
        node = self._after(index, len(self.edits))
        if not holding:
            return node
        first, last = self.edits[holding[0]], self.edits[holding[-1]]
        computed = first.before[first.place(index, self.output.shape)]
        told = _("set by edit {n}; computed was {value}").format(n=last.edit.number, value=f"{computed:.4g}")
        return Noted(node.node, _("; ").join([told, node.note])) if isinstance(node, Noted) else Noted(node, told)

    def again(self) -> Array:
        """What its operation computes of its inputs, edited again."""
        call = Call.of(self)
        output = call.output()
        return left(applied((one.edit for one in self.edits), call, output), output.array)

    def _after(self, index: Index, edits: int) -> Node:
        """The arithmetic of a cell after so many of the edits."""
        shape = self.output.shape
        for n in reversed(range(edits)):
            one = self.edits[n]
            if (place := one.place(index, shape)) is not None:
                if one.call is not None:
                    return one.call.derive(index)
                before = lambda cell, n=n: self._after(cell, n)  # noqa: E731
                part = Tensor(self.output.array, self.output.dims, self.address, self.at).cut(one.where)
                selectors, value = one.edit.address.selectors, float(one.after[place])
                computed = part.replaced(one.before)
                return one.edit.value.derive(
                    Cell(index, self.output, one.where, selectors, place, value, before, computed)
                )
        node = super().derive(index)
        return node.node if isinstance(node, Noted) and edits < len(self.edits) else node


class ThroughEdit(Gradient):
    """The gradient of what was computed before an edit, from that of what the edit has left."""

    formula = N_("dy, through the edit")
    latex = r"\bar{y} \;\text{through the edit}"
    reference = N_("the chain rule")

    def __init__(self, one: Applied, output: Tensor) -> None:
        self.one, self.output = one, output

    def forward(self, dy: Tensor) -> Tensor:
        array, (edit, where, *_rest) = dy.array.copy(), self.one
        array[where] = edit.value.back(*self._parts(dy), edit.address.selectors)
        return Tensor(array, dy.dims)

    def derive(self, index: Index, dy: Tensor) -> Node:
        place = self.one.place(index, dy.shape)
        if place is None:
            return dy.leaf(*index)
        gradient, computed = self._parts(dy)
        edit, where = self.one.edit, self.one.where
        before = lambda other: dy.leaf(*other)  # noqa: E731
        cell = Cell(index, self.output, where, edit.address.selectors, place, 0.0, before, gradient)
        return edit.value.derive_back(cell, computed)

    def _parts(self, dy: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient of the part that was edited, and what was computed there, both known as that part is."""
        part = dy.cut(self.one.where)
        known = Tensor(part.array, part.dims, self.output.path, self.output.at)
        return known, known.replaced(self.one.before)

    def note(self, record: Record) -> str:
        return _told(self.one)


class Edited(Operation):
    """An operation whose output is edited, once; ``applied`` are the edits that it has the cells of."""

    formula = latex = reference = ""

    def __init__(self, op: Operation, edits: Sequence[Edit], path: str, at: At) -> None:
        self.op, self.edits, self.path, self.at = op, edits, path, at
        self.applied: Sequence[Applied] = ()

    def forward(self, *inputs: Any, **parameters: Any) -> Tensor:
        call = Call(self.op, self.path, self.at, inputs, parameters)
        output = call.output()
        self.applied = applied(self.edits, call, output)
        return output.replaced(left(self.applied, output.array)) if self.applied else output


class Editing(Tape):
    """A tape on which edits hold.

    From a ``known`` tape of the same place it takes every record that is the same operation of the same inputs and
    parameters, under the same edits: only what lies downstream of other edits is computed. ``beside`` are the outputs
    that edits of later records take from, by path; None before they are computed.
    """

    known: Tape | None
    beside: dict[str, Tensor | None]

    def __call__(self, op: Operation, name: str, *inputs: Tensor, **parameters: Any) -> Tensor:
        output = self._performed(op, name, *inputs, **parameters)
        if output.path in self.beside:
            self.beside[output.path] = output
        return output

    def _performed(self, op: Operation, name: str, *inputs: Tensor, **parameters: Any) -> Tensor:
        path = self._prefix + name
        if (record := self._same(path, op, inputs, parameters)) is not None:
            return self.take(record)
        if path not in self.edits:
            return super().__call__(op, name, *inputs, **parameters)
        edited = Edited(op, [one.within(self.beside) for one in self.edits[path]], path, self.at)
        output = super().__call__(edited, name, *inputs, **parameters)
        self._keep_edited(output)
        if self.records:
            self.records[-1].op = op
            self._say_so(edited.applied)
        return output

    def view(self, op: Operation, name: str, seen: Tensor, *inputs: Tensor, **parameters: Any) -> Tensor:
        """Perform the operation: what is there already may be edited here, or there."""
        return self(op, name, *inputs, **parameters)

    def take(self, record: Record) -> Tensor:
        output = super().take(record)
        if output.path in self.edits:
            self._keep_edited(output)
        return output

    def seal(self) -> None:
        super().seal()
        self.known = None

    def _same(self, path: str, op: Operation, inputs: Sequence[Tensor], parameters: Mapping[str, Any]) -> Record | None:
        """The record of the known tape that is the one that comes next here, if it has that."""
        known = self.known
        record = None if known is None else known.there(path)
        if known is None or record is None or record.op is not op or record.index != len(self.records) + 1:
            return None
        is_made_of = len(record.inputs) == len(inputs) and all(map(is_, record.inputs, inputs))
        is_made_so = is_made_of and record.parameters == parameters
        return record if is_made_so and self._is_edited_alike(path, known) else None

    def _is_edited_alike(self, path: str, known: Tape) -> bool:
        """Whether the same edits hold of a record as on another tape, and take from the same beside it."""
        edits = self.edits.get(path, ())
        if edits != known.edits.get(path, ()):
            return False
        return all(self.beside[taken] is known.find(taken).output for one in edits for taken in one.value.beside)

    def _keep_edited(self, output: Tensor) -> None:
        """Leave what is edited to later passes, in place of what would be left as it is."""
        if output.path in self.kept:
            self.kept[output.path] = output

    def _say_so(self, edits: Sequence[Applied]) -> None:
        """Let the last record know that it was edited, if it was."""
        if edits:
            self.nbytes += sum(one.before.nbytes for one in edits)
            self.records[-1] = EditedRecord(self.records[-1], edits)


class EditingUntraced(Editing, Untraced):
    """A tape on which edits hold, and that keeps nothing."""


_KINDS: dict[type[Tape], type[Editing]] = {Tape: Editing, Untraced: EditingUntraced}


def editing(kind: type[Tape], edits: Iterable[Edit], at: At, known: Tape | None = None) -> Callable[..., Tape]:
    """What makes tapes of a kind on which those edits hold that do so in a pass; where none does, the kind itself.

    With a ``known`` tape of the same place, they take from it what is the same there.
    """
    held: dict[str, list[Edit]] = {}
    for one in edits:
        for path in one.paths if one.holds(at) else ():
            held.setdefault(path, []).append(one)
    return partial(_begun, kind, held, known) if held or known is not None else kind


def _begun(
    kind: type[Tape], edits: Mapping[str, Sequence[Edit]], known: Tape | None, *place: Any, **options: Any
) -> Editing:
    tape = _KINDS[kind](*place, **options)
    tape.edits, tape.known = edits, known
    sources = (path for held in edits.values() for one in held for path in one.value.beside)
    tape.beside = dict.fromkeys(sources)
    return tape


def _cells(edit: Edit) -> str:
    """``[h1, "love"]``; nothing where it is of a whole record."""
    return f"[{', '.join(map(str, edit.address.selectors))}]" if edit.address.selectors else ""


def _told(one: Applied) -> str:
    """``edit 1: [h1] = 0``, or ``edit 1: no_scale``."""
    equals = "" if one.call else "= "
    what = f"{_cells(one.edit)} {equals}{one.edit.value}".strip()
    return _("edit {n}: {what}").format(n=one.edit.number, what=what)
