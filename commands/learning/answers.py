"""Telling answers from commands."""

from __future__ import annotations

from ..grammar.parsing import split_word
from ..registry import UnknownCommandError, lookup
from ..session import Session
from .lesson import ANSWER
from .question import Question, is_number


def answered(line: str, question: Question | None, session: Session) -> str | None:
    """The answer that a line is; None where it is a command.

    It is one after the word ``answer``; a number, an option, or, where something is asked, what begins with no command.
    """
    word, _blank, rest = line.partition(" ")
    if word == ANSWER:
        return rest
    return line if _is_answer(line, question, session) else None


def _is_answer(line: str, question: Question | None, session: Session) -> bool:
    if question is None or not line or line.startswith("#"):
        return is_number(line)
    if question.reads(line):
        return True
    try:
        lookup(split_word(session.expanded(line))[0])
    except UnknownCommandError:
        return True
    return False
