"""The layout of trace files, as far as it can be read without knowing what a run is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from .checkpoints.kinds import ENOUGH, head_of, kind_of
from .checkpoints.safetensors import SafetensorsFile
from .checkpoints.stored import Contiguous
from .errors import InputError
from .fields import Fields
from .i18n import _

FORMAT = "tx-trace"
LAYOUT = "1"
"""Of what is written; what another version wrote is not read."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""What may be half a character, which nobody could show."""


def is_trace(path: Path, head: bytes | None = None) -> bool:
    """Whether a file is one; ``head`` has its first bytes, where somebody read them."""
    try:
        head = head_of(path) if head is None else head
        if kind_of(head[:ENOUGH]) != "safetensors" or b"__metadata__" not in head[:ENOUGH]:
            return False
        return SafetensorsFile(path).metadata.get("format") == FORMAT
    except InputError:
        return False


class TraceFile:
    """A trace file whose header is read: its tensors by name, and what is stated of them.

    Raises:
        InputError: it can't be read, is none, or is of another version.
    """

    def __init__(self, path: Path) -> None:
        file = SafetensorsFile(path)
        self.path = path
        self.tensors: Mapping[str, Contiguous] = file.entries
        self._metadata = file.metadata
        if file.metadata.get("format") != FORMAT:
            raise InputError(_("{path}: is no trace; record FILE writes one").format(path=path))
        if file.metadata.get("layout") != LAYOUT:
            told = _("{path}: is a trace of layout {layout}, and this version reads layout {known}")
            raise InputError(told.format(path=path, layout=file.metadata.get("layout"), known=LAYOUT))

    @cached_property
    def stated(self) -> Fields:
        """What is stated, to be read field by field."""
        return Fields(self._object(), "", self.refused)

    def _object(self) -> dict[str, Any]:
        text = self._metadata.get("trace", "")
        try:
            stated = json.loads(text)
            (json.dumps(stated, ensure_ascii=False) if _SURROGATE.search(text) else text).encode()
        except (ValueError, RecursionError):
            stated = None
        if not isinstance(stated, dict):
            raise self.refused(_("what it states is no JSON object"))
        return stated

    def refused(self, what: str) -> InputError:
        """What is wrong with what it states."""
        return InputError(_("{path}: its trace can't be read: {what}").format(path=self.path, what=what))

    @property
    def addresses(self) -> Sequence[str]:
        """The names of the recorded tensors, in the order in which they were computed."""
        steps = (
            (step("number", int), record("address", str))
            for step in self.stated.each("steps")
            for record in step.each("records")
        )
        return [name for number, path in steps if (name := f"@{number}:{path}") in self.tensors]


def header(stated: Mapping[str, Any]) -> Mapping[str, str]:
    """The metadata of a file that states something."""
    text = json.dumps(stated, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return {"format": FORMAT, "layout": LAYOUT, "trace": text}
