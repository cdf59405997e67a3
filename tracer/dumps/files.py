"""What lies in a directory, and in those within it: looked at no further than up to a number."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from ..errors import InputError
from ..i18n import _, cause

T = TypeVar("T", Path, str)

MOST = 100_000

LOOKED_AT = 10_000
"""files among which one is looked for by which a format recognises a directory"""

DEEPEST = 16
"""directories in one another"""


def files(directory: Path) -> Sequence[Path]:
    """All of them, sorted.

    Raises:
        InputError: they can't be listed, or are too many.
    """
    return _bounded(directory, _walked(directory))


def names(directory: Path) -> Sequence[str]:
    """Of all that lies in it, sorted.

    Raises:
        InputError: it can't be listed, or is too much.
    """
    return _bounded(directory, _names(directory))


def has_any(directory: Path, is_one: Callable[[str], bool], depth: int = DEEPEST) -> bool:
    """Whether a file of such a name lies in it or in those within, as far as they are looked at."""
    try:
        return any(is_one(path.name) for path in islice(_walked(directory, depth), LOOKED_AT))
    except OSError:
        return False


def _bounded(directory: Path, found: Iterable[T]) -> Sequence[T]:
    """What was found, sorted; raises `InputError` where it can't be listed, or is too much."""
    try:
        listed = sorted(islice(found, MOST + 1))
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=directory, reason=cause(error))) from error
    if len(listed) > MOST:
        raise InputError(_("{path}: has more than {n} files").format(path=directory, n=MOST))
    return listed


def _names(directory: Path) -> Iterator[str]:
    with os.scandir(directory) as entries:
        yield from (entry.name for entry in entries)


def _walked(directory: Path, depth: int = DEEPEST) -> Iterator[Path]:
    """Files one by one, in no order; links to directories are not followed, and pipes and devices left out."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_file():
                yield directory / entry.name
            elif depth and entry.is_dir(follow_symlinks=False):
                yield from _walked(directory / entry.name, depth - 1)
