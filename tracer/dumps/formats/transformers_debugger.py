"""The tree of modules that transformers' debugger of model additions writes, with what went in and came out of each.

Numbers stand in safetensors files beside the tree, or in it as they are printed: of large tensors a part, and then
statistics say something of the rest. Names are those of modules without the class of the outermost one:
``model.encoder.layers.0.inputs.0#0``, ``lm_head.output#0``. What goes into the outermost one has its own name
(``input_ids``), and so has what it gives (``logits``), which is in a file that the tree says nothing of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property, partial
from math import prod
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ...checkpoints.safetensors import SafetensorsFile
from ...checkpoints.stored import Contiguous
from ...errors import InputError
from ...i18n import N_, Message, _
from ...listed import listed
from ...outward import visible
from ...tensor import Array
from ..brackets import Brackets, Cells, cells, half_unit, number
from ..dump import Dump, Entry
from ..evidence import Evidence, Printed, Statistics, Values
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
    shape_in,
    sound_figures,
    stored,
)
from ..tally import Tally
from .safetensors import read

FULL, SUMMARY = "_debug_tree_FULL_TENSORS.json", "_debug_tree_SUMMARY.json"
PROGRAM = "transformers"
KEY = "data"
SUFFIX = ".safetensors"

UNFIT = N_("left aside as the numbers printed don't fit their shapes, or are none: {n}")
ELIDED = N_("tensors of which a part is printed, and statistics are of all: {n}")
OTHERS = N_("other trees in the directory that are left aside: {names}")

FIGURES = ("min", "max", "mean", "std")

UNITS = {"F16": 2.0**-11, "BF16": 2.0**-8}
"""The share by which arithmetic in short types rounds their statistics."""

_ALONE = re.compile(r"tensor\(\s*([^\s,()]{1,60})")
_FILE = re.compile(r"(?P<path>.*?)_(?P<part>inputs_args|inputs_kwargs|outputs)(?:_(?P<rest>.+))?")


class TransformersDebugger(Dump):
    """As ``model_addition_debugger_context`` writes it, with ``use_repr`` or without."""

    summary: ClassVar[Message] = N_("the tree of transformers' model_addition_debugger, with safetensors or as text")

    @classmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        if head:
            return re.match(rb'\s*\{\s*"module_path"\s*:', head) is not None
        return any(name.endswith((FULL, SUMMARY)) for name in names)

    @cached_property
    def entries(self) -> Sequence[Entry]:
        tally = Tally()
        found = list(_Tree(self._file(), tally).entries())
        if not found:
            raise InputError(_("{path}: has no tensors").format(path=self.path))
        self.notes += tally.notes
        return found

    def _file(self) -> Path:
        """The tree to read: one with numbers, if there is any."""
        if not self.path.is_dir():
            return self.path
        names = names_in(self.path)
        trees = [name for end in (FULL, SUMMARY) for name in names if name.endswith(end)]
        if not trees:
            told = _("{path}: has no file that ends with {full} or {summary}")
            raise InputError(told.format(path=self.path, full=FULL, summary=SUMMARY))
        if aside := [name for name in trees[1:] if name != trees[0].replace(FULL, SUMMARY)]:
            self.notes.append(OTHERS.format(names=listed([*map(visible, aside)])))
        return self.path / trees[0]


class _Tensor(NamedTuple):
    """A tensor of a tree, and what to call it."""

    name: str
    means: str
    stated: Mapping[str, Any]


class _Tree:
    """One file of JSON, and what lies beside it."""

    def __init__(self, file: Path, tally: Tally) -> None:
        self._file, self._tally = file, tally
        self._calls = Counter[str]()
        self._read: set[str] = set()
        self._top = read_object(file)
        self._root = self._path(self._top)

    def entries(self) -> Iterator[Entry]:
        """Those of the tree as modules were called, then those that it leaves out."""
        for tensor in self._tensors(self._top, 0):
            yield from self._entries(tensor)
        if self._read:
            yield from self._left_out()

    def _path(self, node: Any) -> str:
        path = node.get("module_path") if isinstance(node, dict) else None
        if not isinstance(path, str):
            raise not_as_written(self._file, _("a module without a path"), PROGRAM)
        return path

    def _tensors(self, node: Any, depth: int) -> Iterator[_Tensor]:
        """Those that go into a module, those of the modules in it, and those that it gives."""
        path = self._path(node)
        call, self._calls[path] = self._calls[path], self._calls[path] + 1
        inputs, children = node.get("inputs") or {}, node.get("children") or []
        if depth > DEEPEST or not isinstance(inputs, dict) or not isinstance(children, list):
            raise not_as_written(self._file, visible(path), PROGRAM)
        for part in ("args", "kwargs"):
            yield from self._parts(path, call, f"inputs.{part}", inputs.get(part))
        for child in children:
            yield from self._tensors(child, depth + 1)
        yield from self._parts(path, call, "outputs", node.get("outputs"))

    def _parts(self, path: str, call: int, part: str, thing: Any) -> Iterator[_Tensor]:
        try:
            for trail, stated in leaves(thing, is_tensor):
                name = ".".join((path, part, *trail))
                yield _Tensor(visible(f"{name}#{call}"), visible(self._means(path, part, trail, call)), stated)
        except ValueError as error:
            raise not_as_written(self._file, visible(path), PROGRAM) from error

    def _means(self, path: str, part: str, trail: Trail, call: int) -> str:
        """What is meant by a tensor; of the outermost module all have names of their own."""
        inner = path.removeprefix(self._root).removeprefix(".")
        named = ("inputs", *trail) if part.startswith("inputs") else (output_part(trail),)
        if not inner and trail:
            named = named[1:] if part == "inputs.kwargs" else (trail[-1],) if part == "outputs" else named
        whole = ".".join((inner, *named)).removeprefix(".")
        return f"{whole}#{call}" if inner or call else whole

    def _entries(self, tensor: _Tensor) -> Iterator[Entry]:
        shape, dtype = shape_in(tensor.stated["shape"]), dtype_of(tensor.stated["dtype"])
        if shape is None:
            raise not_as_written(self._file, tensor.name, PROGRAM)
        found = [evidence for evidence in self._evidence(tensor, shape, dtype) if evidence]
        self._tally[BARE] += not found
        for evidence in found:
            yield Entry(tensor.name, evidence, tensor.means)

    def _evidence(self, tensor: _Tensor, shape: tuple[int, ...], dtype: str) -> Iterator[Evidence | None]:
        """Its numbers as they are stored or printed; where that is not all of them, its statistics."""
        match tensor.stated.get("value"):
            case str(stated) if file := self._stored(tensor.name, stated):
                yield Values(shape, dtype, read=partial(_read, file, shape, self._file.name))
                return
            case list(printed) if found := self._printed(printed, shape, dtype):
                yield found
                if found.values.size == prod(shape):
                    return
                self._tally[ELIDED] += 1
        yield _statistics(tensor.stated, shape, dtype)

    def _stored(self, name: str, stated: str) -> Path | None:
        """The file of a tensor; nothing where there is none."""
        plain = stated.removeprefix("./")
        self._read.add(plain)
        return stored(self._file, name, plain, self._file.parent, self._tally)

    def _printed(self, lines: Sequence[Any], shape: tuple[int, ...], dtype: str) -> Printed | None:
        try:
            places, values, half = _cells("\n".join(lines), shape)
        except (ValueError, TypeError):
            self._tally[UNFIT] += 1
            return None
        return Printed(shape, dtype, places=places, values=values, half=half)

    def _left_out(self) -> Iterator[Entry]:
        """What stands in files of modules that were pruned from the tree, and what the outermost one gives."""
        for name in names_in(self._file.parent):
            stem = name.removesuffix(SUFFIX)
            if name in self._read or stem == name or not stem.startswith((f"{self._root}_", f"{self._root}.")):
                continue
            if found := _FILE.fullmatch(stem):
                yield self._entry_of(self._file.parent / name, found)

    def _entry_of(self, file: Path, named: re.Match[str]) -> Entry:
        found = _tensor_in(file)
        part, trail = named["part"].replace("_", "."), (named["rest"],) if named["rest"] else ()
        means = self._means(named["path"], part, trail, 0)
        name = ".".join((named["path"], part, *trail))
        evidence = Values(found.shape, found.dtype, read=partial(_read, file, found.shape, self._file.name))
        return Entry(visible(f"{name}#0"), evidence, visible(means))


def _cells(text: str, shape: tuple[int, ...]) -> Cells:
    """What ``repr`` shows of a tensor; raises ``ValueError`` where that is none of this shape."""
    if not shape:
        found = _ALONE.search(text)
        printed = found[1] if found else ""
        return Cells(np.zeros((1, 0), np.int64), np.array([number(printed)]), np.array([half_unit(printed)]))
    brackets = Brackets(len(shape))
    if not brackets.take(text[text.index("[") : text.rindex("]") + 1]) or len(brackets.blocks) != 1:
        raise ValueError("no rows in brackets")
    if 0 in shape:
        return Cells(np.zeros((0, len(shape)), np.int64), np.zeros(0), np.zeros(0))
    return cells(brackets.blocks[0], shape)


def _statistics(stated: Mapping[str, Any], shape: tuple[int, ...], dtype: str) -> Statistics | None:
    """The figures of a tensor, each within what its last digit, or the arithmetic of its type, leaves open."""
    printed = {name: _ALONE.match(stated[name]) for name in FIGURES if isinstance(stated.get(name), str)}
    signs = {name: found[1] for name, found in printed.items() if found}
    figures = sound_figures({name: figure(sign) for name, sign in signs.items()})
    shares = [half_unit(signs[name]) / abs(value) for name, value in figures.items() if value and np.isfinite(value)]
    share = max([1e-6, UNITS.get(dtype, 0.0), *shares])
    return Statistics(shape, dtype, figures=figures, share=share) if figures else None


def _tensor_in(file: Path) -> Contiguous:
    """The tensor that a file was written for."""
    found = SafetensorsFile(file).entries.get(KEY)
    if found is None:
        raise InputError(_("{path}: has no tensor {name}").format(path=file, name=KEY))
    return found


def _read(file: Path, shape: tuple[int, ...], by: str) -> Array:
    """The tensor of a file, which has the shape that the tree, whose file is ``by``, states."""
    found = _tensor_in(file)
    check_shape(file, found.shape, shape, by)
    return read(found)
