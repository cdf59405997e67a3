"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import InputError
from .i18n import _, cause
from .outward import check_path

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""How a file is opened that nobody else has: one that is there already, be it a link, is none."""

ANYBODY = 0o666
"""The mode of a new file, of which the system takes away what nobody is to have."""


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A file of bytes that appears under its name when it is complete, and not at all if that fails.

    One that was there keeps its mode. What is not complete stands beside it under a name that nobody can foresee.

    Raises:
        InputError: it can't be written there.
    """
    check_path(str(path))
    try:
        with _partial(path) if path.is_file() or not path.exists() else path.open("wb") as stream:
            yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputError(_("{path}: can't be written ({reason})").format(path=path, reason=cause(error))) from error


@contextmanager
def _partial(path: Path) -> Iterator[IO[bytes]]:
    place = path.resolve()
    partial = place.with_name(f".tx-trace.{os.urandom(8).hex()}")
    mode = _mode(place)
    try:
        with os.fdopen(os.open(partial, NEW, ANYBODY if mode is None else mode), "wb") as stream:
            if mode is not None:
                partial.chmod(mode)
            yield stream
        partial.replace(place)
    finally:
        partial.unlink(missing_ok=True)


def _mode(place: Path) -> int | None:
    """The mode of a file; None where there is none."""
    return stat.S_IMODE(place.stat().st_mode) if place.exists() else None
