"""Keys that stand for commands, and the one that switches between Emacs' keys and vi's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from prompt_toolkit.completion import CompleteEvent, get_common_complete_suffix
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition, emacs_insert_mode, vi_insert_mode
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

COMMANDS = {"f1": "help", "f5": "continue", "f10": "next", "f11": "step", "f23": "finish"}
"""F23 is what prompt_toolkit calls Shift-F11."""

MODES = {False: EditingMode.EMACS, True: EditingMode.VI}
"""By whether vi's keys are wanted."""


def bindings(
    on_vi: Callable[[bool], None],
    on_draft: Callable[[str], None],
    has_menu: Callable[[], bool] = lambda: True,
    is_owed: Callable[[], bool] = lambda: False,
) -> KeyBindings:
    """A key enters its command, and ``on_draft`` gets what was typed so far; ``on_vi`` is told what F4 switched to.

    While the terminal ``is_owed`` an answer, what looks like one is no keys.

    Where there is a menu, Tab first types what all that it offers have in common, as in a shell, and then goes through
    it.
    """
    keys = KeyBindings()
    keys.add("tab", filter=Condition(has_menu) & (emacs_insert_mode | vi_insert_mode))(_complete)
    for key, command in COMMANDS.items():
        keys.add(key)(_entering(command, on_draft))
    keys.add("f4")(_switching(on_vi))
    _drop_answers(keys, Condition(is_owed))
    return keys


ANSWERS = {("escape", "]", "1", "1", ";"): ("\\", Keys.ControlG), ("escape", "[", "?"): ("c",)}
"""How the answers begin to what a terminal is asked, and how each ends."""


def _drop_answers(keys: KeyBindings, is_owed: Condition) -> None:
    """Drop the keys of an answer, from its beginning to its end."""
    ends: list[str] = []

    def drop(event: KeyPressEvent) -> None:
        if event.key_sequence[-1].key in ends:
            ends.clear()

    for beginning, end in ANSWERS.items():
        keys.add(*beginning, filter=is_owed)(partial(_begin, ends, end))
    keys.add(Keys.Any, filter=Condition(lambda: bool(ends)), eager=True)(drop)


def _begin(ends: list[str], end: Sequence[str], _event: KeyPressEvent) -> None:
    ends[:] = end


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
