"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import InputError
from .i18n import _, cause


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A file of bytes that appears under its name when it is complete, and not at all if that fails.

    Raises:
        InputError: it can't be written there.
    """
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
    partial = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with partial.open("wb") as stream:
            yield stream
        partial.replace(place)
    finally:
        partial.unlink(missing_ok=True)
