"""The records of a trace file, made again one after the other: each of what was there before it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..addresses import At
from ..edits import Applied, Edit
from ..fields import Fields
from ..i18n import _
from ..kept import Absent, KeptTape, SecondName
from ..operation import Operation, Written
from ..ops import catalogue
from ..ops.attention import Append
from ..tape import Record
from ..tensor import Located, Tensor
from ..trace_file import TraceFile
from .records import KeptEditedRecord, KeptRecord, Lying, Numbers
from .shared import Shared, check_call, known_op

_PATH = re.compile(r"\w+(?:\.\w+)*")
_ADDRESS = re.compile(rf"@(\d{{1,9}})(?:\.(\d{{1,4}}))?:({_PATH.pattern})")
_READABLE = ("F64", "F32", "F16", "I64", "I32", "U8", "BOOL")
"""What records may be stored as."""


class Restoring:
    """Makes the tapes of a file; ``known`` are the tensors so far, by address.

    Raises:
        InputError: something in it is not what it is to be.
    """

    def __init__(self, file: TraceFile, numbers: Numbers, shared: Shared, edits: Iterable[Edit]) -> None:
        self._file, self._numbers, self._shared = file, numbers, shared
        self._edits = {edit.number: edit for edit in edits}
        self._known: dict[str, Tensor] = {}

    def tapes(self, stated: Fields) -> Mapping[int, KeptTape]:
        """The tapes of all steps, which follow each other."""
        for row in stated.each("elsewhere"):
            self._known[row("address", str)] = self._elsewhere(row)
        found: dict[int, KeptTape] = {}
        for row in stated.each("steps"):
            number = row("number", int)
            is_next = number >= 0 and (not found or number - 1 in found)
            row.insist(is_next and number not in found, "number", _("expected the step after the one before"))
            found[number] = self._tape(row, At(number))
        stated.insist(bool(found), "steps", _("expected one at least"))
        return found

    def _elsewhere(self, row: Fields) -> Absent:
        match = _ADDRESS.fullmatch(row("address", str))
        if match is None:
            raise row.error("address", _("expected an address with its step"))
        return self._absent(row, match[3], At(int(match[1]), None if match[2] is None else int(match[2])))

    def _absent(self, row: Fields, path: str, at: At) -> Absent:
        shape = self._shared.shape(row)
        return Absent(shape, self._shared.dims(row, shape), path, at)

    def _tape(self, row: Fields, at: At) -> KeptTape:
        absent = {}
        for one in row.each("absent"):
            path = _path(one, "address")
            absent[path] = self._known[f"{at}:{path}"] = self._absent(one, path, at)
        records: list[Record] = []
        for one in row.each("records"):
            records.append(self._record(one, at, len(records) + 1))
            self._known[records[-1].output.address] = records[-1].output
        row.insist(bool(records), "records", _("expected one at least"))
        paths = {**dict.fromkeys(absent, 0), **{record.address: record.index for record in records}}
        names = [_name(one, paths, len(records)) for one in row.each("names")]
        row.insist(len({name.name for name in names}) == len(names), "names", _("expected each once"))
        return KeptTape(at, records, absent, names)

    def _record(self, row: Fields, at: At, index: int) -> KeptRecord | KeptEditedRecord:
        path, lost = _path(row, "address"), row("lost", list[str] | None) or []
        output = self._output(row, path, at)
        op = known_op(self._shared.op(row), lost)
        inputs = tuple(self._input(row, name, at) for name in row("inputs", list[str]))
        settings = self._shared.settings(row, output)
        if op is catalogue().get(op.name):
            check_call(row, op, inputs, settings, output)
        if row("edits", list[Any] | None):
            record = KeptRecord(index, op, inputs, settings, output, lost)
            return self._edited(row, record, output)
        return KeptRecord(index, op, inputs, settings, _of_rows(op, inputs, output), lost)

    def _edited(self, row: Fields, record: KeptRecord, output: Lying) -> KeptEditedRecord:
        """A record of which cells were put in, and what it says of that."""
        told, edits = row.within("told"), [self._applied(one, output) for one in row.each("edits")]
        return KeptEditedRecord(record, edits, Written(told("formula", str), told("latex", str)), told("note", str))

    def _output(self, row: Fields, path: str, at: At) -> Lying:
        name = f"{at}:{path}"
        stored = self._file.tensors.get(name)
        if stored is None or name in self._known:
            raise row.error("address", _("expected a tensor {name}, once").format(name=name))
        row.insist(
            stored.dtype in _READABLE, "address", _("expected a type of {known}").format(known=", ".join(_READABLE))
        )
        return Lying(stored, self._numbers, self._shared.dims(row, stored.shape), path, at)

    def _input(self, row: Fields, name: str, at: At) -> Tensor:
        address = name if name.startswith("@") else f"{at}:{name}"
        if address not in self._known:
            raise row.error("inputs", _("expected what was computed before, and not {name}").format(name=name))
        return self._known[address]

    def _applied(self, row: Fields, output: Lying) -> Applied:
        """An edit of a record: where, and what stood there before."""
        edit, name = self._edits.get(row("edit", int)), row("before", str)
        if edit is None or name not in self._file.tensors or self._file.tensors[name].dtype not in _READABLE:
            raise row.error("edit", _("expected an edit of the run, and a tensor of what was there"))
        where = _located(row, output.shape)
        before, after = self._numbers.read(name), output.array[where]
        row.insist(before.shape == after.shape, "before", _("expected the shape of what was edited"))
        return Applied(edit, where, before, after)


def _of_rows(op: Operation, inputs: Sequence[Tensor], output: Lying) -> Lying:
    """An output that knows which of its rows came when, where it is of such."""
    return output.of_rows(inputs[0] if inputs[1:] else None, inputs[-1]) if isinstance(op, Append) else output


def _located(row: Fields, shape: Sequence[int]) -> Located:
    stated = row("where", list[int | list[int | None]])
    row.insist(len(stated) == len(shape), "where", _("expected a place for every axis"))
    found: list[int | slice] = []
    for place, n in zip(stated, shape, strict=True):
        is_place = 0 <= place < n if isinstance(place, int) else len(place) == 3 and place[2] != 0
        row.insist(is_place, "where", _("expected a place for every axis"))
        found.append(place if isinstance(place, int) else slice(*place))
    return tuple(found)


def _name(row: Fields, paths: Mapping[str, int], records: int) -> SecondName:
    """A second name of one of the records, which stand at ``paths``; it is given after that is made."""
    found = SecondName(_path(row, "name"), row("path", str), row("after", int))
    is_made = found.path in paths and paths[found.path] <= found.after <= records
    fits = found.name not in paths and is_made and found.after >= 0
    row.insist(fits, "path", _("expected the address of a record that has another name"))
    return found


def _path(row: Fields, name: str) -> str:
    path: str = row(name, str)
    row.insist(_PATH.fullmatch(path) is not None, name, _("expected an address"))
    return path
