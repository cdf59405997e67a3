"""What a view says, before anyone lays it out: paragraphs, tables, matrices, trees, diagrams.

Every format is a writer of these. A tone says how a piece stands out: ``bold``, ``italic``, ``dim``, ``code``, ``bar``,
``nan``, one of `heat.TONES`, or several with blanks between them; none for plain text. What is ``blank`` is a box to
write in, which `blank` makes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal

from .namedtuple import NamedTuple
from .window import Shown

BOLD, DIM, CODE, BLANK = "bold", "dim", "code", "blank"


class Span(NamedTuple):
    """A piece of text in one tone."""

    text: str
    tone: str = ""


ROOM = 6
"""So many signs wide is a box to write in."""


def blank(mark: object) -> Span:
    """A box to write in, which a mark stands before."""
    return Span(f"{mark} {'_' * ROOM}", BLANK)


class Formula(NamedTuple):
    """A formula in Unicode and in LaTeX."""

    text: str
    latex: str


Inline = Span | Formula


class Paragraph(NamedTuple):
    """Pieces that stand side by side, each so many cells apart from the next, all of them moved in by ``indent``.

    Without a ``gap`` they are running text, in which a line break ends a line. The lines after the first are moved in
    by ``hang`` more.
    """

    parts: Sequence[Inline]
    indent: int = 0
    gap: int = 3
    hang: int = 0


class Lines(NamedTuple):
    """Lines laid out in cells of one width."""

    lines: Sequence[Sequence[Span]]


class Scale(NamedTuple):
    """The colours of a table: numbers from one end to the other, and the tone of each."""

    numbers: Sequence[str]
    tones: Sequence[str]


class Column(NamedTuple):
    """The head of a column, a title with a label below it, and what a writer may do where there is little room.

    Its texts keep to one side. They are whole or not there, unless they may be cut or folded. The column with the
    greatest ``spare`` is left out first, and one with none never. ``least`` is how many cells it takes where there is
    room, ``most`` how many its head takes at most, or the names of the rows of a matrix, where that is not 0. Where a
    column that ``gives_way`` has no room even folded, those with more to spare stand there if they can.
    """

    title: str = ""
    label: str = ""
    align: Literal["<", ">"] = ">"
    spare: int = 0
    room: Literal["whole", "cut", "cut_start", "fold"] = "whole"
    least: int = 0
    most: int = 0
    gives_way: bool = False


class Cell(NamedTuple):
    """A cell of a table; with a ``share`` of the whole, a bar stands before its content."""

    content: Inline
    share: float = 0.0


Row = Sequence[Cell]


class Table(NamedTuple):
    """Rows of cells, the first cell of each its name, and under them a ``footer``, such as their sums.

    ``names`` is what the names of rows are names of, such as an axis; ``indent`` is in cells. Columns of a table that
    ``goes_on`` stand below the others where there is no room beside them.
    """

    columns: Sequence[Column]
    rows: Sequence[Row]
    footer: Row = ()
    names: str = ""
    indent: int = 0
    goes_on: bool = False


class Matrix(ABC):
    """Numbers on two axes, of which a writer asks for as many as it has room for, before any of them is formatted."""

    is_dense: bool = False
    """Whether its cells stand close to each other."""
    is_wrapped: bool = False
    """Whether it is a row that goes on below its beginning, where there is no room beside."""

    @property
    @abstractmethod
    def length(self) -> int:
        """How many columns there are."""

    @property
    @abstractmethod
    def width(self) -> int:
        """The signs that any of its numbers takes, those of columns among them."""

    @abstractmethod
    def rows_shown(self) -> Sequence[Shown]:
        """The rows in sight."""

    @abstractmethod
    def columns_shown(self, room: int) -> Sequence[Sequence[Shown]]:
        """The columns in sight, in parts of at most so many."""

    @abstractmethod
    def table(self, rows: Sequence[Shown], columns: Sequence[Shown]) -> Table:
        """Some of its rows and columns; without columns, the names of rows."""

    def whole(self, most: int) -> Table:
        """As much of it as a document has room for, whose tables are as wide as they need to be."""
        [columns] = self.columns_shown(most)[:1]
        return self.table(self.rows_shown(), columns)


class Abreast(NamedTuple):
    """Matrices of the same axes, each under its name, side by side."""

    names: Sequence[str]
    matrices: Sequence[Matrix]


class Beside(NamedTuple):
    """Parts that stand side by side on paper; where lines have no room for that, below one another."""

    parts: Sequence[Sequence[Block]]


class Items(NamedTuple):
    """What belongs to each of several marks: bullets, numbers, or a ``bar`` along all of its lines.

    A bar with nothing beside it lies across the page.
    """

    marks: Sequence[str]
    contents: Sequence[Sequence[Block]]
    has_bar: bool = False


class Prose(NamedTuple):
    """Text to be read, an empty line between two of its blocks."""

    blocks: Sequence[Block]


class Branch(NamedTuple):
    """A part of a tree: what it says, and the parts below it."""

    content: Sequence[Block]
    branches: Sequence[Branch] = ()


class Tree(NamedTuple):
    """Branches below one another."""

    branches: Sequence[Branch]


class Node(NamedTuple):
    """A thing in a diagram, made from ``inputs``, which are the places of nodes before it.

    A ``sign`` stands where the ways meet, behind it a name, and a ``detail`` such as a shape, where there is room; a
    ``note`` stands in the margin, if there is one. One that ``is_long`` has a line for itself, and may be cut.
    """

    sign: str
    name: str
    inputs: Sequence[int] = ()
    detail: str = ""
    note: Inline = Span("")
    tone: str = ""
    is_long: bool = False


class Frame(NamedTuple):
    """A title around the nodes from one place to another."""

    title: str
    first: int
    last: int


class Strand(NamedTuple):
    """Nodes below one another, each after those that it is made from; frames are in their order, and none meet."""

    nodes: Sequence[Node]
    frames: Sequence[Frame] = ()


class Diagram(NamedTuple):
    """A strand, or two side by side, with ways across: from a node of the first to each of some of the second.

    Ways are drawn from node to node without a line between where they are ``dense``.
    """

    strands: Sequence[Strand]
    across: Sequence[tuple[int, Sequence[int]]] = ()
    dense: bool = False


class Bar(NamedTuple):
    """A number under its name as it is written, and the ends of the interval that it lies in."""

    name: str
    text: str
    value: float
    low: float
    high: float


class Bars(NamedTuple):
    """Bars below one another, from 0; a writer that has no pictures takes the ``table``, which says more of them."""

    title: str
    bars: Sequence[Bar]
    table: Table

    @property
    def ends(self) -> tuple[float, float]:
        """What the bars lie between."""
        numbers = [0.0, *(n for bar in self.bars for n in (bar.value, bar.low, bar.high) if math.isfinite(n))]
        return min(numbers), max(numbers)


Block = Paragraph | Lines | Scale | Table | Matrix | Abreast | Beside | Items | Prose | Tree | Diagram | Bars
