"""Reading a text in front of the matrix: the derivation of a cell, or the help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from tracer.dataclass import dataclass
from tracer.document import DIM
from tracer.i18n import _, ngettext
from tracer.render.drawing import Line, lines
from tracer.render.sheet import Sheet
from tracer.render.viewport import fitting
from tracer.views.view import View

from .modes import Frame, Mode, Screen

_FAR = 10**9
_STEPS: Mapping[str, Callable[[int], int]] = {
    **dict.fromkeys(("up", "k"), lambda _seen: -1),
    **dict.fromkeys(("down", "j"), lambda _seen: 1),
    **dict.fromkeys(("pageup", "b"), lambda seen: -seen),
    **dict.fromkeys(("pagedown", " "), lambda seen: seen),
    **dict.fromkeys(("home", "g"), lambda _seen: -_FAR),
    **dict.fromkeys(("end", "G"), lambda _seen: _FAR),
}
"""How many lines a key goes down, given the lines in sight."""
_LEAVING = ("q", "escape", "enter", "?", "c-c")


@dataclass(frozen=True)
class Reading:
    """See `Mode`. A text from its line ``top`` on; leaving it leads back to the mode ``behind``.

    ``hint`` is said at the bottom before what the keys do here.
    """

    behind: Mode
    lines: Callable[[Sheet], list[Line]]
    top: int = 0
    hint: str = ""

    @classmethod
    def of(cls, view: View, behind: Mode) -> Reading:
        """The whole of a view, from the top; it is laid out once for a page."""
        return cls(behind, lru_cache(maxsize=1)(lambda page: list(lines(view, page))))

    def press(self, key: str, screen: Screen) -> Mode | None:
        if key in _LEAVING:
            return self.behind
        step = _STEPS.get(key)
        return self._from(self.top + step(_seen(screen)), screen) if step else self

    def frame(self, screen: Screen) -> Frame:
        lines, top, seen = self.lines(screen.page), self._from(self.top, screen).top, _seen(screen)
        body = lines[top : top + seen]
        blank: list[Line] = [[] for _line in range(seen - len(body))]
        last = fitting([self.hint + _hint(len(lines) - top - len(body))], screen.page, DIM)
        return Frame([*body, *blank, last][: screen.height], (0, 0))

    def _from(self, top: int, screen: Screen) -> Reading:
        last = len(self.lines(screen.page)) - _seen(screen)
        return replace(self, top=max(0, min(top, last)))


def _hint(below: int) -> str:
    if not below:
        return _("q back")
    return ngettext("q back   space {n} line more", "q back   space {n} lines more", below).format(n=below)


def _seen(screen: Screen) -> int:
    return max(1, screen.height - 1)
