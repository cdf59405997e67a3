"""Ctrl-C at every line of some files, one after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any


def interrupted(action: Callable[[], object], *files: str, at: int) -> bool:
    """Whether an action came to the line that is interrupted: the one of that number, of those run in the files."""
    left = at

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.endswith(files):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def every_interrupt(prepare: Callable[[], Callable[[], object]], *files: str) -> Iterator[None]:
    """Yield after each interrupt of an action, which is prepared afresh for each, up to the one that comes too late."""
    at = 1
    while interrupted(prepare(), *files, at=at):
        yield
        at += 1
