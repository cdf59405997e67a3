"""Other programs that read what a command says."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Sequence
from typing import IO

from tracer.errors import InputError
from tracer.i18n import _, cause

from .pager import interrupts_left_to_it


def pipe(program: Sequence[str], text: str, stream: IO[str]) -> None:
    """Give a text to a program, and what that writes to a stream; a program that stops reading is no failure.

    Raises:
        InputError: it can't be run.
    """
    stream.flush()
    handle = _handle(stream)
    try:
        process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE if handle is None else handle)
    except OSError as error:
        raise InputError(
            _("{program} can't be run ({reason})").format(program=program[0], reason=cause(error))
        ) from error
    with interrupts_left_to_it():
        written, _errors = process.communicate(text.encode())
    stream.write((written or b"").decode("utf-8", "replace"))


def _handle(stream: IO[str]) -> int | None:
    """What a program can write to itself; None for a stream within this process."""
    try:
        return stream.fileno()
    except io.UnsupportedOperation:
        return None
