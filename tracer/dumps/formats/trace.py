"""A trace file, as tx-trace records it: tensors by their addresses, and the ids that were read.

A decoding has many passes of the decoder, of which the last one read all of the text: its records are those of one pass
over that text, or of its last position where keys and values were kept. What an encoder computed comes before them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar

import numpy as np

from ...checkpoints.stored import Contiguous
from ...i18n import N_, Message
from ...tensor import Array
from ...trace_file import TraceFile, is_trace
from ..dump import Dump, Entry
from ..evidence import Values
from .safetensors import read

ENCODED = 0
"""The step of an encoder; those after it are the decoder's."""

OF_DECODING = ("choice", "choice.*", "decoder.last", "*.k_new", "*.v_new")
"""What a pass over a whole text does not have."""


class Trace(Dump):
    """The records of the encoder and of the last step, in the order of their computation; before them what was read."""

    summary: ClassVar[Message] = N_("a trace file of record")

    @classmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        return bool(head) and is_trace(path, head)

    @cached_property
    def entries(self) -> Sequence[Entry]:
        file = TraceFile(self.path)
        steps = [(*_parted(address), file.tensors[address]) for address in file.addresses]
        decoded = sorted({step for step, _path, _stored in steps} - {ENCODED})
        if len(decoded) > 1:
            self.notes.append(N_("of {n} steps the last is read, which read all of the text").format(n=len(decoded)))
        read_of = {ENCODED, *decoded[-1:]}
        kept = [_kept(path, stored) for step, path, stored in steps if step in read_of and not _is_of_decoding(path)]
        return [*_ids(file, *decoded[-1:]), *kept]


def _parted(address: str) -> tuple[int, str]:
    """The step and the path."""
    step, _colon, path = address[1:].partition(":")
    return int(step), path


def _is_of_decoding(path: str) -> bool:
    return any(fnmatchcase(path, glob) for glob in OF_DECODING)


def _kept(path: str, stored: Contiguous) -> Entry:
    """A record; where it says no step, it is that of the only pass over the text."""
    means = "" if stored.name.startswith(f"@{ENCODED}:") else path
    return Entry(stored.name, Values(stored.shape, stored.dtype, read=partial(read, stored)), means)


def _ids(file: TraceFile, last: int = 0) -> Iterator[Entry]:
    """What was read up to a step: of an encoder–decoder both texts, else the one; not what it chose, or a later one."""
    run = file.stated.within("run")
    source, target = (run(name, list[int]) for name in ("source_ids", "target_ids"))
    sides, chosen = run("reads", list[str]), [token("step", int) for token in run.each("tokens")]
    target = target[: len(target) - sum(step >= last for step in chosen)]
    read_first = target if sides == ["target"] else source
    yield _entry("input_ids", read_first)
    if "source" in sides and "target" in sides:
        yield _entry("decoder_input_ids", target)


def _entry(name: str, ids: Sequence[int]) -> Entry:
    def numbers() -> Array:
        return np.asarray(ids, np.int64)

    return Entry(name, Values((len(ids),), "I64", read=numbers))
