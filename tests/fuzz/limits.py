"""Bounds of time for what is tried, and what is said of an error that came up."""

from __future__ import annotations

import io
import re
import signal
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from tracer.work import watched_by


class Late(BaseException):
    """Something takes its time, and does not show how far it is."""


class Watched:
    """Sees whether there is a loop that tells how far it is."""

    def __init__(self) -> None:
        self.within = 0

    def __call__(self, things: Iterable[Any], _what: str, _total: int) -> Iterator[Any]:
        self.within += 1
        try:
            yield from things
        finally:
            self.within -= 1


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Ctrl-C after so many seconds of computing; where nothing tells how far it is, or Ctrl-C is not heard, `Late`."""
    watched, was_told = Watched(), False

    def ring(_number: int, _frame: FrameType | None) -> None:
        nonlocal was_told
        if was_told or not watched.within:
            raise Late
        was_told = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds, seconds)
    try:
        with watched_by(watched):
            yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@contextmanager
def told_to(stream: io.StringIO) -> Iterator[None]:
    """Let complaints go to a stream."""
    before, sys.stderr = sys.stderr, stream
    try:
        yield
    finally:
        sys.stderr = before


def place(error: BaseException) -> str:
    """Where in the program an error came up, or was on its way to."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if re.search(r"/(tracer|commands)/", frame.filename.replace("tests/fuzz", ""))]
    last = (own or frames)[-1]
    return f"{Path(last.filename).name}:{last.name}"


def trail(error: BaseException) -> str:
    """How an error came about, its end."""
    return "".join(traceback.format_exception(error))[-3000:]
