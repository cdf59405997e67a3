"""Other programs that take what is shown: the pager of a terminal, or one that a line names."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from tracer.errors import InputError
from tracer.i18n import _, cause
from tracer.outward import check_word

PAGER = ("less", "-RSXF")
_MEANT = re.compile(r"[?:.%\\]")
"""What stands for something in the prompt of the pager."""


def page(text: str) -> bool:
    """Show a text through the pager, until that is left; False where there is none."""
    if shutil.which(PAGER[0]) is None:
        return False
    told = _("space: next page   q: back")
    prompt, above = (told, "") if told.isascii() else ("space   q", f"{told}\n")
    with _interrupts_left_to_it():
        environ = {**os.environ, "LESSCHARSET": "utf-8", "LESSSECURE": "1"}
        subprocess.run(
            [*PAGER, _prompting(prompt)],
            input=(above + text).encode("utf-8", "backslashreplace"),
            env=environ,
            check=False,
        )
    return True


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _prompting(text: str) -> str:
    """The option by which the pager says how to leave it, in ASCII: less 590 garbles anything else."""
    return "-Ps" + _MEANT.sub(r"\\\g<0>", text)


def pipe(program: Sequence[str], text: str, stream: IO[str]) -> None:
    """Give a text to a program, and what that writes to a stream; a program that stops reading is no failure.

    Raises:
        InputError: it can't be run.
    """
    for word in program:
        check_word(word)
    stream.flush()
    handle = _handle(stream)
    try:
        process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE if handle is None else handle)
    except OSError as error:
        raise InputError(
            _("{program} can't be run ({reason})").format(program=program[0], reason=cause(error))
        ) from error
    with _interrupts_left_to_it():
        written, _errors = process.communicate(_bytes(text))
    stream.write((written or b"").decode("utf-8", "replace"))


def _handle(stream: IO[str]) -> int | None:
    """What a program can write to itself; None for a stream within this process."""
    try:
        return stream.fileno()
    except io.UnsupportedOperation:
        return None


@contextmanager
def _interrupts_left_to_it() -> Iterator[None]:
    """Ctrl-C is for the program that runs meanwhile, and for it alone."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
