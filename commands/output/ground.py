"""What the colours of a terminal stand on, dark or light: what its environment says, or what it answers itself."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from tracer.heat import Ground

SECONDS = 0.05
"""So long an answer is waited for."""
_QUESTION = b"\x1b]11;?\x1b\\\x1b[c"
"""The colour of the ground; then what kind of terminal it is, since every one answers that, and in this order."""
_ANSWER = re.compile(rb"\x1b\]11;rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})")
_LAST = re.compile(rb"\x1b\[\?[0-9;]*c")
_REPLIES: dict[int, bytes] = {}
"""What came from each keyboard that a terminal was asked through."""
_MUTE = ("dumb", "unknown", "linux", "vt", "emacs", "eterm")
"""How terminals are called that take no such question."""


def stated(environ: Mapping[str, str]) -> Ground | None:
    """What COLORFGBG says: the number of the ground's colour stands last, 0 to 6 and 8 are dark."""
    number = environ.get("COLORFGBG", "").rpartition(";")[2]
    if not (number.isascii() and number.isdigit() and int(number) < 16):
        return None
    return "dark" if int(number) in (*range(7), 8) else "light"


def answered(reply: bytes) -> Ground | None:
    """What a terminal's answer says, each part of the colour in one to four digits."""
    found = _ANSWER.search(reply)
    if found is None:
        return None
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in found.groups())
    return "light" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "dark"


def asked(keyboard: IO[str], screen: IO[str], environ: Mapping[str, str]) -> Ground | None:
    """What a terminal answers, asked but once; None where there is none, where it is far away, or does not answer.

    Nothing is asked while there are keys to be read: they would be taken for the answer.
    """
    if not (keyboard.isatty() and screen.isatty()) or environ.get("TERM", "dumb").startswith(_MUTE):
        return None
    if "SSH_CONNECTION" in environ:
        return None
    handle = keyboard.fileno()
    if handle not in _REPLIES and _is_in_front(handle) and not _is_readable(handle, 0):
        with _unechoed(handle):
            _REPLIES[handle] = b""
            os.write(screen.fileno(), _QUESTION)
            _REPLIES[handle] = _reply(handle)
    return answered(_REPLIES.get(handle, b""))


def is_owed() -> bool:
    """Whether a terminal that was asked may answer yet."""
    return not all(map(_LAST.search, _REPLIES.values()))


def _is_in_front(keyboard: int) -> bool:
    """Whether the keys are this process's to read; those of a terminal that is not its own may be somebody else's."""
    try:
        return os.tcgetpgrp(keyboard) == os.getpgrp()
    except OSError:
        return False


@contextmanager
def _unechoed(keyboard: int) -> Iterator[None]:
    """Keys come one by one and are not shown; in the end all is as before, and what nobody has read is dropped."""
    import termios
    import tty

    before = termios.tcgetattr(keyboard)
    try:
        tty.setcbreak(keyboard)
        yield
    finally:
        termios.tcsetattr(keyboard, termios.TCSAFLUSH, before)


def _reply(keyboard: int) -> bytes:
    """What arrives in time, up to the answer to the last question."""
    reply, end = b"", time.monotonic() + SECONDS
    while not _LAST.search(reply) and _is_readable(keyboard, max(0.0, end - time.monotonic())):
        reply += os.read(keyboard, 1024)
    return reply


def _is_readable(keyboard: int, seconds: float) -> bool:
    return bool(select.select([keyboard], [], [], seconds)[0])
