"""Files that can be read to their end: opening a pipe would wait for ever, and a device, or a hole, may have none."""

from __future__ import annotations

import stat
from pathlib import Path

from ..errors import InputError
from ..i18n import _


def check_regular(path: Path) -> None:
    """Insist that what stands at a path, if anything does, is a regular file.

    Raises:
        InputError: it is a directory, a pipe, a socket or a device.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode):
        raise InputError(_("{path}: is a directory, pipe, socket or device; expected a regular file").format(path=path))


LARGEST = 1 << 27
"""bytes of a file that is read at once, such as a vocabulary; the largest in use have a quarter of it"""


def check_bounded(path: Path) -> None:
    """Insist that what stands at a path, if anything does, is a regular file, and short enough to be read at once.

    Raises:
        InputError: it is none, or longer than any file of its kind.
    """
    check_regular(path)
    try:
        size = path.stat().st_size
    except OSError:
        return
    if size > LARGEST:
        told = _("{path}: has {n} bytes; of such a file at most {most} are read")
        raise InputError(told.format(path=path, n=size, most=LARGEST))


def read_bounded(path: Path) -> bytes:
    """All of a file, after that has been insisted on; raises `OSError`, too, where it can't be read."""
    check_bounded(path)
    return path.read_bytes()
