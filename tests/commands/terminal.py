"""A program on a real terminal: pexpect gives it one, pyte reads what it draws."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

ROOT = Path(__file__).parents[2]


class Terminal:
    """``tx-trace`` on the small model, in so many columns and lines."""

    always = ("-m", "zh-en-tiny")
    """The arguments it is given first."""

    def __init__(self, columns: int, lines: int, *arguments: str, **environ: str) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLORTERM")}
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "commands", *self.always, *arguments],
            cwd=ROOT,
            dimensions=(lines, columns),
            env={**clean, "TERM": "xterm-256color", **environ},
        )
        self._child.delaybeforesend = None
        self.screen.write_process_input = self._child.send

    @property
    def lines(self) -> list[str]:
        """What is on the screen, without the blanks at the ends of lines, and the empty lines at its own end."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip().split("\n")

    def type(self, keys: str) -> None:
        """Press keys, as the bytes that a terminal sends for them."""
        self._child.send(keys)

    def send(self, number: int) -> None:
        """Send the program a signal."""
        self._child.kill(number)

    def resize(self, columns: int, lines: int) -> None:
        """Make the window another size."""
        self.screen.resize(lines, columns)
        self._child.setwinsize(lines, columns)

    def wait(self, condition: Callable[[list[str]], object], seconds: float = 20) -> list[str]:
        """The lines as soon as they fulfil a condition."""
        end = time.monotonic() + seconds
        while not condition(self.lines):
            in_time = self._read() and time.monotonic() < end
            assert in_time, "\n".join(["it never came to that:", *self.lines])
        return self.lines

    def status(self) -> int | None:
        """The exit status, once the program has left."""
        self._child.expect(pexpect.EOF, timeout=20)
        self._child.wait()
        status: int | None = self._child.exitstatus
        return status

    def close(self) -> None:
        """Hang up."""
        self._child.close(force=True)

    def _read(self) -> bool:
        """Take in what was drawn since; whether the program is still there."""
        try:
            self._stream.feed(self._child.read_nonblocking(65536, timeout=0.05))
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            return False
        return True
