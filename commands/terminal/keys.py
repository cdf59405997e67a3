"""Keys that stand for commands, and the one that switches between Emacs' keys and vi's."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.enums import EditingMode
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent

COMMANDS = {"f1": "help", "f5": "continue", "f10": "next", "f11": "step", "f23": "finish"}
"""F23 is what prompt_toolkit calls Shift-F11."""

MODES = {False: EditingMode.EMACS, True: EditingMode.VI}
"""By whether vi's keys are wanted."""


def bindings(on_vi: Callable[[bool], None], on_draft: Callable[[str], None]) -> KeyBindings:
    """A key enters its command, and ``on_draft`` gets what was typed so far; ``on_vi`` is told what F4 switched to."""
    keys = KeyBindings()
    for key, command in COMMANDS.items():
        keys.add(key)(_entering(command, on_draft))
    keys.add("f4")(_switching(on_vi))
    return keys


def _entering(command: str, on_draft: Callable[[str], None]) -> Callable[[KeyPressEvent], None]:
    def enter(event: KeyPressEvent) -> None:
        on_draft(event.current_buffer.text)
        event.current_buffer.text = command
        event.current_buffer.validate_and_handle()

    return enter


def _switching(on_vi: Callable[[bool], None]) -> Callable[[KeyPressEvent], None]:
    def switch(event: KeyPressEvent) -> None:
        wanted = event.app.editing_mode is EditingMode.EMACS
        event.app.editing_mode = MODES[wanted]
        on_vi(wanted)

    return switch
