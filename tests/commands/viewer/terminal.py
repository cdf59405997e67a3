"""A program on a real terminal: pexpect gives it one, pyte reads what it draws."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

ROOT = Path(__file__).parents[3]


class Terminal:
    """``tx-trace`` on the small model, in so many columns and lines."""

    def __init__(self, columns: int, lines: int, *arguments: str, **environ: str) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLORTERM")}
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "commands", "-m", "zh-en-tiny", *arguments],
            cwd=ROOT,
            dimensions=(lines, columns),
            env={**clean, "TERM": "xterm-256color", **environ},
        )
        self._child.delaybeforesend = None

    @property
    def lines(self) -> list[str]:
        """What is on the screen, without the blanks at the ends of lines."""
        return [line.rstrip() for line in self.screen.display]

    def type(self, keys: str) -> None:
        """Press keys, as the bytes that a terminal sends for them."""
        self._child.send(keys)

    def resize(self, columns: int, lines: int) -> None:
        """Make the window another size."""
        self.screen.resize(lines, columns)
        self._child.setwinsize(lines, columns)

    def wait(self, condition: Callable[[list[str]], object], seconds: float = 20) -> list[str]:
        """The lines as soon as they fulfil a condition."""
        end = time.monotonic() + seconds
        while not condition(self.lines):
            assert time.monotonic() < end, "\n".join(["it never came to that:", *self.lines])
            self._read()
        return self.lines

    def close(self) -> None:
        """Hang up."""
        self._child.close(force=True)

    def _read(self) -> None:
        try:
            self._stream.feed(self._child.read_nonblocking(65536, timeout=0.05))
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            time.sleep(0.02)
