"""Ctrl-C, or the end of the process, at every line of some files, one after the other."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any


def interrupted(action: Callable[[], object], *files: str, at: int) -> bool:
    """Whether an action came to the line that is interrupted: the one of that number, of those run in the files."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    try:
        _with_at_line(interrupt, action, files, at)
    except KeyboardInterrupt:
        return True
    return False


def lines_run(action: Callable[[], object], *files: str) -> int:
    """How many lines of some files an action runs."""
    return _numbered(lambda _number: None, action, files)


def killed(action: Callable[[], object], *files: str, at: int) -> bool:
    """Whether an action, in a process of its own, came to the line at which that is killed, as `interrupted` counts."""
    child = os.fork()
    if not child:
        status = 1
        try:
            _with_at_line(lambda: os.kill(os.getpid(), signal.SIGKILL), action, files, at)
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0


def _with_at_line(then: Callable[[], None], action: Callable[[], object], files: tuple[str, ...], at: int) -> None:
    """Do something while an action comes to the line of that number, of those run in the files."""

    def come(number: int) -> None:
        if number == at:
            then()

    _numbered(come, action, files)


def _numbered(come: Callable[[int], None], action: Callable[[], object], files: tuple[str, ...]) -> int:
    """Do something at each line that an action runs of some files, counted from 1; how many there were."""
    count = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.endswith(files):
            return None
        if event == "line":
            count += 1
            come(count)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


def every_interrupt(prepare: Callable[[], Callable[[], object]], *files: str) -> Iterator[None]:
    """Yield after each interrupt of an action, which is prepared afresh for each, up to the one that comes too late."""
    at = 1
    while interrupted(prepare(), *files, at=at):
        yield
        at += 1


def some_ends(prepare: Callable[[], Callable[[], object]], *files: str, most: int) -> Iterator[None]:
    """The same where the process is killed, at so many lines, far apart: nothing is left but what it wrote."""
    total = lines_run(prepare(), *files)
    for at in sorted({1 + total * n // most for n in range(most)} - {total + 1}):
        assert killed(prepare(), *files, at=at)
        yield
