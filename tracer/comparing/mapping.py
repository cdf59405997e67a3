"""A file of names: ``theirs = ours``, one a line, with ``#`` before a comment; each ``*`` stands for what is there.

What a ``*`` of theirs stands for takes the place of the ``*`` of ours that is as many from the left. Of lines that fit
a name the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple

from ..addresses import parse
from ..checkpoints.regular import check_regular
from ..errors import AddressError, InputError
from ..i18n import _, cause

MOST = 1 << 20
"""bytes of a file of names at most"""
_COMMENT = re.compile(r"(?:^|\s)#.*")
_OTHER = re.compile(r"ggml:\S+|module/\S+|\S+#\d{1,6}")
"""Names that are no addresses and need not read like one."""


class Line(NamedTuple):
    """One line of a file of names, counted from 1."""

    number: int
    theirs: str
    ours: str

    def __str__(self) -> str:
        return f"{self.theirs} = {self.ours}"

    def of(self, name: str) -> str | None:
        """What a name is called here, if the line is of it."""
        found = captured(self.theirs, name)
        if found is None:
            return None
        parts = zip_longest(self.ours.split("*"), found[: self.ours.count("*")], fillvalue="")
        return "".join(chain.from_iterable(parts))


class Mapping:
    """What names of theirs are called here, and which lines have been of none so far."""

    def __init__(self, lines: Sequence[Line] = ()) -> None:
        self._lines = lines
        self._used: set[int] = set()

    @classmethod
    def read(cls, path: Path) -> Mapping:
        """The names that a file maps.

        Raises:
            InputError: it is missing, no regular file, too large, no text, or a line of it says no such thing.
        """
        return cls(list(_lines(path, _text(path))))

    def of(self, name: str) -> str | None:
        """What a name is called here, by the first line that fits it."""
        found = ((line, ours) for line in self._lines if (ours := line.of(name)) is not None)
        line, ours = next(found, (None, None))
        if line is not None:
            self._used.add(line.number)
        return ours

    @property
    def unused(self) -> Sequence[Line]:
        """The lines that fitted no name that was asked for."""
        return [line for line in self._lines if line.number not in self._used]


def captured(pattern: str, name: str) -> Sequence[str] | None:
    """What each ``*`` of a pattern stands for in a name: one character at least, as few as there can be."""
    first, *rest = pattern.split("*")
    if not rest:
        return [] if name == pattern else None
    if not name.startswith(first):
        return None
    found, at = [], len(first)
    for piece in rest[:-1]:
        if (place := name.find(piece, at + 1)) < 0:
            return None
        found.append(name[at:place])
        at = place + len(piece)
    end = len(name) - len(rest[-1])
    return [*found, name[at:end]] if name.endswith(rest[-1]) and end > at else None


def _text(path: Path) -> bytes:
    """What a file of names holds."""
    check_regular(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST + 1)
    except FileNotFoundError:
        raise InputError(_("{path}: is missing").format(path=path)) from None
    except (OSError, ValueError) as error:
        reason = cause(error) if isinstance(error, OSError) else error
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=reason)) from error
    if len(data) > MOST:
        told = _("{path}: is larger than 1 MB; a file of names has a line such as {example} for each")
        raise InputError(told.format(path=path, example="fc1.* = decoder.*.ffn.hidden"))
    return data


def _lines(path: Path, data: bytes) -> Iterator[Line]:
    for number, row in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        try:
            text = _COMMENT.sub("", row.decode("utf-8")).strip()
        except UnicodeDecodeError as error:
            told = _("{path}: line {number} is no UTF-8 ({reason})")
            raise InputError(told.format(path=path, number=number, reason=cause(error))) from error
        if text:
            yield _line(path, number, text)


def _line(path: Path, number: int, text: str) -> Line:
    """What a line says, if it says that a name is another."""
    theirs, equals, ours = (part.strip() for part in text.rpartition("="))
    if not equals or not theirs or not ours:
        told = _("{path}: line {number} is {text!r}; expected theirs = ours, such as {example}")
        raise InputError(told.format(path=path, number=number, text=text, example="fc1.* = decoder.*.ffn.hidden"))
    if ours.count("*") > theirs.count("*"):
        told = _("{path}: line {number} has more * in {ours} than in {theirs}, so that nothing stands for the last")
        raise InputError(told.format(path=path, number=number, ours=ours, theirs=theirs))
    if problem := _problem(ours):
        raise InputError(_("{path}: line {number}: {problem}").format(path=path, number=number, problem=problem))
    return Line(number, theirs, ours)


def _problem(ours: str) -> str | None:
    """What is wrong with a name of ours, whatever its ``*`` stand for."""
    if _OTHER.fullmatch(ours):
        return None
    try:
        address = parse(ours.replace("*", "0"))
    except AddressError as error:
        return str(error)
    if address.selectors or not address.path or address.run is not None:
        return _("{ours} is not one whole record; expected an address such as {example}").format(
            ours=ours, example="@1:decoder.0.ffn.hidden"
        )
    return None
