"""An interrupt between any two lines leaves settings, text and run as they were, or all of them changed."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tracer
from commands.execute import execute
from commands.opener import Opener
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.session import Session
from commands.terminal.history import TypedLines
from commands.terminal.shell import Shell
from tests.interrupting import every_interrupt, interrupted, lines_run

FILES = ("commands/session.py", "commands/opener.py", "tracer/debugger/debugger.py", "tracer/debugger/runs.py")
LINES = (("set max-tokens 2", True), ("run 你", True), ("set strategy beam", False))


def standing(session: Session) -> tuple[Any, ...]:
    """What a session is at: text, settings, runs and cursor."""
    opener, run = session.opener, session.run
    stated = opener.text, opener.settings, opener.mask, opener.target
    return (stated, run.source_text, run.settings, sorted(session.runs), session.number, session.cursor)  # type: ignore[attr-defined]


def tell(session: Session, line: str) -> None:
    with presenter_of("jsonl")(io.StringIO(), Look(100)) as presenter:
        execute(line, session, presenter)


@pytest.mark.parametrize(("line", "begun"), LINES)
def test_a_change_is_made_whole_or_not_at_all(model: tracer.Model, line: str, begun: bool) -> None:
    sessions: list[Session] = []

    def prepare() -> Callable[[], object]:
        session = Session(Opener(model))
        if begun:
            tell(session, "step 30")
        sessions.append(session)
        return lambda: tell(session, line)

    action = prepare()
    before = standing(sessions[-1])
    action()
    after = standing(sessions[-1])
    for _interrupt in every_interrupt(prepare, *FILES):
        session = sessions[-1]
        assert standing(session) in (before, after)
        assert session.runs[session.number] is session.run
    assert len(sessions) > 10


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_interrupt_ends_a_shell_that_has_a_prompt(model: tracer.Model, tmp_path: Path) -> None:
    asked: list[str] = []

    def read(prompt: str) -> str:
        asked.append(prompt)
        if len(asked) == 3:
            raise EOFError
        return ("bogus", "p 1 + 1")[len(asked) - 1]

    def shell() -> Callable[[], object]:
        asked.clear()
        session = Session(Opener(model))
        (tmp_path / "history").unlink(missing_ok=True)
        typed = TypedLines(tmp_path / "history", lambda _message: None)
        shell = Shell(session, presenter_of("jsonl")(io.StringIO(), Look(100)), typed)
        return lambda: shell.open(iter(()), lambda _session: read)

    files = ("terminal/shell.py", "terminal/history.py", "commands/streams.py")
    for at in range(1, lines_run(shell(), *files) + 1):
        is_ended = interrupted(shell(), *files, at=at)
        assert len(asked) == 3 or (is_ended and not asked), at
