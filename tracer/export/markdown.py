"""Markdown with tables, and formulas in LaTeX between dollar signs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..diagrams import characters
from ..diagrams.layout import drawn
from ..document import (
    Abreast,
    Bars,
    Beside,
    Block,
    Branch,
    Cell,
    Diagram,
    Formula,
    Inline,
    Items,
    Lines,
    Matrix,
    Paragraph,
    Prose,
    Row,
    Scale,
    Table,
    Tree,
)
from .cells import cells_of
from .writer import UNTITLED, DocumentWriter, Title

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~$#&]")
_AT_START = re.compile(r"^(\d*)([-+=.)])(?=\s|$)")
"""Signs that mean something anywhere, and those that do at the start of a line."""
_BAR = 20
COLUMNS = 20
"""So many columns of a matrix stand side by side."""
WIDTH = 100
"""Of a diagram, in cells."""


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
        lines = [*_lines(block)]
        return "\n".join(lines) + "\n\n" if lines else ""

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
        case Paragraph(parts, gap=gap):
            yield ("   " if gap else "").join(map(_inline, parts))
        case Lines(lines):
            yield from _fenced(["".join(span.text for span in line) for line in lines])
        case Scale():
            return
        case Table():
            yield from _table(block)
        case Matrix():
            yield from _table(block.whole(COLUMNS))
        case Abreast(names, matrices):
            for name, matrix in zip(names, matrices, strict=True):
                yield from (f"**{escaped(name)}**", "", *_table(matrix.whole(COLUMNS)), "")
        case Beside(parts):
            yield from _stacked([block for part in parts for block in part])
        case Items(marks, contents, has_bar):
            yield from _items([">" if has_bar else "-" if mark in "•-" else mark for mark in marks], contents)
        case Prose(blocks):
            yield from _stacked(blocks)
        case Tree(branches):
            yield from _list(branches)
        case Bars():
            yield from _table(block.table)
        case Diagram():
            lines = characters.lines(drawn(block, WIDTH, cells_of), cells_of)
            yield from _fenced(["".join(span.text for span in line) for line in lines])


def _stacked(blocks: Sequence[Block]) -> Iterator[str]:
    for number, block in enumerate(blocks):
        if number:
            yield ""
        yield from _lines(block)


def _items(marks: Sequence[str], contents: Sequence[Sequence[Block]]) -> Iterator[str]:
    for mark, content in zip(marks, contents, strict=True):
        for number, line in enumerate(_stacked(content)):
            yield f"{mark if not number or mark == '>' else ' ' * len(mark)} {line}".rstrip()


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    fence = "`" * max(3, _longest_run("\n".join(lines)) + 1)
    yield from (f"{fence}text", *lines, fence)


def _table(table: Table) -> Iterator[str]:
    """A table under its heads; a single row that has none is a line."""
    heads = [f"{column.title} {column.label}".strip() for column in table.columns]
    if not any(heads) and len(table.rows) == 1:
        yield "   ".join(filter(None, map(_cell, table.rows[0])))
        return
    yield _row(list(map(escaped, heads)))
    yield _row(["---:" if column.align == ">" else ":---" for column in table.columns])
    rows: list[Row] = [*table.rows, *([table.footer] if table.footer else [])]
    yield from (_row(list(map(_cell, row))) for row in rows)


def _row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _cell(cell: Cell) -> str:
    bar = "█" * round(cell.share * _BAR)
    text = _inline(cell.content).rstrip()
    inner = text.lstrip(" ")
    return f"{bar} {'&nbsp;' * (len(text) - len(inner))}{inner}".strip()


def _inline(part: Inline) -> str:
    if isinstance(part, Formula):
        return "$" + part.latex.replace("|", r"\vert ") + "$"
    text = escaped(part.text).replace("\n", "\\\n")
    return f"**{text}**" if "bold" in part.tone.split(" ") and text.strip() else text


def _list(branches: Sequence[Branch]) -> Iterator[str]:
    for branch in branches:
        marks = iter(["- "])
        for line in _contents(branch):
            yield f"{next(marks, '  ')}{line}".rstrip()


def _contents(branch: Branch) -> Iterator[str]:
    yield from _stacked(branch.content)
    if branch.branches:
        yield ""
        yield from _list(branch.branches)
