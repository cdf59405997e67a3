"""Sentences of a corpus, read one after the other: lines of text, tab-separated columns, JSON lines, Parquet."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from ..dataclass import dataclass
from ..digits import whole_number
from ..errors import InputError
from ..i18n import _, cause
from ..outward import SHORT, check_path

LONGEST = 1 << 20
"""bytes of a line"""
CHUNK = 1 << 20
"""bytes that are looked at together"""
NONE = "none"
"""In place of the name of a column: there is none."""
TEXT = "text"


class Sentence(NamedTuple):
    """A line of a corpus, counted from 1: a text, perhaps with the output that is given for it, or what is wrong."""

    number: int
    text: str = ""
    target: str | None = None
    error: str = ""


class UnreadableError(ValueError):
    """A line that no sentence can be made of."""


@dataclass(frozen=True)
class Corpus(ABC):
    """A file of sentences. ``column`` is where the text stands in it, ``target_column`` where the output that is given.

    Both are None where nobody says; the second may be `NONE`.
    """

    path: Path
    column: str | None = None
    target_column: str | None = None

    def __iter__(self) -> Iterator[Sentence]:
        """The sentences; lines with nothing on them are left out.

        Raises:
            InputError: the file can't be read.
        """
        for number, record in self.records():
            try:
                if (found := self._sentence(number, record)) is not None:
                    yield found
            except UnreadableError as error:
                yield Sentence(number, error=str(error))

    @abstractmethod
    def records(self) -> Iterator[tuple[int, Any]]:
        """What stands in each line, by its number."""

    @abstractmethod
    def _sentence(self, number: int, record: Any) -> Sentence | None:
        """The sentence of a line, None where there is nothing; raises `UnreadableError` where it is none."""

    @abstractmethod
    def check(self) -> None:
        """Insist that the columns are there; raises `InputError` where they are not."""

    @cached_property
    def has_target(self) -> bool:
        """Whether an output is given for each text."""
        return self.target_column not in (None, NONE)

    @cached_property
    def size(self) -> int:
        """How many lines there are at most; raises `InputError` where the file can't be read."""
        return self._counted[0]

    @cached_property
    def digest(self) -> str:
        """What tells this file from others; raises as `size` does."""
        return self._counted[1]

    @cached_property
    def _counted(self) -> tuple[int, str]:
        ends, known, last = 0, hashlib.sha256(), b"\n"
        with _opened(self.path) as stream:
            while chunk := stream.read(CHUNK):
                ends, last = ends + chunk.count(b"\n"), chunk
                known.update(chunk)
        return ends + (not last.endswith(b"\n")), known.hexdigest()


class Texts(Corpus):
    """A text a line."""

    def records(self) -> Iterator[tuple[int, bytes | None]]:
        """The lines as they stand there, None in place of one that is too long."""
        with _opened(self.path) as stream:
            number = 0
            while line := stream.readline(LONGEST + 1):
                number += 1
                is_whole = len(line) <= LONGEST
                while not line.endswith(b"\n") and (rest := stream.readline(CHUNK)):
                    line = rest
                yield number, line if is_whole else None

    def _sentence(self, number: int, record: bytes | None) -> Sentence | None:
        text = _decoded(record)
        return self._of(number, text) if text.strip() else None

    def _of(self, number: int, text: str) -> Sentence:
        return Sentence(number, text.strip())

    def check(self) -> None:
        for option, name in (("--column", self.column), ("--target-column", self.target_column)):
            if name not in (None, NONE):
                told = _("{path}: a text a line has no columns; leave out {option}, or name the file .tsv or .jsonl")
                raise InputError(told.format(path=self.path, option=option))

    def _first(self) -> str:
        """The first line with something on it."""
        for _number, record in self.records():
            try:
                if (text := _decoded(record)).strip():
                    return text
            except UnreadableError:
                continue
        raise InputError(_("{path}: has no sentences in it").format(path=self.path))


class Tabbed(Texts):
    """Columns between tabs, by their numbers from 1, or by the names in the first line."""

    @cached_property
    def _heads(self) -> Sequence[str] | None:
        """The names in the first line; None where it is one like the others."""
        named = [name for name in (self.column, self.target_column) if name not in (None, NONE)]
        return self._first().split("\t") if any(whole_number(str(name)) is None for name in named) else None

    @cached_property
    def has_target(self) -> bool:
        return self._target is not None

    @cached_property
    def _text(self) -> int:
        return 0 if self.column is None else self._place(self.column)

    @cached_property
    def _target(self) -> int | None:
        """The column of outputs: of a file with several the second, where nobody says."""
        if self.target_column is None:
            return 1 if self._heads is None and self._text == 0 and "\t" in self._first() else None
        return None if self.target_column == NONE else self._place(self.target_column)

    def _place(self, name: str) -> int:
        first = self._first().split("\t")
        number = whole_number(name)
        if number is None and name in first:
            return first.index(name)
        if number is None or not 1 <= number <= len(first):
            known = ", ".join(first if number is None else map(str, range(1, len(first) + 1)))
            raise _no_column(self.path, name, known)
        return number - 1

    def check(self) -> None:
        _columns = self._text, self._target

    def _of(self, number: int, text: str) -> Sentence | None:  # type: ignore[override]
        if self._heads is not None and text.split("\t") == self._heads:
            return None
        cells = text.split("\t")
        last = max(self._text, self._target or 0)
        if last >= len(cells):
            raise UnreadableError(_("there is no column {n} in this line").format(n=last + 1))
        target = None if self._target is None else cells[self._target].strip()
        return Sentence(number, cells[self._text].strip(), target)


class Objects(Texts):
    """JSON objects, one a line, of which some keys are the columns."""

    def _of(self, number: int, text: str) -> Sentence:
        return named(number, _object(text), self.column or TEXT, _meant(self.target_column))

    def check(self) -> None:
        try:
            keys = _object(self._first())
        except UnreadableError as error:
            raise InputError(f"{self.path}: {error}") from None
        check_names(self, list(keys))


def named(number: int, record: Mapping[str, Any], column: str, target: str | None) -> Sentence:
    """The sentence of a record whose columns have names; raises `UnreadableError` where it is none."""
    found = [None if name is None else _text_at(record, name) for name in (column, target)]
    return Sentence(number, found[0] or "", found[1])


def check_names(corpus: Corpus, known: Sequence[str]) -> None:
    """Insist that the columns of a corpus are among the names; raises `InputError` where they are not."""
    for name in filter(None, (corpus.column or TEXT, _meant(corpus.target_column))):
        if name not in known:
            raise _no_column(corpus.path, name, ", ".join(known))


def _meant(column: str | None) -> str | None:
    return None if column == NONE else column


def _text_at(record: Mapping[str, Any], name: str) -> str:
    if name not in record:
        raise UnreadableError(_("there is no {name} in this line").format(name=SHORT.repr(name)))
    if not isinstance(value := record[name], str):
        raise UnreadableError(_("{name} is no text in this line").format(name=SHORT.repr(name)))
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise UnreadableError(_("{name} has half a character in it in this line").format(name=SHORT.repr(name)))
    if len(value) > LONGEST:
        raise UnreadableError(_("this line is longer than {n} bytes").format(n=LONGEST))
    return value.strip()


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableError(_("this line is no JSON")) from None
    if not isinstance(found, dict):
        raise UnreadableError(_("this line is no JSON object"))
    return found


def _decoded(record: bytes | None) -> str:
    if record is None:
        raise UnreadableError(_("this line is longer than {n} bytes").format(n=LONGEST))
    try:
        return record.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise UnreadableError(_("this line is not UTF-8")) from None


def _no_column(path: Path, name: str, known: str) -> InputError:
    told = _("{path}: has no column {name}; there are {known}")
    return InputError(told.format(path=path, name=SHORT.repr(name), known=known))


def _opened(path: Path) -> Any:
    check_path(str(path))
    try:
        if not path.is_file():
            there = _("it is no file") if path.exists() else _("there is no such file")
            raise InputError(f"{path}: {there}")
        return path.open("rb")
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error


def corpus(path: Path, column: str | None = None, target_column: str | None = None) -> Corpus:
    """The sentences of a file, whose name says how they stand in it; nothing but its columns is looked at yet.

    Raises:
        InputError: it can't be read, has no such columns, or no sentences.
    """
    kinds: dict[str, type[Corpus]] = {".tsv": Tabbed, ".tab": Tabbed, ".jsonl": Objects, ".ndjson": Objects}
    kind = kinds.get(path.suffix.lower(), Texts)
    if path.suffix.lower() == ".parquet":
        from .parquet import Rows

        kind = Rows
    found = kind(path, column, target_column)
    found.check()
    return found
