"""Ctrl-C where nothing is under way that answers it: the process ends at once, and quietly."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""The exit status of what Ctrl-C ended, as shells have it."""


def end_at_once() -> None:
    """Let Ctrl-C end the process from now on, unless somebody else has said what it does."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


@contextmanager
def answered() -> Iterator[None]:
    """Within it, Ctrl-C raises KeyboardInterrupt where it would end the process."""
    if signal.getsignal(signal.SIGINT) is not _end:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, _end)


def _end(_signal: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
