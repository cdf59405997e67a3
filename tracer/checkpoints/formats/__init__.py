"""The formats of checkpoints, found where they stand."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from importlib import import_module
from itertools import chain
from pathlib import Path
from pkgutil import iter_modules

from ...errors import InputError
from ...i18n import _, cause
from ..checkpoint import Checkpoint

FIRST = "safetensors"
"""The format that is preferred where there are several; where it suits, no other is loaded."""


def formats() -> Iterator[type[Checkpoint]]:
    """Every format, loaded as it is asked for."""
    others = (module.name for module in iter_modules(__path__) if module.name != FIRST)
    return map(_format, chain([FIRST], others))


def _format(name: str) -> type[Checkpoint]:
    module = import_module(f"{__name__}.{name}")
    return next(
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Checkpoint) and kind.__module__ == module.__name__
    )


def checkpoint_at(path: Path) -> Checkpoint:
    """What stands at a path, in the first format that recognises it.

    Raises:
        InputError: none does; what it is instead is told.
    """
    names = _names(path)
    for kind in formats():
        if kind.recognises(path, names):
            return kind(path)
    from ..unsupported import refusal

    raise refusal(path, names)


def _names(path: Path) -> Collection[str]:
    """The names of the files in a directory, which may be looked at; none of a file."""
    try:
        if not path.is_dir():
            return ()
        os.stat(os.path.join(path, os.curdir))
        return os.listdir(path)
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error
