"""Line editing at a terminal: history, completion, suggestion, keys and the bar at the bottom."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory, DynamicAutoSuggest
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, to_filter
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.shortcuts import CompleteStyle

from tracer.outward import visible
from tracer.render.console import color_depth
from tracer.render.folding import clipped

from ..completion import completions, usage_hint
from ..output.ground import is_owed
from ..registry import PROMPT
from ..session import Session
from ..settings import SETTINGS
from ..viewer.screen import DEPTHS
from .keys import MODES, bindings
from .toolbar import standing

LINES, LINES_WITH_MENU = 2, 9
"""From the prompt to the bar, as soon as there is a menu to show until the line is entered."""


class LineCompleter(Completer):
    """Offers what may come next, for the terminal."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """The completions of the text before the cursor; only Tab may wait for the model to find them."""
        patient = complete_event.completion_requested
        for text, length, meta in completions(document.text_before_cursor, self._session, patient=patient):
            yield Completion(text, -length, visible(text), visible(meta))


class Prompt:
    """Asks for lines, as the settings of a session want it.

    ``lines`` are those of earlier sessions, oldest first; ``bar`` tells what stands at the bottom while none is typed.
    """

    def __init__(
        self, session: Session, lines: Sequence[str], bar: Callable[[], str] | None = None, **terminal: Any
    ) -> None:
        self._session = session
        self._bar = bar or (lambda: standing(session))
        self._draft = ""
        self._standing = ""
        suggest = AutoSuggestFromHistory()
        self._debugger: PromptSession[str] = PromptSession(
            reserve_space_for_menu=LINES,
            history=InMemoryHistory(lines),
            completer=LineCompleter(session),
            complete_while_typing=Condition(lambda: self._set("menu") and not self._set("accessible")),
            auto_suggest=DynamicAutoSuggest(lambda: suggest if self._set("suggest") else None),
            key_bindings=bindings(self._switched, self.draft, lambda: not self._set("accessible"), is_owed),
            **terminal,
        )
        self._debugger.app.before_render += self._make_room
        self._debugger.layout.current_window.dont_extend_height = to_filter(True)

    def __call__(self, message: str = PROMPT) -> str:
        """The line typed after a message; raises EOFError for Ctrl-D on an empty one, KeyboardInterrupt for Ctrl-C."""
        debugger, is_plain = self._debugger, self._set("accessible")
        debugger.reserve_space_for_menu = LINES
        debugger.editing_mode = MODES[self._set("vi")]
        debugger.color_depth = DEPTHS[color_depth(self._set("color"), os.environ, is_terminal=True)]
        debugger.complete_style = CompleteStyle.READLINE_LIKE if is_plain else CompleteStyle.COLUMN
        debugger.bottom_toolbar = self._toolbar if self._set("toolbar") and not is_plain else None
        self._standing = self._bar()
        draft, self._draft = self._draft, ""
        return debugger.prompt(message, default=draft)

    def _make_room(self, _app: object) -> None:
        """Lines for a menu, from the first one on that is offered until the line is entered."""
        if self._debugger.default_buffer.complete_state:
            self._debugger.reserve_space_for_menu = LINES_WITH_MENU

    def _set(self, name: str) -> Any:
        return SETTINGS[name].get(self._session)

    def _toolbar(self) -> str:
        typed = self._debugger.default_buffer.document.text_before_cursor
        told = usage_hint(typed, self._session) or self._standing
        return clipped(visible(told), self._debugger.app.output.get_size().columns)

    def _switched(self, is_vi: bool) -> None:
        SETTINGS["vi"].put(self._session, is_vi)

    def draft(self, text: str) -> None:
        """Let the next line begin with a text."""
        self._draft = text
