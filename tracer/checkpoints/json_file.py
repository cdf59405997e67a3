"""Reading the JSON files of a checkpoint directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..i18n import _, cause
from .kinds import check_downloaded
from .regular import read_bounded


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        InputError: the file is missing, can't be read, or holds something else.
    """
    try:
        data = read_bounded(path)
    except FileNotFoundError:
        raise missing(path) from None
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error
    return object_in(path, data)


def object_in(path: Path, data: bytes) -> dict[str, Any]:
    """The JSON object that a file holds; raises `InputError` where it holds something else."""
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        check_downloaded(path)
        raise InputError(_("{path}: is no JSON ({reason})").format(path=path, reason=cause(error))) from error
    if not isinstance(value, dict):
        raise InputError(_("{path}: expected a JSON object").format(path=path))
    return value


def read_json_if_there(path: Path) -> dict[str, Any]:
    """The same; nothing where there is no such file."""
    return read_json(path) if path.exists() else {}


def missing(path: Path) -> InputError:
    """A file is missing that every checkpoint directory has."""
    return InputError(_("{path}: is missing; a checkpoint directory has one").format(path=path))
