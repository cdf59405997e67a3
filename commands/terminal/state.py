"""Files of the program's own: one object in JSON, and the version of what is written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import UnionType
from typing import Any

from tracer.errors import InputError
from tracer.i18n import _, cause

from ..grammar.lines import text_of
from ..output.files import made, whole_file

Kinds = Mapping[str, type | UnionType]


def write_state(path: Path, version: int, state: Mapping[str, Any]) -> None:
    """Write an object, whole or not at all, and the folder that it is in; raises `InputError` where that can't be."""
    with whole_file(made(path)) as stream:
        json.dump({"version": version, **state}, stream, indent=1)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """While it lasts, nobody else who asks for this reads or writes a file, where the system can see to that."""
    try:
        import fcntl

        path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def read_state(path: Path, version: int, kinds: Kinds) -> dict[str, Any] | None:
    """The object of a file; None for anything else, another version, or a field that is missing or of another kind.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: it can't be read.
    """
    try:
        state = json.loads(text_of(path))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error
    except (ValueError, RecursionError):
        return None
    return state if has_kinds(state, {"version": int, **kinds}) and state["version"] == version else None


def has_kinds(state: Any, kinds: Kinds) -> bool:
    """Whether something is an object with all of these fields."""
    return isinstance(state, dict) and all(
        name in state and isinstance(state[name], kind) for name, kind in kinds.items()
    )
