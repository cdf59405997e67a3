"""Text files line by line, however long they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..checkpoints.regular import check_regular
from ..errors import InputError
from ..i18n import _, cause

LONGEST = 1 << 26
"""bytes in a line; a tensor of a large vocabulary may be one, and JSON needs up to some thirty times as much memory"""


class Line(NamedTuple):
    """A line with its end, its number from 1, and the place of its first byte in the file."""

    data: bytes
    number: int
    start: int

    @property
    def text(self) -> str:
        """The line as text, with signs in place of bytes that are none."""
        return self.data.decode("utf-8", "replace")


def lines(path: Path) -> Iterator[Line]:
    """The lines of a file, one at a time.

    Raises:
        InputError: it can't be read, or a line has no end.
    """
    check_regular(path)
    number, start = 0, 0
    try:
        with path.open("rb") as file:
            while data := file.readline(LONGEST + 1):
                number += 1
                if len(data) > LONGEST:
                    raise InputError(_too_long(path, number))
                yield Line(data, number, start)
                start += len(data)
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error


def _too_long(path: Path, number: int) -> str:
    told = _("{path}: line {number} is longer than {most} bytes; is it a text?")
    return told.format(path=path, number=number, most=LONGEST)
