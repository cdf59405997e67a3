"""A safetensors file of arrays, and what went into them.

Ids went in (``input_ids``, ``decoder_input_ids``), and perhaps what says how they are read (``attention_mask``,
``decoder_attention_mask``, ``position_ids``). They have a row for each text, or are those of one text alone; every
other array has as many rows, which may be missing where it is one. Names that begin with ``batch.`` are of a second
batch.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from ..checkpoints.json_file import read_json_if_there
from ..checkpoints.safetensors import SafetensorsFile
from ..errors import InputError
from ..i18n import _
from ..tensor import Array
from .passes import Ids, Pass

REFERENCE = "reference.safetensors"
BATCH = "batch."

STORED = {"F16": 2.0**-11, "BF16": 2.0**-8}
"""How far a number is at most from the one that it stands for, as a share of it, by how it is stored."""


class Reference:
    """The results beside a checkpoint, read when asked for; or those in a ``file``, here or beside the checkpoint.

    Raises:
        InputError: there are none, or the ids that went in are missing.
    """

    def __init__(self, directory: Path, file: Path | None = None) -> None:
        beside = directory / (file or REFERENCE)
        self.path = file if file and file.exists() else beside
        if not self.path.exists():
            raise InputError(
                _("{path}: is missing; it holds what another implementation computed from the checkpoint").format(
                    path=self.path
                )
            )
        self._file = SafetensorsFile(self.path)
        self.names = list(self._file.entries)
        facts = read_json_if_there(self.path.with_suffix(".json")) or {}
        self.noise: float = facts.get("checks", {}).get("float32_vs_float64_logits") or 0.0
        self.limit: int = facts.get("generation", {}).get("max_new_tokens", 12)

    def read(self, name: str, given: Pass) -> Array | None:
        """The row of an array that is of a pass, or all of it where there is one row; None if it has other rows."""
        array = self._file.read(name, np.float64)
        if given.rows == 1:
            return array
        return array[given.row] if array.ndim and len(array) == given.rows else None

    def searched(self, name: str, given: Pass) -> list[int]:
        """The ids that decoding yields from a pass: the best of several rows that are of it."""
        rows = self._rows(name)
        return [*rows[given.row * len(rows) // given.rows]]

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array as it is stored."""
        return self._file.entries[name].shape

    def stored(self, name: str) -> str:
        """What the numbers of an array are stored as."""
        return self._file.entries[name].dtype

    def passes(self, prefix: str = "") -> list[Pass]:
        """What went in, a row at a time."""
        sources = self._first(prefix, "input_ids", "source_ids") or []
        targets = self._first(prefix, "decoder_input_ids", "target_ids")
        stated = [self._first(prefix, name) for name in ("attention_mask", "decoder_attention_mask", "position_ids")]
        columns = [self._column(found, len(sources), prefix) for found in (targets, *stated)]
        rows = zip(sources, *columns, strict=True)
        return [Pass(prefix, n, len(sources), *row) for n, row in enumerate(rows)]

    @cached_property
    def only(self) -> Pass:
        """What went into the one pass, or the first, that every reference has."""
        if not (found := self.passes()):
            raise InputError(_("{file}: holds no input_ids to compute from").format(file=self.path.name))
        return found[0]

    def of(self, name: str, row: int | None) -> Pass:
        """What went into the pass that an array belongs to, or its row of several."""
        return self.passes(BATCH if name.startswith(BATCH) else "")[row or 0]

    @property
    def others(self) -> list[Pass]:
        """What went into the further ones: the other rows, and those of the second batch."""
        return [*self.passes()[1:], *self.passes(BATCH)]

    def _first(self, prefix: str, *names: str) -> list[Ids] | None:
        """The rows of the first of some arrays that is there."""
        found = next((prefix + name for name in names if prefix + name in self.names), None)
        return None if found is None else self._rows(found)

    def _column(self, found: list[Ids] | None, rows: int, prefix: str) -> list[Ids | None]:
        """A row for each text; the only one there is serves all of them."""
        if found is None:
            return [None] * rows
        if len(found) == 1:
            return [found[0]] * rows
        if rows not in (0, len(found)):
            told = _("{file}: {name} has {rows} rows, and what goes with it has {n}")
            raise InputError(told.format(file=self.path.name, name=f"{prefix}input_ids", rows=rows, n=len(found)))
        return [*found[:rows]]

    def _rows(self, name: str) -> list[Ids]:
        array = self._file.read(name, np.float64)
        if array.ndim not in (1, 2) or not np.array_equal(array, np.rint(array)):
            told = _("{file}: {name} is no list of whole numbers, or of rows of them: its shape is {shape}")
            raise InputError(told.format(file=self.path.name, name=name, shape=list(array.shape)))
        return [list(map(int, row)) for row in np.atleast_2d(array)]
