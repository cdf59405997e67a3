"""An interrupt between any two lines leaves settings, text and run as they were, or all of them changed."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

import tracer
from commands.execute import execute
from commands.opener import Opener
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.session import Session
from tests.interrupting import every_interrupt

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
