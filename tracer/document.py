"""What a view says, before anyone lays it out: paragraphs, tables, trees. Every format of documents writes these.

A tone says how a piece stands out: ``bold``, ``dim``, ``bar``, ``nan``, or one of `heat.TONES`; none for plain text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple


class Span(NamedTuple):
    """A piece of text in one tone."""

    text: str
    tone: str = ""


class Formula(NamedTuple):
    """A formula in Unicode and in LaTeX."""

    text: str
    latex: str


Inline = Span | Formula


class Paragraph(NamedTuple):
    """Pieces that stand side by side, each apart from the next."""

    parts: Sequence[Inline]


class Lines(NamedTuple):
    """Lines laid out in cells of one width."""

    lines: Sequence[Sequence[Span]]


class Column(NamedTuple):
    """The head of a column: a title, a label below it, and the side that its cells keep to."""

    title: str = ""
    label: str = ""
    align: Literal["<", ">"] = ">"


class Cell(NamedTuple):
    """A cell of a table; with a ``share`` of the whole, a bar stands before its content."""

    content: Inline
    share: float = 0.0


class Table(NamedTuple):
    """Rows of cells, the first cell of each its name. A row of a single cell stands for rows that are left out."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


class Branch(NamedTuple):
    """A part of a tree: what it says, and the parts below it."""

    content: Sequence[Block]
    branches: Sequence[Branch] = ()


class Tree(NamedTuple):
    """Branches below one another."""

    branches: Sequence[Branch]


Block = Paragraph | Lines | Table | Tree
