"""The file of a lesson, taken apart: front matter, and under each heading prose and fenced blocks, with their lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tracer import views
from tracer.dataclass import dataclass
from tracer.errors import InputError, TraceError
from tracer.i18n import _, cause

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

MOST = 1 << 20
"""Bytes that a lesson may have."""

_FRONT = re.compile(r"---\n(.*?\n)---\n", re.DOTALL)
T = TypeVar("T")


class LessonError(InputError):
    """What is wrong with a lesson, with the file and the line."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")
        self.path = path


class Located(NamedTuple):
    """A piece of text and the line on which it begins, from 1."""

    text: str
    line: int


class Block(NamedTuple):
    """A fenced block: the word after the fence, what stands after that, what is in it, and the line of the fence."""

    word: str
    rest: str
    text: str
    line: int

    @property
    def content(self) -> Located:
        """What is in it."""
        return Located(self.text, self.line + 1)

    @property
    def lines(self) -> list[Located]:
        """The lines of it that say something."""
        located = (Located(text.strip(), line) for line, text in enumerate(self.text.split("\n"), self.line + 1))
        return [line for line in located if line.text and not line.text.startswith("#")]


@dataclass
class Part:
    """What stands under one heading, in order; ``title`` is empty for what stands before the first."""

    title: str
    line: int
    contents: list[Block | Located] = field(default_factory=list)

    @property
    def blocks(self) -> list[Block]:
        """The fenced blocks."""
        return [block for block in self.contents if isinstance(block, Block)]

    def named(self, *words: str) -> list[Block]:
        """The blocks with one of some words."""
        return [block for block in self.blocks if block.word in words]

    def add_prose(self, text: str, line: int) -> None:
        """Add a paragraph, or the like, to what is said; blank lines between two stay."""
        last = self.contents[-1] if self.contents else None
        if isinstance(last, Located):
            gap = line - last.line - last.text.count("\n")
            self.contents[-1] = Located(last.text + "\n" * gap + text, last.line)
        else:
            self.contents.append(Located(text, line))


@dataclass(frozen=True)
class LessonFile:
    """A file taken apart; what is wrong with it is told with its path."""

    path: Path
    front: dict[str, Located]
    intro: Part
    parts: tuple[Part, ...]

    def error(self, line: int, problem: str) -> LessonError:
        """What is wrong at a line."""
        return LessonError(self.path, line, problem)

    def parsed(self, line: int, parse: Callable[[], T]) -> T:
        """What stands at a line, or what is wrong with it there."""
        try:
            return parse()
        except LessonError:
            raise
        except TraceError as error:
            raise self.error(line, str(error)) from error


def read_lesson_file(path: Path) -> LessonFile:
    """Take a file apart.

    Raises:
        InputError: it can't be read.
        LessonError: it has no front matter, or a block within something else.
    """
    text = _text(path)
    head = _head(path, text)
    intro, *parts = _parts(path, text, head[0].count("\n"))
    return LessonFile(path, _front(path, head[1]), intro, tuple(parts))


def read_front(path: Path) -> dict[str, Located]:
    """The front matter of a file alone; raises as `read_lesson_file` does."""
    return _front(path, _head(path, _text(path))[1])


def _head(path: Path, text: str) -> re.Match[str]:
    match = _FRONT.match(text)
    if match is None:
        raise LessonError(path, 1, _("a lesson begins with lines between --- and ---: title, model, text"))
    return match


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST + 1)
        if len(data) > MOST:
            raise InputError(_("{path}: too long for a lesson").format(path=path))
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InputError(_("{path}: is not UTF-8 text ({reason})").format(path=path, reason=cause(error))) from error
    except (OSError, ValueError) as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error


def _front(path: Path, text: str) -> dict[str, Located]:
    front: dict[str, Located] = {}
    for line, stated in enumerate(text.rstrip("\n").split("\n"), 2):
        key, colon, value = (part.strip() for part in stated.partition(":"))
        if not colon:
            raise LessonError(path, line, _("{line!r} is no line KEY: VALUE").format(line=stated))
        if key in front:
            raise LessonError(path, line, _("{key} stands twice").format(key=key))
        front[key] = Located(value, line)
    return front


def _check_margin(path: Path, node: SyntaxTreeNode) -> None:
    for inner in node.walk(include_self=False):
        if inner.type == "fence" and inner.info.strip():
            line = inner.map[0] + 1 if inner.map else 1
            raise LessonError(path, line, _("a block stands at the margin, not within something else"))


def _parts(path: Path, text: str, head: int) -> list[Part]:
    """What stands before the first heading, and under each; the first ``head`` lines say nothing of it."""
    lines = text.split("\n")
    parts = [Part("", head + 1)]
    for node in views.markup.parsed("\n" * head + "\n".join(lines[head:])).children:
        start, end = node.map or (0, 0)
        is_block = node.type == "fence" and node.info.strip()
        _check_margin(path, node)
        if node.type == "heading" and node.tag == "h2":
            parts.append(Part(lines[start].strip("# "), start + 1))
        elif is_block and "\n## " in f"\n{node.content}":
            raise LessonError(path, start + 1, _("this block is not closed before the next step"))
        elif is_block:
            word, _blank, rest = node.info.strip().partition(" ")
            parts[-1].contents.append(Block(word, rest.strip(), node.content.rstrip("\n"), start + 1))
        else:
            parts[-1].add_prose("\n".join(lines[start:end]).rstrip(), start + 1)
    return parts
