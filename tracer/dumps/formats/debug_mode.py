"""What torch's DebugMode prints of every operation: no numbers, but a hash of them, which is Σ|x|.

An entry is named ``<module>/<operation>#n``, where n counts that operation in that module from 0. The last one in a
module, be it in a module inside of that, has what the module gives: it means ``<module>.output#n``, for call n of it,
and comes once for each module that it ends.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NamedTuple

from ...dataclass import dataclass
from ...errors import InputError
from ...i18n import N_, Message, _
from ...outward import visible
from ..dump import Dump, Entry
from ..evidence import Hash
from ..lines import lines
from ..stated import SHORT, figure, lengths

_SEEN = re.compile(rb"^ *(?:\[nn\.Mod\] |aten::\w+(?:\.\w+)?\(.*\)  ->  )", re.MULTILINE)
_MODULE = re.compile(r"\[nn\.Mod\] (\S+)")
_OPERATION = re.compile(r"\w+::[\w.]+(?=\()")
_HASH = re.compile(r"'hash': \(*([^,)}\s]{1,40})")
_RESULT = re.compile(r"\(?'?(?:t\$\d+: )?(\w+)\[([\d, ]{0,2000})\]")


@dataclass
class _Module:
    """A call of a module that goes on: how far its line is indented, and whether there was an operation inside."""

    depth: int
    path: str
    call: int
    performs: bool = False

    @property
    def output(self) -> str:
        return f"{self.path}.output#{self.call}".removeprefix(".")


class _Performed(NamedTuple):
    """An operation and the hash of its first result, none where that was not printed."""

    name: str
    evidence: Hash | None


class _Calls:
    """Modules and operations as their lines come: those that follow an operation say what it is the last of."""

    def __init__(self) -> None:
        self.unhashed = 0
        self._open: list[_Module] = []
        self._seen = Counter[str]()
        self._last: _Performed | None = None
        self._told = False

    def take(self, line: str) -> Iterator[Entry]:
        """The entries that are known after a line."""
        told = line.lstrip(" ")
        depth = len(line) - len(told)
        if module := _MODULE.match(told):
            yield from self._end(depth)
            path = visible(module[1].partition(".")[2])
            self._open.append(_Module(depth, path, self._count(f"[{path}]")))
        elif "  ->  " in told and (operation := _OPERATION.match(told)):
            yield from self._end(depth)
            yield from self._tell([])
            self._perform(operation[0], told)

    def end(self) -> Iterator[Entry]:
        """The entries that are left after the last line."""
        yield from self._end(0)
        yield from self._tell([])

    def _end(self, depth: int) -> Iterator[Entry]:
        """End the modules that a line so far indented does not stand in: the last operation made what they give."""
        outputs = []
        while self._open and self._open[-1].depth >= depth:
            module = self._open.pop()
            outputs += [module.output] if module.performs else []
        if outputs:
            yield from self._tell(outputs)

    def _tell(self, meanings: Sequence[str]) -> Iterator[Entry]:
        """The last operation as what it means; once without, where it means nothing."""
        if self._last and self._last.evidence:
            for means in meanings or ([] if self._told else [""]):
                yield Entry(self._last.name, self._last.evidence, means)
        self._told = True

    def _perform(self, operation: str, line: str) -> None:
        for module in self._open:
            module.performs = True
        evidence = _evidence(line)
        self.unhashed += evidence is None
        name = f"{self._open[-1].path if self._open else ''}/{operation}"
        self._last, self._told = _Performed(f"{name}#{self._count(name)}", evidence), False

    def _count(self, name: str) -> int:
        self._seen[name] += 1
        return self._seen[name] - 1


class DebugMode(Dump):
    """As ``torch.utils._debug_mode.DebugMode`` prints it under ``log_tensor_hashes``."""

    summary: ClassVar[Message] = N_("text of torch's DebugMode: a sum of absolute values for every operation")

    @classmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        return _SEEN.search(head) is not None

    @cached_property
    def entries(self) -> Sequence[Entry]:
        calls = _Calls()
        found = [entry for line in lines(self.path) for entry in calls.take(line.text.rstrip())]
        found += calls.end()
        if not found:
            told = _("{path}: has no hashes of tensors; print it under DebugMode.log_tensor_hashes()")
            raise InputError(told.format(path=self.path))
        if calls.unhashed:
            self.notes.append(
                N_("left aside as they have no hash, or one of another kind: {n}").format(n=calls.unhashed)
            )
        return found


def _evidence(line: str) -> Hash | None:
    """What the end of a line says of the first result."""
    made, _, said = line.rpartition("  # ")
    result, hashed = _RESULT.match(made.rpartition("  ->  ")[2]), _HASH.search(said)
    if result is None or hashed is None or hashed[1].isdecimal():
        return None
    shape, total = lengths(result[2]), figure(hashed[1])
    return None if shape is None or total is None else Hash(shape, SHORT.get(result[1], ""), total=total)
