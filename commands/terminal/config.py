"""The configuration file: settings and short names that every interactive session begins with.

A line is ``key = value``, where a key is a setting of the prompt or of what is shown, or ``alias.NAME`` for a short
name. Blank lines, and lines that begin with ``#``, say nothing. Scripts don't read it: they do the same for everyone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tracer.errors import InputError, TraceError
from tracer.i18n import _, cause

from ..grammar.lines import text_of
from ..output.files import made, whole_file
from ..session import Session
from ..settings import setting_named
from .state import alone

ALIAS = "alias."


def configure(session: Session, path: Path) -> Iterator[str]:
    """Do as the file says, if there is one; what is wrong with it is yielded, a sentence each, and left out."""
    try:
        lines = _lines(path)
    except InputError as error:
        yield str(error)
        return
    for number, line in enumerate(lines, 1):
        try:
            _obey(session, line.strip())
        except TraceError as error:
            yield f"{path}:{number}: {error}"


def stated(path: Path, name: str) -> str | None:
    """The value that the file gives a setting; None where it gives none, or can't be read, which `configure` says."""
    with suppress(InputError):
        pairs = (line.partition("=") for line in _lines(path))
        return next((value.strip() for key, _equals, value in pairs if key.strip() == name), None)
    return None


def remember(path: Path, name: str, value: str) -> bool:
    """Let the file give a setting a value; whether it gave it none before.

    Raises:
        InputError: the file can't be read or written.
    """
    with alone(path):
        lines = _lines(path)
        stated = [number for number, line in enumerate(lines) if line.partition("=")[0].strip() == name]
        for number in stated:
            lines[number] = f"{name} = {value}"
        if not stated:
            lines.append(f"{name} = {value}")
        with whole_file(made(path)) as stream:
            stream.writelines(f"{line}\n" for line in lines)
    return not stated


def _lines(path: Path) -> list[str]:
    try:
        return text_of(path).splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error
    except UnicodeDecodeError as error:
        raise InputError(_("{path}: is not UTF-8 text ({reason})").format(path=path, reason=cause(error))) from error


def _obey(session: Session, line: str) -> None:
    if not line or line.startswith("#"):
        return
    key, equals, value = (part.strip() for part in line.partition("="))
    if not (key and equals and value):
        raise InputError(_("expected KEY = VALUE"))
    if key.startswith(ALIAS):
        session.shorten(key.removeprefix(ALIAS), value)
        return
    setting = setting_named(key)
    if not setting.is_kept:
        raise InputError(_("{name} is set on the command line or at the prompt").format(name=setting.name))
    setting.put(session, setting.read(value))
