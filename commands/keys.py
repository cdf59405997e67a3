"""Keys that stand for commands."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent

COMMANDS = {"f1": "help", "f5": "continue", "f10": "next", "f11": "step", "f23": "finish"}
"""F23 is what prompt_toolkit calls Shift-F11."""


def bindings() -> KeyBindings:
    """A key types its command and enters it."""
    keys = KeyBindings()
    for key, command in COMMANDS.items():
        keys.add(key)(_entering(command))
    return keys


def _entering(command: str) -> Callable[[KeyPressEvent], None]:
    def enter(event: KeyPressEvent) -> None:
        event.current_buffer.text = command
        event.current_buffer.validate_and_handle()

    return enter
