"""Opening a dump: in the format that recognises it, or in the one that is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from ..addresses import suggestion
from ..checkpoints.kinds import TOLD, kind_of
from ..checkpoints.regular import check_regular
from ..errors import InputError
from ..i18n import _, cause, spoken
from . import formats
from .dump import Dump
from .files import names as names_in

HEAD = 4096
"""bytes of a file by which a format may recognise it"""

DOWNLOADED = ("lfs", "html", "empty")
"""Kinds of files that stand in place of another, whatever that was."""


def kinds() -> Mapping[str, type[Dump]]:
    """Every format by name, found where it stands."""
    return {module.name: _kind(module.name) for module in iter_modules(formats.__path__)}


def _kind(name: str) -> type[Dump]:
    module = import_module(f"{formats.__name__}.{name}")
    return next(
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Dump) and kind.__module__ == module.__name__
    )


def open_dump(path: Path, kind: str | None = None) -> Dump:
    """What stands at a path, in the format that is named, or the first that recognises it.

    Raises:
        InputError: there is nothing, no format recognises it, or there is none by that name.
    """
    known = kinds()
    if kind is not None and kind not in known:
        nearest = suggestion(kind, known)
        told = _("there is no format {kind!r}; known are {known}")
        if nearest:
            told = _("there is no format {kind!r}; did you mean {nearest}? Known are {known}")
        raise InputError(told.format(kind=kind, nearest=nearest, known=", ".join(known)))
    head, names = _seen(path)
    if kind is not None:
        return known[kind](path)
    for found in known.values():
        if found.recognises(path, head, names):
            return found(path)
    told = _("{path}: is no dump of a known format; --as names one of {known}")
    if not path.is_dir() and (other := kind_of(head)) in DOWNLOADED:
        told = f"{{path}}: {spoken(TOLD[other])}"
    raise InputError(told.format(path=path, known=", ".join(known)))


def _seen(path: Path) -> tuple[bytes, Sequence[str]]:
    """The first bytes of a file, or the names in a directory."""
    try:
        if path.is_dir():
            return b"", names_in(path)
        if not path.exists():
            raise InputError(_("{path}: is missing").format(path=path))
        check_regular(path)
        with path.open("rb") as file:
            return file.read(HEAD), []
    except (OSError, ValueError) as error:
        reason = cause(error) if isinstance(error, OSError) else error
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=reason)) from error
