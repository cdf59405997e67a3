"""What llama.cpp's ``llama-debug --save-logits`` writes, and its scripts that run the original model.

A set of files with one name: ``llamacpp-NAME.bin`` has the logits of the last token, ``llamacpp-NAME-embeddings.bin``
embeddings; beside it lie the same numbers as text (``.txt``), the ids (``-tokens.bin``) and the prompt
(``-prompt.txt``). The names of what the original model gave begin with ``pytorch-``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cached_property, partial
from math import prod
from pathlib import Path
from typing import ClassVar

from ...checkpoints.stored import Contiguous, ParameterFile
from ...errors import InputError
from ...i18n import N_, Message, _
from ...listed import listed
from ...outward import visible
from ..dump import Dump, Entry
from ..evidence import Values
from ..files import files
from .safetensors import read

NUMBERS, TEXT, TOKENS = ".bin", ".txt", "-tokens.bin"
EMBEDDINGS = "-embeddings"
LONGEST_LINE = 64
"""bytes of text, in which the last number stands"""

_FILE = re.compile(r"((?:llamacpp|pytorch)-.+?)(?:-tokens\.bin|-prompt\.txt|\.bin|\.txt)")
_LAST = re.compile(rb"(?:^|\n)(\d{1,18}): \S+\s*$")


class SaveLogits(Dump):
    """One set, by any of its files or by its directory, if that has no other."""

    summary: ClassVar[Message] = N_("logits and tokens of llama-debug --save-logits")

    @classmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        if names:
            return bool(_sets(names))
        found = _FILE.fullmatch(path.name)
        return found is not None and all(path.with_name(found[1] + end).is_file() for end in (NUMBERS, TOKENS))

    @cached_property
    def entries(self) -> Sequence[Entry]:
        return [*self._ids, self._output()]

    @cached_property
    def _base(self) -> Path:
        """The path of the set, without what the names of its files end with."""
        if not self.path.is_dir():
            found = _FILE.fullmatch(self.path.name)
            return self.path.with_name(found[1] if found else self.path.stem)
        sets = _sets([file.name for file in files(self.path) if file.parent == self.path])
        if not sets:
            raise InputError(_("{path}: holds no files of llama-debug --save-logits").format(path=self.path))
        if len(sets) > 1:
            told = _("{path}: holds {n} sets of files of llama-debug; give a file of one: {names}")
            names = listed([visible(name) for name in sets])
            raise InputError(told.format(path=self.path, n=len(sets), names=names))
        return self.path / sets[0]

    def _beside(self, end: str) -> Path:
        return self._base.with_name(self._base.name + end)

    @cached_property
    def _ids(self) -> Sequence[Entry]:
        path = self._beside(TOKENS)
        return [Entry("input_ids", _values(path, "I32", (_count(path),)))] if path.exists() else []

    def _output(self) -> Entry:
        path = self._beside(NUMBERS)
        count = _count(path)
        _check_complete(path, count, self._beside(TEXT))
        if not self._base.name.endswith(EMBEDDINGS):
            return Entry("logits", _values(path, "F32", (count,)))
        tokens = next((entry.evidence.shape[0] for entry in self._ids), 1)
        rows = 1 if count % tokens else tokens
        if rows > 1:
            self.notes.append(N_("embeddings are taken for those of each token; pooled ones would be one row"))
        return Entry("embeddings", _values(path, "F32", (rows, count // rows)))


def _sets(names: Collection[str]) -> list[str]:
    """What the names of the files of each set begin with."""
    found = {match[1] for match in map(_FILE.fullmatch, names) if match}
    return sorted(name for name in found if {name + NUMBERS, name + TOKENS} <= set(names))


def _count(path: Path) -> int:
    """How many numbers of four bytes a file has."""
    file = ParameterFile(path)
    if not file.size or file.size % 4:
        raise file.error(_("has {n} bytes; expected some numbers of 4 bytes each").format(n=file.size))
    return file.size // 4


def _values(path: Path, dtype: str, shape: tuple[int, ...]) -> Values:
    stored = Contiguous(ParameterFile(path), visible(path.stem), dtype, shape, 0, 4 * prod(shape))
    return Values(shape, dtype, read=partial(read, stored))


def _check_complete(path: Path, count: int, text: Path) -> None:
    """Insist that the text has as many numbers, if it is there."""
    if not text.is_file():
        return
    file = ParameterFile(text)
    length = min(LONGEST_LINE, file.size)
    last = _LAST.search(file.read(file.size - length, length))
    if last and int(last[1]) + 1 != count:
        told = _("has {n} numbers, and {text} has {m}; is it cut short?")
        raise InputError(f"{path}: " + told.format(n=count, text=visible(text.name), m=int(last[1]) + 1))
