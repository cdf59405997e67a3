"""Signals: Ctrl-C where nothing is under way that answers it ends the process at once, and quietly.

Others that ask the process to end are obeyed when what it was about to write is away.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130
"""The exit status of what Ctrl-C ended, as shells have it."""

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What asks a process to end."""


def end_at_once() -> None:
    """Let Ctrl-C end the process from now on, unless somebody else has said what it does."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


@contextmanager
def answered() -> Iterator[None]:
    """Within it, Ctrl-C raises KeyboardInterrupt, and what asks the process to end SystemExit, where they would end it.

    So all that is open is closed, and nothing half written is left.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *ENDING)}
    taken = [number for number in ENDING if before[number] is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _leave)
    is_ours = before[signal.SIGINT] is _end
    if is_ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for number in (*taken, *([signal.SIGINT] if is_ours else [])):
            signal.signal(number, before[number])


def turns(take: Callable[[], object], goes_on: Callable[[], object] = lambda: True) -> None:
    """Take turns while it goes on, or until one raises something; Ctrl-C, whenever it comes, ends no more than one."""
    while True:
        try:
            while goes_on():
                take()
            return
        except KeyboardInterrupt:
            continue


def _end(_signal: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
