"""What llama.cpp prints of a graph: llama-eval-callback and llama-debug, and the scripts that print torch's side of it.

Names are not unique there: ``Qcur-0`` is a product, a sum, a view and what RoPE makes of it. So an entry means
``ggml:<name>:<OP>#<occurrence>``, where occurrences are counted from 0 for each name and operation. The name is without
the copies that a scheduler makes (``CUDA0#Qcur-0#0``) and without a last suffix that the operation says too:
``Qcur-0 (reshaped)`` of a RESHAPE is ``ggml:Qcur-0:RESHAPE#0``, but ``cache_k_l0 (view)`` of a CPY keeps it. Axes come
as NumPy has them, slowest first, without leading ones beyond the last two.

On torch's side entries mean modules: ``model.layers.0.mlp_in`` is ``model.layers.0.mlp.inputs.0#0``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import field
from functools import cached_property
from math import prod
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from ...dataclass import dataclass
from ...errors import InputError
from ...i18n import N_, Message, _
from ...outward import visible
from ...tensor import Array
from ..brackets import GAP, Block, Brackets, Cells, cells
from ..dump import Dump, Entry
from ..evidence import Printed, Values
from ..lines import Line, lines
from ..stated import SHORT, figure, lengths, shape_in
from ..tally import Tally

PARAMETERS = N_("left aside as parameters: {n}")
UNPRINTED = N_("left aside as no numbers were printed of them, quantised ones for instance: {n}")
UNFIT = N_("left aside as the numbers printed don't fit their shapes, or break off: {n}")

LONGEST_HEADING = 2048
"""signs; names and sources are cut at 64 and 128"""

MOST_IDS = 1 << 20

_STAMP = re.compile(r"[\d.]{1,40} [A-Z] ")
_SEEN = re.compile(
    rb"^(?:[\d.]+ [A-Z] )?(?:common_debug_cb_eval|ggml_debug): |llama_model_loader: |^build: \d+ \(\w+\) with ",
    re.MULTILINE,
)
_HEADING = re.compile(
    r"(?P<writer>\w*debug\w*):\s+(?P<name>\S.*?) = \((?P<type>\w+)\)\s+(?P<made>.*) = \{(?P<shape>[^{}]*)\}"
)
_OPERATION = re.compile(r"\w+(?=\()")
_SUM = re.compile(r"(sum|sum_sq)\s*= ?(\S{1,40})$")
_SUMLINE = re.compile(r"sumline \S.* sum= ?(\S{1,40})")
_IDS = re.compile(r"(?:token ids|Input tokens): *(?:tensor\()?\[*([\d, ]+)")
_COUNT = re.compile(r"number of input tokens = (\d{1,9})$")
_COPY = re.compile(r"\w+#(.+)#\d+")
_PARAMETER = re.compile(r"\.(weight|bias)\b")

_SUFFIXES = {
    "RESHAPE": " (reshaped)",
    "VIEW": " (view)",
    "PERMUTE": " (permuted)",
    "TRANSPOSE": " (transposed)",
    "CONT": " (cont)",
    "CPY": " (copy)",
    "DUP": " (copy)",
}


class _Node(NamedTuple):
    """A tensor of llama.cpp's graph, with its four axes, slowest first."""

    name: str
    dtype: str
    op: str
    axes: tuple[int, ...]
    sums_all: bool

    @property
    def shape(self) -> tuple[int, ...]:
        leading = next((n for n, length in enumerate(self.axes[:2]) if length != 1), 2)
        return self.axes[leading:]

    @property
    def stands_for(self) -> str:
        bare = self.name.removesuffix(_SUFFIXES.get(self.op, "\0"))
        found = _COPY.fullmatch(bare)
        return f"ggml:{found[1] if found else bare}:{self.op}"

    @property
    def printed_name(self) -> str:
        return f"{self.name} ({self.op})"

    def cells(self, blocks: Block) -> Cells:
        """Each block has all of the three fastest axes."""
        found = cells(blocks, self.axes)
        return found._replace(places=found.places[:, len(self.axes) - len(self.shape) :])


class _Hooked(NamedTuple):
    """What went into a module of torch, or came out: three axes or four, of which a row has the last, or both last."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    sums_all: bool = True

    @property
    def stands_for(self) -> str:
        module, _, end = self.name.rpartition("_")
        return f"{module}.{ {'in': 'inputs.0', 'out': 'output'}.get(end, end) }" if module else self.name

    @property
    def printed_name(self) -> str:
        return self.name

    def cells(self, blocks: Block) -> Cells:
        """Of a batch the first alone is printed."""
        if len(self.shape) not in (3, 4) or not self.shape[0]:
            raise ValueError("another number of axes")
        _batch, rows, *row = self.shape
        found = cells(blocks, (1, 1, rows, prod(row)))
        return found._replace(places=_split(found.places[:, 1:], row))


def _split(places: Array, row: Sequence[int]) -> Array:
    """Places of which the last number counts along the axes that a row has."""
    last = np.unravel_index(places[:, -1], row)
    return np.column_stack([places[:, :-1], *last])


_Heading = _Node | _Hooked


@dataclass
class _Section:
    """A heading and what stands beneath it."""

    heading: _Heading
    brackets: Brackets = field(default_factory=lambda: Brackets(3))
    sums: dict[str, float] = field(default_factory=dict)

    def take(self, line: str) -> None:
        """Take what belongs to it; other lines are those of a log."""
        if not line.startswith(("[", "]", GAP)):
            self._take_sum(line)
        else:
            self.brackets.take(line)

    def _take_sum(self, line: str) -> None:
        found = _SUM.match(line)
        told = _SUMLINE.match(line)
        for name, printed in [found.groups()] if found else [("sumline", told[1])] if told else []:
            value = figure(printed)
            if value is not None:
                self.sums.setdefault(name, value)

    @property
    def total(self) -> float | None:
        """The sum of all its numbers, where it is known to be that: at first those were added that were printed."""
        if "sumline" in self.sums:
            return self.sums["sumline"]
        return self.sums.get("sum") if self.heading.sums_all or "sum_sq" in self.sums else None

    def evidence(self) -> Printed | None:
        """What was printed of it; nothing where no numbers were.

        Raises:
            ValueError: it does not fit the heading.
        """
        if not self.brackets.closed:
            raise ValueError("broken off")
        if not self.brackets.blocks:
            return None
        places, values, half = self.heading.cells(self.brackets.blocks)
        heading = self.heading
        return Printed(heading.shape, heading.dtype, places=places, values=values, half=half, total=self.total)


class _Ids:
    """The ids of the prompt, where a line has them, or each of the lines that follow one."""

    def __init__(self) -> None:
        self.found: list[int] = []
        self._awaited = 0

    def take(self, line: str) -> None:
        """Look for them in a line before the first heading, or after it."""
        if self._awaited:
            self._take_one(line)
        elif not self.found and (counted := _COUNT.match(line)):
            self._awaited = min(int(counted[1]), MOST_IDS)
        elif not self.found and (listed := _IDS.match(line)):
            self.found = list(lengths(listed[1]) or ()) if len(listed[1]) < LONGEST_HEADING else []

    def _take_one(self, line: str) -> None:
        if line.isdecimal() and len(line) < 10:
            self._awaited -= 1
            self.found.append(int(line))
        else:
            self._awaited, self.found = 0, []

    @property
    def entries(self) -> list[Entry]:
        """The ids, if all of them came."""
        ids = np.array([self.found], np.int64)
        there = self.found and not self._awaited
        return [Entry("input_ids", Values(ids.shape, "I64", read=ids.copy))] if there else []


class EvalCallback(Dump):
    """As ``llama-eval-callback``, ``llama-debug`` and llama.cpp's scripts for conversion print it, of any year."""

    summary: ClassVar[Message] = N_("text of llama-eval-callback and llama-debug, of every generation")

    @classmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        return _SEEN.search(head) is not None

    @cached_property
    def entries(self) -> Sequence[Entry]:
        ids, seen, tally = _Ids(), Counter[str](), Tally()
        found = [entry for section in self._sections(ids) for entry in _entry(section, seen, tally)]
        if not seen:
            told = _("{path}: prints no tensors; llama-eval-callback and llama-debug do")
            raise InputError(told.format(path=self.path))
        self.notes += tally.notes
        return ids.entries + found

    def _sections(self, ids: _Ids) -> Iterator[_Section]:
        section = None
        for line in lines(self.path):
            text = _plain(line)
            heading = _heading(text)
            if heading is None:
                (section or ids).take(text)
                continue
            if section:
                yield section
            section = _Section(heading)
        if section:
            yield section


def _entry(section: _Section, seen: Counter[str], tally: Tally) -> Iterator[Entry]:
    """The entry of a section, if it is a tensor that was computed and printed."""
    heading = section.heading
    key = heading.stands_for
    occurrence, seen[key] = seen[key], seen[key] + 1
    if _PARAMETER.search(key):
        tally[PARAMETERS] += 1
        return
    try:
        evidence = section.evidence() if heading.dtype else None
    except ValueError:
        tally[UNFIT] += 1
        return
    tally[UNPRINTED] += evidence is None
    if evidence:
        yield Entry(f"{heading.printed_name}#{occurrence}", evidence, f"{key}#{occurrence}")


def _plain(line: Line) -> str:
    """A line without blanks around it and the time that a log may begin with."""
    text = line.text.strip()
    stamp = _STAMP.match(text)
    return text[stamp.end() :].strip() if stamp else text


def _heading(line: str) -> _Heading | None:
    found = _HEADING.match(line) if "debug" in line[:64] and len(line) <= LONGEST_HEADING else None
    if found is None:
        return None
    name, dtype = visible(found["name"]), SHORT.get(found["type"], "")
    if found["made"] == "...":
        shape = shape_in(found["shape"])
        return None if shape is None else _Hooked(name, dtype, shape)
    op, axes = _OPERATION.match(found["made"]), lengths(found["shape"])
    if op is None or axes is None or len(axes) != 4:
        return None
    return _Node(name, dtype, op[0], axes[::-1], found["writer"] == "common_debug_cb_eval")
