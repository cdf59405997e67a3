"""Dumps of msprobe (MindStudio-Probe): a ``dump.json`` of statistics, and beside it files of tensors where asked for.

A module's tensors mean what `Entry` says: ``model.encoder.layers.0.output#0``, ``….inputs.hidden_states#0``,
``….parameters.weight``. What torch's functions and operators gave, which the levels L1 and mix have, goes by the module
that they were called in and by their own names, counted there: the second product in an attention is
``model.encoder.layers.0.self_attn.torch.matmul.output#1``, and the first residual sum
``model.encoder.layers.0.tensor.__add__.output#0``.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from ...checkpoints.stored import DTYPES
from ...checkpoints.torch_tensor import TorchTensor
from ...checkpoints.torch_zip import TorchZip
from ...errors import InputError
from ...i18n import N_, Message, _
from ...listed import listed
from ...outward import visible
from ...tensor import Array
from ..dump import Dump, Entry
from ..evidence import Evidence, Statistics, Values
from ..files import names as names_in
from ..stated import (
    BARE,
    DEEPEST,
    Trail,
    check_shape,
    dtype_of,
    figure,
    is_tensor,
    leaves,
    not_as_written,
    output_part,
    read_object,
    shape_of,
    sound_figures,
    stored,
)
from ..tally import Tally

FILE = "dump.json"
TENSORS = "dump_tensor_data"
PROGRAM = "msprobe"

FIGURES = {"max": "Max", "min": "Min", "mean": "Mean", "norm": "Norm"}

_STEP = re.compile(r"step(\d{1,9})")
_RANK = re.compile(r"(?:rank|proc)(\d{1,9})?")
_MODULE = re.compile(r"(?:Module|Cell)\.(?:(?P<path>.+)\.)?[^.]+\.forward\.(?P<call>\d{1,9})")
_OPERATION = re.compile(r"(?P<path>[A-Za-z]\w*\..+)\.\d{1,9}\.forward")

OTHERS = N_("left aside as they are no tensors of a forward pass: {n}")

PARTS = {"input_args": ("input", "inputs"), "input_kwargs": ("kwargs", "inputs"), "parameters": ("parameters",) * 2}
"""What msprobe's files and our names call the parts of an entry, save for the output."""


class Msprobe(Dump):
    """As msprobe writes them, of the lowest rank; calls are counted on from step to step."""

    summary: ClassVar[Message] = N_("a directory of msprobe (MindStudio-Probe): dump.json, with tensors or statistics")

    @classmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        if head:
            return head.lstrip().startswith(b"{") and b'"dump_data_dir"' in head and b'"task"' in head
        inside = any(_STEP.fullmatch(name) or _RANK.fullmatch(name) for name in names)
        return FILE in names or (inside and bool(_steps(path)))

    @cached_property
    def entries(self) -> Sequence[Entry]:
        steps, tally, calls = self._folders(), Tally(), _Calls()
        found: list[Entry] = []
        for folder in steps:
            found += _Step(folder, calls, tally).entries()
            calls.end_step()
        if not found:
            raise InputError(_("{path}: has no tensors of a forward pass").format(path=self.path))
        self.notes += tally.notes
        return found

    def _folders(self) -> Sequence[Path]:
        """The directory of each step, of the lowest rank."""
        steps = _steps(self.path if self.path.is_dir() else self.path.parent)
        if not steps:
            told = _("{path}: has no dump.json, nor has a directory step*/rank* or step*/proc* in it")
            raise InputError(told.format(path=self.path))
        if aside := [folder.name for ranks in steps for folder in ranks[1:]]:
            self.notes.append(N_("dumps of other ranks that are left aside: {names}").format(names=listed(aside)))
        return [ranks[0] for ranks in steps]


def _steps(path: Path) -> Sequence[Sequence[Path]]:
    """For each step the directories of its ranks, both in the order of their numbers."""
    if (path / FILE).exists():
        return [[path]]
    ranks = _ranks(path)
    return [ranks] if ranks else [ranks for step in _numbered(path, _STEP) if (ranks := _ranks(step))]


def _ranks(path: Path) -> Sequence[Path]:
    return [folder for folder in _numbered(path, _RANK) if (folder / FILE).exists()]


def _numbered(path: Path, names: re.Pattern[str]) -> Sequence[Path]:
    """The directories with such names, in the order of their numbers."""
    inside = [(int(found[1] or 0), found[0]) for name in names_in(path) if (found := names.fullmatch(name))]
    return [path / name for _number, name in sorted(inside)]


class _Calls:
    """How often modules and operations were called so far; modules are counted within a step by msprobe."""

    def __init__(self) -> None:
        self._earlier = Counter[str]()
        self._here = Counter[str]()
        self._operations = Counter[str]()

    def of_module(self, path: str, call: int) -> int:
        """The number of a call, counted from 0 over all steps."""
        self._here[path] = max(self._here[path], call + 1)
        return self._earlier[path] + call

    def of_operation(self, path: str) -> int:
        """The number of the next call."""
        self._operations[path] += 1
        return self._operations[path] - 1

    def end_step(self) -> None:
        """Count on from here."""
        self._earlier.update(self._here)
        self._here.clear()


class _Call(NamedTuple):
    """A call of a module or operation: its path, and its number."""

    path: str
    number: int

    def means(self, section: str, trail: Trail) -> str:
        """What is meant by one of its tensors."""
        if section == "output":
            return f"{self.path}.{output_part(trail)}#{self.number}".removeprefix(".")
        whole = ".".join((self.path, PARTS[section][1], *trail)).removeprefix(".")
        return whole if section == "parameters" else f"{whole}#{self.number}"


class _Step:
    """One ``dump.json`` and what lies beside it."""

    def __init__(self, folder: Path, calls: _Calls, tally: Tally) -> None:
        self.file, self._calls, self._tally = folder / FILE, calls, tally
        stated, construct = read_object(self.file), folder / "construct.json"
        data = stated.get("data")
        if not isinstance(data, dict):
            raise not_as_written(self.file, "data", PROGRAM)
        self._data: Mapping[str, Any] = data
        self._parents = read_object(construct) if construct.exists() else {}
        self._tensors = _tensors(folder, stated.get("dump_data_dir"))

    def entries(self) -> Iterator[Entry]:
        """The tensors of its forward pass."""
        for name, parts in self._data.items():
            call = self._call(name)
            if call is None:
                self._tally[OTHERS] += 1
            elif not isinstance(parts, dict):
                raise not_as_written(self.file, visible(name), PROGRAM)
            else:
                yield from self._entries(name, call, parts)

    def _entries(self, name: str, call: _Call, parts: Mapping[str, Any]) -> Iterator[Entry]:
        for section in (*PARTS, "output"):
            for trail, leaf in self._leaves(name, parts.get(section)):
                full = visible(".".join((name, PARTS.get(section, (section,))[0], *trail)))
                if evidence := self._evidence(full, leaf):
                    yield Entry(full, evidence, visible(call.means(section, trail)))

    def _leaves(self, name: str, part: Any) -> Iterator[tuple[Trail, Mapping[str, Any]]]:
        try:
            yield from leaves(part, is_tensor)
        except ValueError as error:
            raise not_as_written(self.file, visible(name), PROGRAM) from error

    def _call(self, name: str) -> _Call | None:
        if found := _MODULE.fullmatch(name):
            path = found["path"] or ""
            return _Call(path, self._calls.of_module(path, int(found["call"])))
        if found := _OPERATION.fullmatch(name):
            family, _dot, operation = found["path"].partition(".")
            path = f"{self._module_around(name)}.{family.lower()}.{operation}".removeprefix(".")
            return _Call(path, self._calls.of_operation(path))
        return None

    def _module_around(self, name: str) -> str:
        """The path of the module that an operation was called in; empty where that isn't known."""
        parent: Any = name
        for _depth in range(DEEPEST):
            parent = self._parents.get(parent)
            if not isinstance(parent, str):
                break
            if found := _MODULE.fullmatch(parent):
                return found["path"] or ""
        return ""

    def _evidence(self, name: str, leaf: Mapping[str, Any]) -> Evidence | None:
        shape, dtype = shape_of(leaf["shape"]), dtype_of(leaf["dtype"])
        if shape is None:
            raise not_as_written(self.file, name, PROGRAM)
        if file := self._stored(name, leaf):
            return Values(shape, dtype, read=partial(_read, file, shape))
        figures = sound_figures({ours: figure(leaf.get(theirs)) for ours, theirs in FIGURES.items()})
        self._tally[BARE] += not figures
        return Statistics(shape, dtype, figures=figures) if figures else None

    def _stored(self, name: str, leaf: Mapping[str, Any]) -> Path | None:
        """The file of a tensor; nothing where there is none."""
        stated = leaf.get("data_name")
        return None if stated is None else stored(self.file, name, stated, self._tensors, self._tally)


def _tensors(folder: Path, stated: Any) -> Path:
    """Where the files of tensors are: beside ``dump.json``, or else where that says, if it's within the same folder."""
    beside = folder / TENSORS
    if beside.is_dir() or not isinstance(stated, str) or not os.path.isdir(folder / stated):
        return beside
    is_within = (folder / stated).resolve().is_relative_to(folder.resolve())
    return folder / stated if is_within else beside


def _read(file: Path, shape: tuple[int, ...]) -> Array:
    """The tensor of a file, which has the shape that was stated."""
    found = TorchZip(file)
    tensor = found.tree
    if not isinstance(tensor, TorchTensor) or tensor.dtype not in DTYPES:
        raise found.error(_("has no tensor of a type that can be read"))
    check_shape(file, tensor.shape, shape, FILE)
    return tensor.read()
