"""From the file of a lesson to the lesson: every block read, and what is missing or unknown named with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import cast

from tracer.debugger.expressions import compile_expression
from tracer.errors import InputError
from tracer.i18n import _

from ..keyboard import folded
from .checks import Check, read_check
from .lesson import ANSWER, SIDES, Among, Asking, Commands, Doing, Lesson, LiveText, Piece, Prose, Remark, Slip, Step
from .lesson_file import Block, LessonFile, Located, Part, read_lesson_file
from .slides import slides_of

_TITLE = re.compile(r"(.*\S)\s*\{#([\w-]+)\}")
_NEEDED = ("title", "model", "text")
_KEYS = (*_NEEDED, "target", "minutes", "slides", "worksheet")
_GOALS = ("check", "predict", "compute")
_PIECES = ("setup", "show")
BLOCKS = (*_GOALS, *_PIECES, "hint", "solution", "wrong", "draw")
"""The words of fenced blocks."""

Draw = Callable[[Sequence[str]], str]
"""Chooses one of some words."""

_first: Draw = itemgetter(0)
_DRAWN = re.compile(r"\$([a-z]+)")


def read_lesson(path: Path, draw: Draw = _first) -> Lesson:
    """The lesson in a file; of what its steps leave open, such as which number is asked for, as ``draw`` chooses.

    Raises:
        InputError: it can't be read.
        LessonError: something in it is missing, unknown or does not parse; with the line.
    """
    file = read_lesson_file(path)
    front = _front(file)
    for block in file.intro.blocks:
        if block.word not in _PIECES:
            raise file.error(block.line, _("{word} stands before the first step").format(word=block.word))
    return Lesson(
        path=path,
        title=front["title"],
        model=_model(front["model"], path),
        text=front["text"],
        target=front.get("target"),
        minutes=int(front["minutes"]) if "minutes" in front else None,
        slides=slides_of(front.get("slides", "")),
        intro=tuple(_pieces(file, file.intro.contents)),
        steps=_steps(file, draw),
    )


def _model(name: str, path: Path) -> str:
    """The name of a built-in model, or a path, which is read from where the lesson lies."""
    return str((path.parent / name).resolve()) if "/" in name else name


def _front(file: LessonFile) -> dict[str, str]:
    for key, (value, line) in file.front.items():
        if key not in _KEYS or not value:
            raise file.error(
                line, _("{key}: expected one of {known}, each with a value").format(key=key, known=", ".join(_KEYS))
            )
        if key == "minutes" and not (value.isascii() and value.isdigit() and len(value) < 5):
            raise file.error(line, _("minutes: expected a whole number, not {text!r}").format(text=value))
        if key == "slides":
            file.parsed(line, partial(slides_of, value))
    for key in _NEEDED:
        if key not in file.front:
            raise file.error(1, _("the front matter lacks {key}").format(key=key))
    return {key: value for key, (value, _line) in file.front.items()}


def _steps(file: LessonFile, draw: Draw) -> tuple[Step, ...]:
    steps: dict[str, Step] = {}
    for part in file.parts:
        step = _step(file, _drawn(file, part, draw))
        if step.id in steps:
            raise file.error(part.line, _("there are two steps with the id {id}").format(id=step.id))
        steps[step.id] = step
    if not steps:
        raise file.error(1, _("there is no step; one begins with ## Title {{#id}}").format())
    return tuple(steps.values())


def _step(file: LessonFile, part: Part) -> Step:
    title = _TITLE.fullmatch(part.title)
    if title is None:
        problem = _("a step begins with ## Title {{#id}}, not {title!r}")
        raise file.error(part.line, problem.format(title=part.title))
    goal = _sole_goal(file, part)
    _check_complete(file, part, goal)
    place = part.contents.index(goal)
    commands, answer = _solution(file, part)
    return Step(
        id=title[2],
        title=title[1],
        line=part.line,
        before=tuple(_pieces(file, part.contents[:place])),
        goal=_goal(file, goal, part.named("wrong")),
        after=tuple(_pieces(file, part.contents[place + 1 :])),
        hints=tuple(_live(file, block.content) for block in part.named("hint")),
        commands=commands,
        answer=answer,
    )


def _drawn(file: LessonFile, part: Part, draw: Draw) -> Part:
    """A step in which every ``$name`` of its blocks ``draw`` is one of the words that stand there behind the name."""
    chosen: dict[str, str] = {}
    for text, line in (line for block in part.named("draw") for line in block.lines):
        name, _colon, words = text.partition(":")
        if not _DRAWN.fullmatch(f"${name}") or not words.split():
            raise file.error(line, _("{text!r} is no line NAME: WORD WORD …").format(text=text))
        chosen[name] = draw(words.split())

    def filled(text: str) -> str:
        return _DRAWN.sub(lambda found: chosen.get(found[1], found[0]), text)

    contents = (
        Located(filled(one.text), one.line)
        if isinstance(one, Located)
        else one._replace(rest=filled(one.rest), text=filled(one.text))
        for one in part.contents
    )
    return Part(part.title, part.line, list(contents))


def _solution(file: LessonFile, part: Part) -> tuple[tuple[LiveText, ...], LiveText | None]:
    """The commands of a solution, and the answer that may stand last."""
    lines = [line for block in part.named("solution") for line in block.lines]
    answer = None
    if lines and lines[-1].text.split()[0] == ANSWER:
        text, line = lines.pop()
        answer = _live(file, Located(text.removeprefix(ANSWER).strip(), line))
    return tuple(_live(file, line) for line in lines), answer


def _sole_goal(file: LessonFile, part: Part) -> Block:
    for block in part.blocks:
        if block.word not in BLOCKS:
            problem = _("unknown block {word}; expected one of {known}")
            raise file.error(block.line, problem.format(word=block.word, known=", ".join(BLOCKS)))
    goals = part.named(*_GOALS)
    if len(goals) != 1:
        problem = _("this step has {n} goals; it needs one: check, predict or compute")
        raise file.error(part.line, problem.format(n=len(goals)))
    return goals[0]


def _check_complete(file: LessonFile, part: Part, goal: Block) -> None:
    """What a step must have beside its goal."""
    for word in ("hint", "solution" if goal.word == "check" else "wrong"):
        if not part.named(word):
            raise file.error(part.line, _("this step lacks a block {word}").format(word=word))
    for block in part.blocks:
        if not block.lines:
            raise file.error(block.line, _("nothing stands in this block {word}").format(word=block.word))


def _pieces(file: LessonFile, contents: Sequence[Block | Located]) -> Iterator[Piece]:
    for piece in contents:
        if isinstance(piece, Located):
            yield Prose(_live(file, piece))
        elif piece.word in _PIECES:
            yield Commands(tuple(_live(file, line) for line in piece.lines), piece.word == "show")


def _goal(file: LessonFile, block: Block, wrongs: Sequence[Block]) -> Doing | Asking:
    if block.word != "check":
        return _asking(file, block, wrongs)
    for wrong in wrongs:
        if not wrong.rest:
            raise file.error(wrong.line, _("beside a check, wrong names the state that it speaks of: wrong CHECK"))
    remarks = (Remark(_check(file, wrong.rest, wrong.line), _live(file, wrong.content)) for wrong in wrongs)
    return Doing(tuple(_check(file, *line) for line in block.lines), tuple(remarks))


def _check(file: LessonFile, text: str, line: int) -> Check:
    return file.parsed(line, lambda: read_check(text, line))


def _asking(file: LessonFile, block: Block, wrongs: Sequence[Block]) -> Asking:
    keys: dict[str, str] = {}
    for key, value, line in _pairs(file, block):
        if key in keys:
            raise file.error(line, _("{key} stands twice").format(key=key))
        keys[key] = value
    if "answer" not in keys or ("among" in keys) == ("within" in keys):
        problem = _("{word} needs answer, and either among or within")
        raise file.error(block.line, problem.format(word=block.word))
    others = [wrong for wrong in wrongs if not wrong.rest]
    if len(others) != 1:
        problem = _("beside {word}, one block wrong speaks of any other answer")
        raise file.error(block.line, problem.format(word=block.word))
    return Asking(
        answer=file.parsed(block.line, lambda: compile_expression(keys["answer"])),
        among=file.parsed(block.line, lambda: _among(keys["among"])) if "among" in keys else None,
        within=file.parsed(block.line, lambda: _within(keys.get("within", "0"))),
        is_guess=block.word == "predict",
        line=block.line,
        slips=tuple(_slip(file, wrong) for wrong in wrongs if wrong.rest),
        otherwise=_live(file, others[0].content),
        lesson=keys.get("lesson", ""),
    )


def _slip(file: LessonFile, block: Block) -> Slip:
    return Slip(file.parsed(block.line, lambda: compile_expression(block.rest)), _live(file, block.content))


def _live(file: LessonFile, located: Located) -> LiveText:
    return LiveText.read(*located, file.path)


def _pairs(file: LessonFile, block: Block) -> Iterator[tuple[str, str, int]]:
    for text, line in block.lines:
        key, _colon, value = (part.strip() for part in text.partition(":"))
        if key not in ("answer", "among", "within", "lesson") or not value:
            problem = _("{text!r} is none of: answer: E, among: WORDS, within: NUMBER, lesson: N")
            raise file.error(line, problem.format(text=text))
        yield key, value, line


def _among(text: str) -> Among:
    if text in SIDES:
        return cast("Among", text)
    options = tuple(tuple(name.strip() for name in option.split("|")) for option in re.split("[,，、]", text))
    names = [folded(name) for names in options for name in names]
    if len(options) < 2 or not all(names) or len(set(names)) < len(names):
        problem = _("among: expected source, target, vocab, or at least two words, not {text!r}")
        raise InputError(problem.format(text=text))
    return options


def _within(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise InputError(_("within: expected a number from 0, not {text!r}").format(text=text))
    return value
