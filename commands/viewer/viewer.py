"""The viewer without a terminal: keys go in by name, lines come out."""

from __future__ import annotations

from dataclasses import replace

from tracer.render.sheet import Sheet

from .actions import actions
from .asking import Asking
from .browsing import Browsing
from .modes import Frame, Mode, Screen
from .subject import Subject


class Viewer:
    """A subject on a screen. ``mode`` is what its viewer is doing, None once it is left."""

    def __init__(self, subject: Subject, page: Sheet, height: int = 24) -> None:
        self.screen = Screen(page, height)
        self.mode: Mode | None = Browsing(subject, actions())

    def resize(self, width: int, height: int) -> None:
        """Go on with so many columns and lines."""
        self.screen = Screen(replace(self.screen.page, width=width), height)

    def press(self, key: str) -> None:
        """Act on a key: a character, or a name such as ``pagedown``; one that is not known does nothing."""
        if self.mode is not None:
            self.mode = self.mode.press(key, self.screen)

    def paste(self, text: str) -> None:
        """Type a text, where one is asked for."""
        if isinstance(self.mode, Asking):
            self.mode = self.mode.typed(text)

    def frame(self) -> Frame:
        """What is seen; nothing once it is left."""
        return self.mode.frame(self.screen) if self.mode else Frame([], (0, 0))
