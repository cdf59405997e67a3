"""Where fuzzers let the program run: in a folder, within bounds of memory, and with nothing else in its reach.

A process that was confined stays so; it is one that was made for it.
"""

from __future__ import annotations

import atexit
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

MEMORY = 2 << 30
"""bytes that a process may take beyond what it has when it is confined"""
FILE = 1 << 26
"""bytes of a file that it may write"""

PROGRAMS = frozenset({("cat",), ("true",), ("false",), ("head", "-1"), ("wc", "-c"), ("sort", "-r")})
"""What may be run with no harm, word by word."""

DEVICES = ("/dev/null", "/dev/full", "/dev/zero", "/dev/tty", "/dev/stdout", "/dev/stderr")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_FIRST = {"os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.truncate", "os.utime"}
_BOTH = {"os.rename", "os.link", "os.symlink"}
_NEVER = {"os.system", "os.exec", "os.posix_spawn", "os.startfile", "os.kill", "socket.connect", "socket.bind"}


def confine(folder: Path, memory: int = MEMORY) -> None:
    """Let this process live in a folder: its home, and the only place that it may write to."""
    os.chdir(folder)
    names = {"HOME": "", "XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config", "TMPDIR": ""}
    os.environ.update({name: str(folder / under) for name, under in names.items()}, TX_TRACE_FAULTS="raise")
    sys.dont_write_bytecode = True
    bound(memory)
    sys.addaudithook(_watch(folder.resolve()))


@cache
def scratch() -> Path:
    """A folder for what is opened again and again, which is gone when this process ends."""
    folder = TemporaryDirectory()
    atexit.register(folder.cleanup)
    return Path(folder.name)


def bound(memory: int) -> None:
    """Give this process no more than so many bytes beyond what it has."""
    limits = {resource.RLIMIT_AS: _taken() + memory, resource.RLIMIT_FSIZE: FILE, resource.RLIMIT_CORE: 0}
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _taken() -> int:
    """bytes of address space"""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _watch(folder: Path) -> Callable[[str, tuple[Any, ...]], None]:
    """What sees everything that reaches outside, and refuses it unless it is harmless."""

    def check(path: Any) -> None:
        if not isinstance(path, int) and not _is_within(folder, path):
            raise PermissionError(13, "outside of the cage", os.fsdecode(path))

    def opened(path: Any, _mode: Any, flags: int) -> None:
        if flags & WRITING:
            check(path)

    def first(path: Any, *_more: Any) -> None:
        check(path)

    def both(one: Any, other: Any, *_more: Any) -> None:
        check(one)
        check(other)

    def never(*_more: Any) -> None:
        raise PermissionError(13, "not in the cage", "")

    watched: Mapping[str, Callable[..., None]] = {
        "open": opened,
        "subprocess.Popen": _check_program,
        **dict.fromkeys(_FIRST, first),
        **dict.fromkeys(_BOTH, both),
        **dict.fromkeys(_NEVER, never),
    }

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event in watched:
            watched[event](*given)

    return hook


def _is_within(folder: Path, path: Any) -> bool:
    text = os.fsdecode(path)
    return text in DEVICES or Path(os.path.realpath(text)).is_relative_to(folder)


def _check_program(_executable: Any, words: Any, *_more: Any) -> None:
    if tuple(words) not in PROGRAMS and os.fsdecode(words[0]) != sys.executable:
        raise FileNotFoundError(2, "not in the cage", os.fsdecode(words[0]))
