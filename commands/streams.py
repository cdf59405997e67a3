"""Standard input, output and error, whatever the program was started with."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import TextIOWrapper
from typing import IO, cast

from tracer import render
from tracer.outward import visible

STREAMS = (("stdin", "r", "strict"), ("stdout", "w", "backslashreplace"), ("stderr", "w", "backslashreplace"))
"""The streams by their numbers, and what becomes of what is not UTF-8 on its way in or can't be on its way out."""

LONGEST = 5000
"""characters of a message"""


def settle() -> None:
    """Let all three be there, in UTF-8; one that was closed reads as empty, or takes what nobody is to see.

    The numbers of closed ones are taken, so that no file which is opened later gets one.
    """
    for number, (name, mode, errors) in enumerate(STREAMS):
        stream = getattr(sys, name)
        if stream is None:
            _take(number)
            setattr(sys, name, open(number, mode, encoding="utf-8", errors=errors, closefd=False))  # noqa: SIM115
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)


def _take(number: int) -> None:
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)


def abandon(stream: IO[str]) -> None:
    """Let what can't be written to a stream go nowhere, so that the program ends as it says."""
    with suppress(OSError):
        opened = os.open(os.devnull, os.O_WRONLY)
        os.dup2(opened, stream.fileno())
        os.close(opened)


def complain(message: str) -> None:
    """Say on standard error what went wrong, if anybody is there to read it; at a terminal in lines that keep words."""
    stream = cast("IO[str]", sys.stderr)
    try:
        stream.write("\n".join(_lines_for(stream, visible(_short(message)))) + "\n")
        stream.flush()
    except OSError:
        abandon(stream)


def _short(message: str) -> str:
    """A message without its middle, where what it quotes has no end."""
    return message if len(message) <= LONGEST else f"{message[: LONGEST // 2]} … {message[-LONGEST // 2 :]}"


def _lines_for(stream: IO[str], message: str) -> Iterator[str]:
    if not stream.isatty():
        return iter([message])
    return iter(render.folding.folded(message, os.get_terminal_size(stream.fileno()).columns or 80))
