"""Files that are written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from tracer.errors import InputError
from tracer.i18n import _, cause
from tracer.whole import whole


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
    with whole(path) as stream:
        text = TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace")
        yield text
        text.flush()
        text.detach()
