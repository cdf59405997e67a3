"""The lines typed in earlier sessions, kept in a file: one a line, the oldest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path

from tracer.i18n import _, cause

from ..folders import state_folder

MOST = 10_000
"""So many of the last lines are read."""


def history_file() -> Path:
    """Where the lines are kept."""
    return state_folder() / "history"


class TypedLines:
    """A file of lines. ``complain`` is told, once, if it can't be read or written; then nothing more is kept."""

    def __init__(self, path: Path, complain: Callable[[str], None]) -> None:
        self._path = path
        self._complain = complain
        self._is_kept = True
        self._last = ""

    def read(self) -> list[str]:
        """The last lines of earlier sessions."""
        try:
            with self._path.open(encoding="utf-8", errors="replace") as file:
                return [line.rstrip("\n") for line in deque(file, MOST)]
        except FileNotFoundError:
            return []
        except OSError as error:
            self._give_up(_("{path}: can't be read ({reason}); lines are not kept"), error)
            return []

    def add(self, line: str) -> None:
        """Keep a line, unless it is empty or the last one again."""
        if not self._is_kept or line in ("", self._last):
            return
        self._last = line
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"{line}\n")
        except OSError as error:
            self._give_up(_("{path}: can't be written ({reason}); lines are not kept"), error)

    def _give_up(self, message: str, error: OSError) -> None:
        self._is_kept = False
        self._complain(message.format(path=self._path, reason=cause(error)))
