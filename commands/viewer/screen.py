"""The viewer on a terminal."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Point
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import Layout, UIContent, UIControl, Window
from prompt_toolkit.output import ColorDepth

from tracer.render.fragments import fragments
from tracer.render.sheet import Sheet

from .actions import actions
from .subject import Subject
from .viewer import Viewer

DEPTHS = {
    None: ColorDepth.DEPTH_1_BIT,
    "standard": ColorDepth.DEPTH_4_BIT,
    "256": ColorDepth.DEPTH_8_BIT,
    "truecolor": ColorDepth.DEPTH_24_BIT,
}
"""What prompt_toolkit calls so many colours."""
_ESCAPE_SECONDS = 0.05
"""So long may the rest of a key that begins with Esc be on its way."""


class _Frames(UIControl):
    """The frames of a viewer, made for the size that there is."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer

    def is_focusable(self) -> bool:
        return True

    def create_content(self, width: int, height: int) -> UIContent:
        self._viewer.resize(width, height)
        lines, (x, y) = self._viewer.frame()

        def line(i: int) -> StyleAndTextTuples:
            return [*fragments(lines[i])]

        return UIContent(line, line_count=len(lines), cursor_position=Point(x, y))


def open_viewer(subject: Subject, page: Sheet) -> None:
    """Show a subject on the whole terminal until it is left; the page says how, but for the width."""
    application(Viewer(subject, page)).run()


def application(viewer: Viewer) -> Application[None]:
    """A full-screen application around a viewer."""
    shown: Application[None] = Application(
        Layout(Window(_Frames(viewer))),
        key_bindings=_bindings(viewer),
        color_depth=DEPTHS[viewer.screen.page.depth],
        full_screen=True,
    )
    shown.ttimeoutlen = _ESCAPE_SECONDS
    return shown


def _bindings(viewer: Viewer) -> KeyBindings:
    """Every key that has a name goes to the viewer under it, every other as the character it types."""
    keys = KeyBindings()
    names = {*(key for key in actions() if len(key) > 1), "backspace", "c-u"}
    for name in names:
        keys.add(name, eager=True)(_pressing(viewer, name))
    keys.add(Keys.Any)(_pressing(viewer))
    keys.add(Keys.BracketedPaste)(lambda event: viewer.paste(event.data))
    return keys


def _pressing(viewer: Viewer, name: str | None = None) -> Callable[[KeyPressEvent], None]:
    def press(event: KeyPressEvent) -> None:
        viewer.press(name or event.data)
        if viewer.mode is None:
            event.app.exit()

    return press
