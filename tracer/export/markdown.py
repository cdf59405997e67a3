"""Markdown with tables, and formulas in LaTeX between dollar signs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..document import Block, Branch, Cell, Column, Formula, Inline, Lines, Paragraph, Table, Tree
from .writer import UNTITLED, DocumentWriter, Title

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~$#&]")
_AT_START = re.compile(r"^(\d*)([-+=.)])(?=\s|$)")
"""Signs that mean something anywhere, and those that do at the start of a line."""
_BAR = 20


class Writer(DocumentWriter):
    """See `DocumentWriter`."""

    suffixes = (".md", ".markdown")
    has_colours = False

    def opening(self, title: Title = UNTITLED) -> str:
        text, model = title
        return f"# {escaped(text)}\n\n{escaped(model)}\n\n" if text else ""

    def command(self, line: str) -> str:
        return f"### {code(line)}\n\n"

    def block(self, block: Block) -> str:
        return "\n".join(_lines(block)) + "\n\n"

    def remark(self, text: str) -> str:
        return f"{escaped(text)}\n\n"

    def failure(self, message: str) -> str:
        return f"**{escaped(message)}**\n\n"


def escaped(text: str) -> str:
    """A text of which nothing is taken as markup."""
    return _AT_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", text))


def code(text: str) -> str:
    """A text between so many backticks that none of its own ends it."""
    fence = "`" * (_longest_run(text) + 1)
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{edge}{text}{edge}{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(parts):
            yield "   ".join(map(_inline, parts))
        case Lines(lines):
            yield from _fenced(["".join(span.text for span in line) for line in lines])
        case Table(columns, rows):
            yield from _table(columns, rows)
        case Tree(branches):
            yield from _list(branches)


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    fence = "`" * max(3, _longest_run("\n".join(lines)) + 1)
    yield from (f"{fence}text", *lines, fence)


def _table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    yield _row([escaped(f"{column.title} {column.label}".strip()) for column in columns])
    yield _row(["---:" if column.align == ">" else ":---" for column in columns])
    for row in rows:
        yield _row([*map(_cell, row), *[""] * (len(columns) - len(row))])


def _row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _cell(cell: Cell) -> str:
    bar = "█" * round(cell.share * _BAR)
    text = _inline(cell.content)
    inner = text.lstrip(" ")
    return f"{bar} {'&nbsp;' * (len(text) - len(inner))}{inner}".strip()


def _inline(part: Inline) -> str:
    if isinstance(part, Formula):
        return "$" + part.latex.replace("|", r"\vert ") + "$"
    text = escaped(part.text)
    return f"**{text}**" if part.tone == "bold" and text.strip() else text


def _list(branches: Sequence[Branch]) -> Iterator[str]:
    for branch in branches:
        marks = iter(["- "])
        for line in _contents(branch):
            yield f"{next(marks, '  ')}{line}".rstrip()


def _contents(branch: Branch) -> Iterator[str]:
    for number, block in enumerate(branch.content):
        if number:
            yield ""
        yield from _lines(block)
    if branch.branches:
        yield ""
        yield from _list(branch.branches)
