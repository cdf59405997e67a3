"""A process of its own for what may take all there is, or never end: what it tells goes out as it comes."""

from __future__ import annotations

import faulthandler
import json
import os
import select
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Any, NamedTuple, NoReturn

Tell = Callable[[Any], None]
"""Tells the process before something that JSON can say."""

LAST = 600
"""characters of what a process said before its end"""


class Ended(NamedTuple):
    """A process that did not end by itself: by which signal or status, and what it said last."""

    how: str
    said: str


def heard(action: Callable[[Tell], None], silent: float) -> Iterator[Any]:
    """What an action tells, which runs in a process of its own; last `Ended` where that ended badly.

    ``silent`` are the seconds in which it has to tell something.
    """
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as errors, os.fdopen(reading, "rb", 0) as stream:
        child = _fork()
        if not child:
            _act(action, writing, errors)
        os.close(writing)
        try:
            yield from _told(stream, silent)
            status = _status(child)
        except TimeoutError:
            status = _killed(child, f"silent for {silent:g} s")
        finally:
            with suppress(ChildProcessError, ProcessLookupError):
                _killed(child, "")
        if status:
            yield Ended(status, _end_of(errors))


def _fork() -> int:
    """A copy of this process, which has no other threads that matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _act(action: Callable[[Tell], None], writing: int, errors: IO[bytes]) -> NoReturn:
    """Do it, and leave at once, whatever comes of it."""
    for stream in (1, 2):
        os.dup2(errors.fileno(), stream)
    faulthandler.enable(errors.fileno())
    faulthandler.register(signal.SIGUSR1, errors.fileno())
    status = 1
    try:
        action(lambda thing: _write(writing, json.dumps(thing).encode() + b"\n"))
        status = 0
    except BaseException:
        os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
    finally:
        os._exit(status)


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _told(stream: IO[bytes], silent: float) -> Iterator[Any]:
    rest = b""
    while True:
        if not select.select([stream], [], [], silent)[0]:
            raise TimeoutError
        data = stream.read(1 << 16)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        yield from map(json.loads, lines)


def _killed(child: int, how: str) -> str:
    if how:
        os.kill(child, signal.SIGUSR1)
        with suppress(ChildProcessError):
            select.select([], [], [], 0.5)
    os.kill(child, signal.SIGKILL)
    _status(child)
    return how


def _status(child: int) -> str:
    """How a process ended; empty for a good end."""
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status < 0:
        return signal.Signals(-status).name
    return f"status {status}" if status else ""


def _end_of(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read().decode("utf-8", "replace")[-LAST:]


def is_linux() -> bool:
    """Whether there are processes such as these, and limits to them."""
    return sys.platform == "linux"
