"""Long texts on a terminal: a screen at a time."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

PAGER = ("less", "-RSXF")


def fits(text: str, lines: int) -> bool:
    """Whether a text and the prompt below it leave nothing outside a screen of so many lines."""
    return text.count("\n") < lines


def page(text: str) -> bool:
    """Show a text through the pager, until that is left; False where there is none."""
    if shutil.which(PAGER[0]) is None:
        return False
    with interrupts_left_to_it():
        environ = {**os.environ, "LESSCHARSET": "utf-8"}
        subprocess.run(PAGER, input=text.encode(), env=environ, check=False)
    return True


@contextmanager
def interrupts_left_to_it() -> Iterator[None]:
    """Ctrl-C is for the program that runs meanwhile, and for it alone."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
