"""A lesson as it is taught: steps, each with one goal, told in texts whose numbers the running model fills in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, get_args

import numpy as np

from tracer import views
from tracer.dataclass import dataclass
from tracer.debugger.expressions import Expression, Value, compile_expression
from tracer.debugger.expressions.values import plain
from tracer.debugger.locations import Here
from tracer.errors import InputError, TraceError
from tracer.i18n import _
from tracer.trace import Trace
from tracer.views.view import View

from .checks import Check
from .lesson_file import LessonError

ANSWER = "answer"
"""The word before an answer."""

FRESH = ("run", "model")
"""Commands that begin a fresh run."""

Side = Literal["source", "target", "vocab"]
SIDES: tuple[str, ...] = get_args(Side)
DECIMALS = 3
"""Of a number in a text that asks for no others."""
FOLDER = "folder"
"""A name that stands for the folder of the lesson's file."""

_HOLE = re.compile(r"\{\{(.*?)(\}\}|\Z)", re.DOTALL)

Names = tuple[str, ...]
"""What an option goes by; the first is shown."""
Among = Side | tuple[Names, ...]
"""What an answer is one of: the tokens of a side, or some words."""


@dataclass(frozen=True)
class Hole:
    """A place in a text, for a number with so many decimals or for the token of a place or an id."""

    value: Expression
    form: int | Side
    line: int

    @classmethod
    def read(cls, text: str, line: int) -> Hole:
        """``EXPRESSION``, ``EXPRESSION | 4`` or ``EXPRESSION | source``; raises `TraceError` for what is neither."""
        value, _bar, form = (part.strip() for part in text.partition("|"))
        return cls(compile_expression(value), _form(form), line)

    def filled(self, here: Here) -> str:
        """The number or token at a place of a run; raises `TraceError` where there is none."""
        value = self.value.evaluate(here)
        if isinstance(self.form, int):
            return written(value, self.form)
        return piece_of(here.run, self.form, value)


@dataclass(frozen=True)
class LiveText:
    """A text with holes, of a file; ``line`` is where it stands there."""

    text: str
    path: Path
    line: int
    parts: tuple[str | Hole, ...]

    @classmethod
    def read(cls, text: str, line: int, path: Path) -> LiveText:
        """A text with its holes; raises `LessonError` for one that does not read."""
        return cls(text, path, line, tuple(part for part in _holes(text, line, path) if part))

    def filled(self, here: Here, literal: Callable[[str], str] = str) -> str:
        """The text at a place of a run; what is filled in goes through ``literal``.

        Raises:
            LessonError: a number in it can't be had there.
        """
        return "".join(literal(self._value(part, here)) if isinstance(part, Hole) else part for part in self.parts)

    def _value(self, hole: Hole, here: Here) -> str:
        try:
            return hole.filled(here)
        except TraceError as error:
            raise LessonError(self.path, hole.line, str(error)) from error


@dataclass(frozen=True)
class Prose:
    """Something to read, in Markdown with live numbers."""

    text: LiveText

    def view(self, here: Here) -> View:
        """What is seen of it at a place; raises `LessonError` where a number in it can't be had there."""
        return views.prose.prose(self.text.filled(here, views.markup.literal))


@dataclass(frozen=True)
class Sight:
    """Something to look at that is the same at every place."""

    seen: View

    def view(self, _here: Here) -> View:
        """What is seen of it."""
        return self.seen


@dataclass(frozen=True)
class Commands:
    """Commands of the shell that are run where they stand; ``shown`` says that the learner sees them at work."""

    lines: tuple[LiveText, ...]
    shown: bool


Piece = Prose | Sight | Commands


class Remark(NamedTuple):
    """What is said in a state in which a check holds."""

    when: Check
    text: LiveText


class Slip(NamedTuple):
    """What is said of a wrong answer that equals an expression."""

    of: Expression
    text: LiveText


@dataclass(frozen=True)
class Doing:
    """A goal that is reached when all checks hold, by whatever way; ``remarks`` explain states beside it."""

    checks: tuple[Check, ...]
    remarks: tuple[Remark, ...]

    @property
    def texts(self) -> Iterator[LiveText]:
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
    ``otherwise`` is said of a wrong answer that is none of the ``slips``; ``lesson`` is the one that teaches it, where
    this is a question of an examination.
    """

    answer: Expression
    among: Among | None
    within: float
    is_guess: bool
    line: int
    slips: tuple[Slip, ...]
    otherwise: LiveText
    lesson: str = ""

    checks: ClassVar[tuple[Check, ...]] = ()
    remarks: ClassVar[tuple[Remark, ...]] = ()

    @property
    def texts(self) -> Iterator[LiveText]:
        """What may be said on the way to it."""
        yield from (slip.text for slip in self.slips)
        yield self.otherwise

    @property
    def code(self) -> Iterator[str]:
        """What is the same in every language; words to choose from may be translated."""
        among = len(self.among) if isinstance(self.among, tuple) else self.among
        yield f"{self.answer.text} ± {self.within} {among} {self.is_guess} {self.lesson}".rstrip()
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
    hints: tuple[LiveText, ...]
    commands: tuple[LiveText, ...]
    answer: LiveText | None

    @property
    def begins_anew(self) -> bool:
        """Whether its first block is a setup that begins with a run of its own."""
        first = next((piece for piece in self.before if isinstance(piece, Commands)), None)
        return first is not None and not first.shown and first.lines[0].text.split()[0] in FRESH

    @property
    def code(self) -> Iterator[str]:
        """What is the same in every language: the goal, and the commands."""
        yield from shape(self.before)
        yield from self.goal.code
        yield from (line.text for line in self.commands)
        yield self.answer.text if self.answer else ""
        yield from shape(self.after)


@dataclass(frozen=True)
class Lesson:
    """A lesson in one language; ``target`` is a given output, where it is taught on one.

    ``slides`` are those of the lecture that it teaches.
    """

    path: Path
    title: str
    model: str
    text: str
    target: str | None
    minutes: int | None
    slides: tuple[str, ...]
    intro: tuple[Piece, ...]
    steps: tuple[Step, ...]

    @property
    def heading(self) -> str:
        """The title, after the number that the file's name begins with: ``4 · Softmax``."""
        number = self.path.stem.partition("-")[0]
        return f"{int(number)} · {self.title}" if number.isascii() and number.isdigit() else self.title


def shape(pieces: Iterable[Piece]) -> Iterator[str]:
    """What is the same of pieces in every language: their order, and the commands, by whether the learner sees them."""
    for piece in pieces:
        if isinstance(piece, Commands):
            yield "show" if piece.shown else "setup"
            yield from (line.text for line in piece.lines)
        else:
            yield "prose"


def _holes(text: str, line: int, path: Path) -> Iterator[str | Hole]:
    """The holes of a text, and what stands between them."""
    end = 0
    for hole in _HOLE.finditer(text):
        yield text[end : hole.start()]
        yield _hole(hole, line + text.count("\n", 0, hole.start()), path)
        end = hole.end()
    yield text[end:]


def _hole(found: re.Match[str], line: int, path: Path) -> str | Hole:
    if not found[2]:
        raise LessonError(path, line, _("{{{{ is never closed").format())
    if found[1].strip() == FOLDER:
        return str(path.parent)
    try:
        return Hole.read(found[1], line)
    except TraceError as error:
        raise LessonError(path, line, str(error)) from error


def written(value: Value, decimals: int = DECIMALS) -> str:
    """A value in a sentence: fixed decimals, a vector in parentheses."""
    return _vector(np.asarray(value), decimals) if np.ndim(value) else _scalar(value, decimals)  # type: ignore[arg-type]


def _vector(values: Any, decimals: int) -> str:
    return f"({', '.join(written(value, decimals) for value in values)})"


def _scalar(value: Any, decimals: int) -> str:
    if isinstance(value, bool | np.bool_):
        return _("yes") if value else _("no")
    if isinstance(value, float | np.floating):
        return f"{value:.{decimals}f}" if np.isfinite(value) else str(value).replace("-inf", "−∞").replace("inf", "∞")
    return str(value)


def pieces_on(run: Trace, side: Literal["source", "target"]) -> Sequence[str]:
    """The tokens read on one side so far."""
    return run.source if side == "source" else run.target


def piece_of(run: Trace, side: Side, value: Value) -> str:
    """The token of a place, or of an id of the output's vocabulary; raises `TraceError` where there is none."""
    place = plain(value)
    if not isinstance(place, int):
        raise InputError(_("{value} is no place of a token").format(value=written(place)))
    if side == "vocab":
        run.card.check_id(place, "target")
        return run.card.piece(place, "target")
    pieces = pieces_on(run, side)
    if not 0 <= place < len(pieces):
        raise InputError(_("there is no token {n}; there are {count}").format(n=place, count=len(pieces)))
    return pieces[place]


def _form(text: str) -> int | Side:
    if text in SIDES:
        return text  # type: ignore[return-value]
    if not text:
        return DECIMALS
    if text.isascii() and text.isdigit() and len(text) < 3:
        return int(text)
    raise InputError(
        _("{text} is no way to show a number; expected decimals, source, target or vocab").format(text=text)
    )
