"""A lesson as it is taught: steps, each with one goal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from tracer.debugger.expressions import Expression

from .checks import Check
from .live import Live, Side

ANSWER = "answer"
"""The word before an answer."""

Among = Side | tuple[str, ...]
"""What an answer is one of: the tokens of a side, or some words."""


@dataclass(frozen=True)
class Prose:
    """Something to read, in Markdown with live numbers."""

    text: Live


@dataclass(frozen=True)
class Commands:
    """Commands of the shell that are run where they stand; ``shown`` says that the learner sees them at work."""

    lines: tuple[Live, ...]
    shown: bool


Piece = Prose | Commands


class Remark(NamedTuple):
    """What is said in a state in which a check holds."""

    when: Check
    text: Live


class Slip(NamedTuple):
    """What is said of a wrong answer that equals an expression."""

    of: Expression
    text: Live


@dataclass(frozen=True)
class Doing:
    """A goal that is reached when all checks hold, by whatever way; ``remarks`` explain states beside it."""

    checks: tuple[Check, ...]
    remarks: tuple[Remark, ...]

    @property
    def texts(self) -> Iterator[Live]:
        """What may be said on the way to it."""
        return (remark.text for remark in self.remarks)

    @property
    def code(self) -> Iterator[str]:
        """What is the same in every language."""
        yield from (check.text for check in self.checks)
        yield from (remark.when.text for remark in self.remarks)


@dataclass(frozen=True)
class Asking:
    """A goal that is reached by an answer: a number within a tolerance, or one of some words.

    ``is_guess`` says that one answer is taken, right or wrong, and counted; else it is asked for until it is right.
    ``otherwise`` is said of a wrong answer that is none of the ``slips``.
    """

    answer: Expression
    among: Among | None
    within: float
    is_guess: bool
    line: int
    slips: tuple[Slip, ...]
    otherwise: Live

    checks: ClassVar[tuple[Check, ...]] = ()
    remarks: ClassVar[tuple[Remark, ...]] = ()

    @property
    def texts(self) -> Iterator[Live]:
        """What may be said on the way to it."""
        yield from (slip.text for slip in self.slips)
        yield self.otherwise

    @property
    def code(self) -> Iterator[str]:
        """What is the same in every language; words to choose from may be translated."""
        among = len(self.among) if isinstance(self.among, tuple) else self.among
        yield f"{self.answer.text} ± {self.within} {among} {self.is_guess}"
        yield from (slip.of.text for slip in self.slips)


@dataclass(frozen=True)
class Step:
    """What is said and done before a goal, the goal, and what is said and done once it is reached.

    ``commands`` and ``answer`` are the solution; without an answer, that of a question is what the model says.
    """

    id: str
    title: str
    line: int
    before: tuple[Piece, ...]
    goal: Doing | Asking
    after: tuple[Piece, ...]
    hints: tuple[Live, ...]
    commands: tuple[Live, ...]
    answer: Live | None

    @property
    def code(self) -> Iterator[str]:
        """What is the same in every language: the goal, and the commands."""
        yield from _commands(self.before)
        yield from self.goal.code
        yield from (line.text for line in self.commands)
        yield self.answer.text if self.answer else ""
        yield from _commands(self.after)


@dataclass(frozen=True)
class Lesson:
    """A lesson in one language; ``target`` is a given output, where it is taught on one."""

    path: Path
    title: str
    model: str
    text: str
    target: str | None
    minutes: int | None
    intro: tuple[Piece, ...]
    steps: tuple[Step, ...]

    @property
    def heading(self) -> str:
        """The title, after the number that the file's name begins with: ``4 · Softmax``."""
        number = self.path.stem.partition("-")[0]
        return f"{int(number)} · {self.title}" if number.isascii() and number.isdigit() else self.title


def _commands(pieces: Iterable[Piece]) -> Iterator[str]:
    return (line.text for piece in pieces if isinstance(piece, Commands) for line in piece.lines)
