"""Lines of JSON as ``tx-trace --format jsonl`` writes them: statistics of records, and the values of what was shown."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from math import prod, sqrt
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...errors import InputError
from ...i18n import N_, Message, _, cause
from ...outward import visible
from ...tensor import Array
from ..dump import Dump, Entry
from ..evidence import Evidence, Statistics, Values
from ..lines import LONGEST, Line, lines
from ..stated import figure, not_as_written, shape_of, sound_figures
from ..tally import Tally

AGAIN = N_("left aside as their address came before: {n}")
PARTIAL = N_("left aside as their statistics are of their finite numbers alone: {n}")

_SEEN = re.compile(rb'\s*\{"kind": ?"')

_INFINITE = {"inf": np.inf, "-inf": -np.inf, "nan": np.nan}


class JsonLines(Dump):
    """As tx-trace writes it; a record that comes again, in another run for instance, is left aside."""

    summary: ClassVar[Message] = N_("JSON lines of tx-trace itself")

    @classmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        return _SEEN.match(head) is not None

    @cached_property
    def entries(self) -> Sequence[Entry]:
        tally = Tally()
        found = _first(self._read(tally), tally)
        if not found:
            told = _("{path}: has no tensors; print and step write them under --format jsonl")
            raise InputError(told.format(path=self.path))
        self.notes += tally.notes
        return found

    def _read(self, tally: Tally) -> Iterator[Entry]:
        for line in lines(self.path):
            thing = _parsed(self.path, line) if line.data.strip() else {}
            if thing.get("kind") in ("op", "tensor"):
                yield from self._entry(thing, line, tally)

    def _entry(self, thing: Mapping[str, Any], line: Line, tally: Tally) -> Iterator[Entry]:
        address, shape = thing.get("address"), shape_of(thing.get("shape"))
        if not isinstance(address, str) or shape is None:
            raise not_as_written(self.path, _("line {number}").format(number=line.number), "tx-trace")
        evidence = self._values(thing, shape, line) if thing["kind"] == "tensor" else _statistics(thing, shape)
        tally[PARTIAL] += evidence is None
        if evidence:
            yield Entry(visible(address), evidence)

    def _values(self, thing: Mapping[str, Any], shape: tuple[int, ...], line: Line) -> Evidence:
        array = _array(self.path, line, thing.get("values"), shape)
        return Values(shape, _dtype(array), read=partial(_read_again, self.path, line._replace(data=b""), shape))


def _first(entries: Iterable[Entry], tally: Tally) -> Sequence[Entry]:
    """Of each name the first entry with values, or else the first."""
    found: dict[str, Entry] = {}
    for entry in entries:
        known = found.setdefault(entry.name, entry)
        if known.evidence.kind == "statistics" and entry.evidence.kind == "values":
            found[entry.name] = entry
        else:
            tally[AGAIN] += known is not entry
    return list(found.values())


def _parsed(path: Path, line: Line) -> dict[str, Any]:
    try:
        thing = json.loads(line.data)
    except (ValueError, RecursionError) as error:
        told = _("{path}: line {number} is no JSON ({reason})")
        raise InputError(told.format(path=path, number=line.number, reason=cause(error))) from error
    if not isinstance(thing, dict):
        raise not_as_written(path, _("line {number}").format(number=line.number), "tx-trace")
    return thing


def _statistics(thing: Mapping[str, Any], shape: tuple[int, ...]) -> Statistics | None:
    """Those of all numbers; nothing where some of these were not finite."""
    figures = {name: figure(thing.get(name)) for name in ("min", "max", "mean")}
    spread, size = figure(thing.get("std")), prod(shape)
    if spread is not None and size > 1:
        figures["std"] = spread * sqrt(size / (size - 1))
    sound = sound_figures(figures)
    return Statistics(shape, figures=sound) if sound and thing.get("nonfinite") == 0 else None


def _array(path: Path, line: Line, stated: Any, shape: tuple[int, ...]) -> Array:
    """Nested lists as an array, of the type that holds their numbers; raises `InputError` where they are no such."""
    try:
        array = np.array(_numbers(stated))
        sound = array.shape == shape and array.dtype.kind in "ifb"
    except (ValueError, OverflowError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise not_as_written(path, _("line {number}").format(number=line.number), "tx-trace")
    return array.astype(np.float32) if _dtype(array) == "F32" else array


def _numbers(stated: Any) -> Any:
    """The lists with numbers in place of what JSON has no numbers for."""
    match stated:
        case list():
            return [_numbers(inner) for inner in stated]
        case str():
            return _INFINITE[stated]
        case _:
            return stated


def _dtype(array: Array) -> str:
    """What safetensors calls the smallest type that its numbers are numbers of."""
    if array.dtype.kind != "f":
        return "BOOL" if array.dtype.kind == "b" else "I64"
    with np.errstate(over="ignore"):
        return "F32" if np.array_equal(array.astype(np.float32), array, equal_nan=True) else "F64"


def _read_again(path: Path, line: Line, shape: tuple[int, ...]) -> Array:
    """The values in a line, from the file once more, so that a run need not fit into memory."""
    try:
        with path.open("rb") as file:
            file.seek(line.start)
            found = line._replace(data=file.readline(LONGEST))
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error
    return _array(path, line, _parsed(path, found).get("values"), shape)
