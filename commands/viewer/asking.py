"""Typing on the last line: a label to search for, or a cell to go to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tracer.dataclass import dataclass
from tracer.errors import TraceError
from tracer.render.drawing import width_of
from tracer.render.folding import clipped_left
from tracer.views.tokens import shown

from .browsing import Browsing
from .modes import Frame, Mode, Screen


@dataclass(frozen=True)
class Asking:
    """See `Mode`. The text typed after a ``sign`` goes to ``answer``; a failure is left to read as a message."""

    browsing: Browsing
    sign: str
    answer: Callable[[str], None]
    text: str = ""

    def press(self, key: str, screen: Screen) -> Mode | None:
        match key:
            case "enter":
                return self._answered()
            case "backspace" if self.text:
                return replace(self, text=self.text[:-1])
            case "escape" | "c-c" | "backspace":
                return self.browsing
            case "c-u":
                return replace(self, text="")
            case _:
                return self.typed(key) if len(key) == 1 else self

    def typed(self, text: str) -> Asking:
        """With more text at the end, of which only what can be seen is taken."""
        return replace(self, text=self.text + "".join(filter(str.isprintable, text)))

    def frame(self, screen: Screen) -> Frame:
        typed = clipped_left(f"{self.sign}{shown(self.text)}", screen.page.width - 1, screen.page.glyphs.more)
        lines, _cell = self.browsing.framed(screen, f"{typed} ")
        return Frame(lines, (width_of(lines[-1]) - 1, len(lines) - 1))

    def _answered(self) -> Mode:
        try:
            if self.text.strip():
                self.answer(self.text.strip())
        except TraceError as error:
            self.browsing.message = str(error)
        return self.browsing
