"""Writing a trace file: once through the run for what is there, and once more for the numbers, a tensor at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..addresses import Address, matching, parse
from ..checkpoints.writing import Planned, write_tensors
from ..dataclass import dataclass
from ..edits import Applied, Constant, Edit, OfModel
from ..errors import InputError
from ..i18n import _
from ..kept import KeptTape, second_names
from ..ops import catalogue
from ..tape import Record, Tape
from ..tensor import Array, Located, Tensor
from ..trace import Trace
from ..trace_file import header
from ..work import work
from .tables import Data, Tables, is_known, plain
from .words import vocabularies

HOLE = "\0"
"""Stands for the address in what an edit says of itself."""


class Written(NamedTuple):
    """What was written: the first step, the last one, and how many records in all."""

    first: int
    last: int
    records: int


def save(trace: Trace, path: str | Path, only: str | None = None) -> Written:
    """Write the steps that a run has so far to a trace file, whole or not at all; `tracer.open` reads it.

    ``only`` is an address, which may be shortened and have globs: the other records are left out.

    Raises:
        AddressError: ``only`` is no address.
        InputError: nothing was computed yet, ``only`` is of no record or of cells of one, or leaves out a step between
            others; or the file can't be written.
    """
    contents = Contents(trace, None if only is None else _wanted(only))
    write_tensors(Path(path), header(contents.stated()), contents.planned, contents.numbers())
    return Written(min(contents.kept), max(contents.kept), sum(map(len, contents.kept.values())))


def _wanted(only: str) -> Address:
    """Which records are to be kept."""
    address = parse(only)
    if address.selectors or address.record is not None or address.run is not None or address.beam is not None:
        told = _("{address}: whole records are kept; write a path, e.g. dec.*.cross.weights")
        raise InputError(told.format(address=address))
    return address


@dataclass
class Contents:
    """What is written of a trace.

    ``planned`` are the tensors, ``kept`` the paths of the records that are kept of each step, ``elsewhere`` the tensors
    of other passes that something was made of.
    """

    trace: Trace
    only: Address | None
    planned: list[Planned] = field(default_factory=list)
    kept: dict[int, Sequence[str]] = field(default_factory=dict)
    elsewhere: dict[str, Data] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tables = Tables(self.trace.card)
        self._named, self._vocabularies = vocabularies(self.trace.card)

    def stated(self) -> Data:
        """All that is stated beside the numbers."""
        steps = list(self._steps())
        if not steps:
            raise InputError(_("nothing was computed yet: there is nothing to write"))
        for name, data in self._vocabularies.items():
            self.planned.append(Planned(name, (len(data),), np.dtype(np.uint8)))
        stated = {
            "model": self._model(),
            "run": self._run(),
            "elsewhere": list(self.elsewhere.values()),
            "steps": steps,
        }
        return {**stated, **self._tables.data}

    def numbers(self) -> Iterator[tuple[str, Array]]:
        """The numbers of every planned tensor, one after the other."""
        for number in work(list(self.kept), _("steps")):
            tape = self.trace.step(number)
            for path in self.kept[number]:
                record = tape.find(path)
                yield record.output.address, record.output.array
                yield from ((before_name(record, one), one.before) for one in record.edits)
        for name, data in self._vocabularies.items():
            yield name, np.frombuffer(data, np.uint8)

    def _steps(self) -> Iterator[Data]:
        """The steps that something is kept of; raises `InputError` where ``only`` leaves none or has a gap."""
        tapes = map(self.trace.step, work(self.trace.numbers, _("steps")))
        found = [(number, data) for number, data in map(self._step, tapes) if data is not None]
        for (before, _data), (number, _other) in pairwise(found):
            if number != before + 1:
                told = _("{only} matches nothing in step @{n}, and a trace can't skip a step")
                raise InputError(told.format(only=self.only, n=before + 1))
        if self.only is not None and self.trace.numbers and not found:
            raise InputError(_("nothing that was recorded is at {only}").format(only=self.only))
        return (data for _number, data in found)

    def _step(self, tape: Tape) -> tuple[int, Data | None]:
        """A step, if anything of it is kept."""
        paths = [record.address for record in tape]
        wanted = paths if self.only is None else list(self._matched(tape, self.only))
        if not wanted:
            return tape.number, None
        self.kept[tape.number] = wanted
        kept = {*wanted}
        missing = [*_missing(tape), *(tape.find(path).output for path in paths if path not in kept)]
        absent = [_absent(tensor, self._tables) for tensor in missing]
        return tape.number, {
            "number": tape.number,
            "records": [self._record(tape.find(path), tape) for path in wanted],
            "names": [name._asdict() for name in second_names(tape, kept)],
            "absent": absent,
        }

    def _matched(self, tape: Tape, only: Address) -> Iterator[str]:
        """The paths of the records of a tape that are kept, in order."""
        names = matching(only.path, tape.addresses) if only.step in (None, tape.number) else []
        found = {tape.find(name).address for name in names}
        return (record.address for record in tape if record.address in found)

    def _record(self, record: Record, tape: Tape) -> Data:
        self.planned.append(Planned(record.output.address, record.output.shape, record.output.dtype))
        settings, lost = self._settings(record)
        is_downstream = bool(self.trace.edits) and record.address in self.trace.downstream(record.at)
        return {
            "address": record.address,
            "op": self._tables.operation(record),
            "inputs": [self._input(tensor, tape) for tensor in record.inputs],
            "axes": self._tables.axes(record.output.dims),
            "settings": settings,
            **({"lost": lost} if lost else {}),
            **({"downstream": True} if is_downstream else {}),
            **(self._edited(record) if record.edits else {}),
        }

    def _settings(self, record: Record) -> tuple[dict[str, Data], list[str]]:
        """The settings of an operation, and the names of those that are no plain data."""
        settings: dict[str, Data] = {}
        lost = list(record.lost)
        if lost or not is_known(record.op, catalogue()):
            return settings, lost
        for name, value in record.parameters.items():
            try:
                settings[name] = self._tables.setting(value)
            except TypeError:
                lost.append(name)
        return ({} if lost else settings), lost

    def _input(self, tensor: Tensor, tape: Tape) -> str:
        """The address of what something was made of; in the same step without it."""
        if tensor.at == tape.at:
            return tensor.path
        is_there = tensor.at is not None and tensor.at.beam is None and tensor.at.number in self.kept
        if not is_there:
            self.elsewhere.setdefault(tensor.address, {**_absent(tensor, self._tables), "address": tensor.address})
        return tensor.address

    def _edited(self, record: Record) -> Data:
        """What was put in place of computed cells of a record, and how it says so."""
        edits = []
        for one in record.edits:
            name = before_name(record, one)
            self.planned.append(Planned(name, one.before.shape, one.before.dtype))
            edits.append({"edit": one.edit.number, "where": _where(one.where), "before": name})
        formula, latex = record.written
        return {"edits": edits, "told": {"formula": str(formula), "latex": str(latex), "note": str(record.note)}}

    def _model(self) -> Data:
        card = self.trace.card
        return {
            "name": card.name,
            "kind": card.kind(),
            "dtype": card.dtype,
            "sizes": dict(card.sizes),
            "vocabularies": self._named,
            "spoken": list(card.chosen),
            "languages": list(card.languages),
        }

    def _run(self) -> Data:
        trace = self.trace
        ended = trace.ended and max(self.kept) == trace.computed
        return {
            "source": list(map(str, trace.source)),
            "source_ids": _numbers(trace.source_ids),
            "source_text": trace.source_text,
            "target": list(map(str, trace.target)),
            "target_ids": _numbers(trace.decoder_ids),
            "reads": list(trace.pieces),
            "begins": dict(trace.begins),
            "tokens": [{**token._asdict(), "prob": plain(token.prob)} for token in trace.tokens],
            "text": trace.text,
            "mask": None if trace.mask is None else _numbers(trace.mask),
            "positions": None if trace.positions is None else _numbers(trace.positions),
            "segments": None if trace.segments is None else _numbers(trace.segments),
            "teacher_forced": trace.teacher_forced,
            "chooses": trace.chooses,
            "decided": {
                name: {"value": self._tables.setting(decided.value), "origin": decided.origin}
                for name, decided in trace.decided.items()
            },
            "ended": ended,
            "ending": trace.ending if ended else "",
            "edits": list(map(_edit, trace.edits)),
        }


def before_name(record: Record, one: Applied) -> str:
    """Under which name it is written what an edit of a record found there."""
    return f"{record.output.address}.before_edit_{one.edit.number}"


def _missing(tape: Tape) -> list[Tensor]:
    """What a tape knows of the outputs that it has not."""
    absent = tape.absent if isinstance(tape, KeptTape) else {}
    return [tensor for path, tensor in absent.items() if path == tensor.path]


def _absent(tensor: Tensor, tables: Tables) -> Data:
    """What is kept of a tensor without its numbers."""
    return {"address": tensor.path, "axes": tables.axes(tensor.dims), "shape": list(tensor.shape)}


def _where(where: Located) -> list[Any]:
    return [[place.start, place.stop, place.step] if isinstance(place, slice) else int(place) for place in where]


def _numbers(numbers: Sequence[int]) -> list[int]:
    return list(map(int, numbers))


def _edit(edit: Edit) -> Data:
    """An edit as text; a number that it puts in as one."""
    address, value = edit.address, edit.value
    number = value.value if isinstance(value, Constant) and isinstance(value.value, int | float) else None
    return {
        "number": edit.number,
        "path": address.path,
        "step": address.step,
        "record": address.record,
        "selectors": ", ".join(map(str, address.selectors)),
        "onward": edit.onward,
        "paths": sorted(edit.paths),
        "value": None if number is None else plain(number),
        "text": str(value),
        "told": value.told(HOLE).split(HOLE),
        "of_model": isinstance(value, OfModel),
    }
