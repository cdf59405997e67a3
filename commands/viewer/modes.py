"""What a viewer can be doing: each of its modes knows what a key does and what is on the screen."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from tracer.render.drawing import Line
from tracer.render.sheet import Sheet


class Screen(NamedTuple):
    """What there is to show things on: a page, and so many lines."""

    page: Sheet
    height: int


class Frame(NamedTuple):
    """A screenful of lines, and where the terminal's cursor stands on it (column, line)."""

    lines: list[Line]
    cursor: tuple[int, int]


class Mode(Protocol):
    """A way to understand keys. A key is a character, or a name such as ``pagedown``; an unknown one does nothing."""

    def press(self, key: str, screen: Screen) -> Mode | None:
        """Act on a key; what the viewer is doing from now on, None for nothing more."""

    def frame(self, screen: Screen) -> Frame:
        """What is seen, in no more lines than the screen has."""
