"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tracer.errors import InputError
from tracer.i18n import _, cause


def made(path: Path) -> Path:
    """The path of a file, with the folder that it is to lie in; raises `InputError` where that can't be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(_("{path}: can't be written ({reason})").format(path=path, reason=cause(error))) from error
    return path


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """A UTF-8 file that appears under its name when it is complete, and not at all if that fails.

    Raises:
        InputError: it can't be written there.
    """
    try:
        with _partial(path) if path.is_file() or not path.exists() else path.open("w", encoding="utf-8") as stream:
            yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputError(_("{path}: can't be written ({reason})").format(path=path, reason=cause(error))) from error


@contextmanager
def _partial(path: Path) -> Iterator[IO[str]]:
    place = path.resolve()
    partial = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with partial.open("w", encoding="utf-8") as stream:
            yield stream
        partial.replace(place)
    finally:
        partial.unlink(missing_ok=True)
