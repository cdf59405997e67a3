"""Keys that stand for commands, and the one that switches between Emacs' keys and vi's."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.completion import CompleteEvent, get_common_complete_suffix
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition, emacs_insert_mode, vi_insert_mode
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent

COMMANDS = {"f1": "help", "f5": "continue", "f10": "next", "f11": "step", "f23": "finish"}
"""F23 is what prompt_toolkit calls Shift-F11."""

MODES = {False: EditingMode.EMACS, True: EditingMode.VI}
"""By whether vi's keys are wanted."""


def bindings(
    on_vi: Callable[[bool], None], on_draft: Callable[[str], None], has_menu: Callable[[], bool] = lambda: True
) -> KeyBindings:
    """A key enters its command, and ``on_draft`` gets what was typed so far; ``on_vi`` is told what F4 switched to.

    Where there is a menu, Tab first types what all that it offers have in common, as in a shell, and then goes through
    it.
    """
    keys = KeyBindings()
    keys.add("tab", filter=Condition(has_menu) & (emacs_insert_mode | vi_insert_mode))(_complete)
    for key, command in COMMANDS.items():
        keys.add(key)(_entering(command, on_draft))
    keys.add("f4")(_switching(on_vi))
    return keys


def _complete(event: KeyPressEvent) -> None:
    buffer, state = event.current_buffer, event.current_buffer.complete_state
    if state is not None and state.current_completion is not None:
        buffer.complete_next()
        return
    offered = list(buffer.completer.get_completions(buffer.document, CompleteEvent(completion_requested=True)))
    if len(offered) == 1:
        buffer.apply_completion(offered[0])
    elif common := get_common_complete_suffix(buffer.document, offered):
        buffer.insert_text(common)
    elif state is not None:
        buffer.complete_next()
    else:
        buffer.start_completion()


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
