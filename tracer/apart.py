"""What strangers wrote, run in a process apart, which may spend so much time and memory and no more.

The process is this file, too: it takes its bounds, and becomes the program whose path it is given.
"""

from __future__ import annotations

import json
import os
import re
import runpy
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Event, Timer
from typing import Any

MEMORY = 1 << 30
"""bytes of address space"""
SECONDS = 5
"""of computing"""
MOST_READ = 1 << 26
"""bytes of an answer"""
LONGEST = 200
"""characters of a reason"""

NEEDED = re.compile(r"PATH|HOME|LANG|LC_\w+|TZ|PYTHON\w*|LD_LIBRARY_PATH|SYSTEMROOT")
"""The variables of the environment that Python starts with, and tells the time by; no other is handed on."""


def answered(program: Path, asked: Mapping[str, Any], seconds: float) -> Any:
    """What a program answers, both in JSON; None where it came to its bounds before it had.

    Raises:
        TimeoutError: there is no answer within so many seconds.
        RuntimeError: the program is wrong, or lacks something, and has ended by that.
    """
    answer, complaint, status = _run(program, json.dumps(asked).encode(), seconds)
    if status < 0 or len(answer) > MOST_READ or complaint.startswith(MemoryError.__name__):
        return None
    if status:
        raise RuntimeError(complaint)
    return json.loads(answer)


def _run(program: Path, asked: bytes, seconds: float) -> tuple[bytes, str, int]:
    """What a program writes, as far as it is read, the last line of what it complains of, and the status it ends with.

    Raises:
        TimeoutError: it has not ended within so many seconds.
    """
    command = [sys.executable, "-P", __file__, str(program)]
    names = {name: value for name, value in os.environ.items() if NEEDED.fullmatch(name)}
    with Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=names) as process:
        late = Event()
        timer = Timer(seconds, _end, (process, late))
        timer.start()
        try:
            return _heard(process, asked)
        finally:
            timer.cancel()
            process.kill()
            if late.is_set():
                raise TimeoutError


def _end(process: Popen[bytes], late: Event) -> None:
    late.set()
    process.kill()


def _heard(process: Popen[bytes], asked: bytes) -> tuple[bytes, str, int]:
    """Hand a process what is asked, and hear it to its end, or until it has said too much."""
    assert process.stdin
    assert process.stdout
    assert process.stderr
    with suppress(OSError), process.stdin as stream:
        stream.write(asked)
    answer = process.stdout.read(MOST_READ + 1)
    if len(answer) > MOST_READ:
        process.kill()
    complaint = process.stderr.read(MOST_READ).decode("utf-8", "replace").rstrip().rpartition("\n")[2]
    return answer, complaint[:LONGEST], process.wait()


def bound() -> None:
    """Give the process so much memory and time, and no files to write, as far as the system can."""
    with suppress(ImportError):
        import resource as system

        limits = {"RLIMIT_CPU": SECONDS, "RLIMIT_AS": MEMORY, "RLIMIT_FSIZE": 0, "RLIMIT_CORE": 0}
        for name, most in limits.items():
            with suppress(AttributeError, ValueError, OSError):
                system.setrlimit(getattr(system, name), (most, most))


if __name__ == "__main__":
    bound()
    runpy.run_path(sys.argv[1], run_name="__main__")
