"""Files that can be read to their end: opening a pipe would wait for ever, and a device may have none."""

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
