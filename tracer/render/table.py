"""Small tables of texts: aligned columns, of which some are left out and free text is cut where the page is narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from .. import document
from ..document import Block, Cell, Span
from ..i18n import _
from .colours import BAR
from .page import DIM, Line, Page, View, clipped, folded, padded, sentence
from .words import words

_BAR = 20
_MARK = 5
_SHORTEST = 8
"""The cells that are left of free text at least."""


@dataclass(frozen=True)
class Column:
    """A column of texts. The one with the greatest ``spare`` is left out first; 0 always stays.

    Only a ``free`` text may be cut, the longest first: a number, an address or a name is whole or not there.
    """

    title: str
    cells: Sequence[str]
    align: Literal["<", ">"] = ">"
    spare: int = 0
    free: bool = False

    @property
    def width(self) -> int:
        """The cells it needs."""
        return max(cell_len(text) for text in [self.title, *self.cells])

    def cut(self, width: int) -> Column:
        """The same, of at most so many cells."""
        texts = [clipped(text, width) for text in self.cells]
        return replace(self, title=clipped(self.title, width), cells=texts)

    def cell(self, text: str) -> Cell:
        """One of its texts for a document: blanks at its start are an indent on the left, and padding on the right."""
        return Cell(Span(text.rstrip(" ") if self.align == "<" else text.strip(" ")))


class Remark(NamedTuple):
    """What stands after a row: a bar for a share of the whole, and some words."""

    words: str = ""
    share: float = 0.0


@dataclass(frozen=True)
class Table(View):
    """Columns side by side, a title over each, and a remark after each row."""

    columns: Sequence[Column]
    remarks: Sequence[Remark]
    gap: int = 2
    indent: int = 2

    def lines(self, page: Page) -> Iterator[Line]:
        columns = self._fitting(page.width - _MARK)
        taken = self._width(columns)
        if taken > page.width:
            return self._listed(page)
        return self._in_columns(columns, taken, page)

    def _in_columns(self, columns: Sequence[Column], taken: int, page: Page) -> Iterator[Line]:
        yield self._row(columns, [column.title for column in columns], page, DIM)
        for texts, remark in zip(zip(*(column.cells for column in columns), strict=True), self.remarks, strict=True):
            yield from self._with_remark(self._row(columns, texts, page), remark, taken, page)
        shown = {column.title for column in columns}
        if left_out := [column.title for column in self.columns if column.spare and column.title not in shown]:
            told = _("left out, for want of room: {columns}").format(columns=", ".join(left_out))
            yield from sentence(told, page, DIM, self.indent)

    def _listed(self, page: Page) -> Iterator[Line]:
        """Where the columns that have to stay don't fit: a row a paragraph."""
        rows = zip(*(column.cells for column in self.columns), strict=True)
        for texts, remark in zip(rows, self.remarks, strict=True):
            cells = zip(self.columns, texts, strict=True)
            told = [f"{column.title}: {text.strip()};" for column, text in cells if text.strip()]
            for part in folded(" ".join([*told, remark.words]), page.width - self.indent):
                yield [Segment(" " * self.indent + part)]

    def blocks(self, page: Page) -> Iterator[Block]:
        heads = [document.Column(column.title.strip(), align=column.align) for column in self.columns]
        if any(map(any, self.remarks)):
            heads.append(document.Column(align="<"))
        yield document.Table(heads, [[*row, remark][: len(heads)] for row, remark in self._cells()])

    def _cells(self) -> Iterator[tuple[list[Cell], Cell]]:
        """Every row and its remark."""
        rows = zip(*(column.cells for column in self.columns), strict=True)
        for texts, remark in zip(rows, self.remarks, strict=True):
            cells = zip(self.columns, texts, strict=True)
            yield [column.cell(text) for column, text in cells], Cell(Span(remark.words, "dim"), remark.share)

    def _width(self, columns: Sequence[Column]) -> int:
        return self.indent + sum(column.width for column in columns) + self.gap * (len(columns) - 1)

    def _fitting(self, room: int) -> list[Column]:
        columns = list(self.columns)
        while self._width(columns) > room and (most := max(column.spare for column in columns)):
            columns = [column for column in columns if column.spare != most]
        return list(_cut(columns, self._width(columns) - room))

    def _row(self, columns: Sequence[Column], texts: Sequence[str], page: Page, style: Style | None = None) -> Line:
        fitted = [padded(text, column.width, column.align) for column, text in zip(columns, texts, strict=True)]
        return [Segment(" " * self.indent + (" " * self.gap).join(fitted), style)]

    def _with_remark(self, line: Line, remark: Remark, taken: int, page: Page) -> Iterator[Line]:
        room = page.width - taken - self.gap
        told = [remark.words] if cell_len(remark.words) <= room else folded(remark.words, max(room, 16))
        if cell_len(remark.words) > max(room, 0) and room < max(16, *map(cell_len, words(remark.words))):
            yield line
            yield from ([Segment(" " * 4 + part, DIM)] for part in folded(remark.words, page.width - 4))
            return
        bar = page.bar(remark.share, min(_BAR, room - cell_len(told[0]) - self.gap))
        space = Segment(" " * self.gap)
        yield [*line, *([space, Segment(bar, BAR)] if bar else []), space, Segment(told[0], DIM)]
        yield from ([Segment(" " * (taken + self.gap)), Segment(part, DIM)] for part in told[1:])


def _cut(columns: Sequence[Column], excess: int) -> Iterator[Column]:
    """The columns with so many cells less of free text, as far as there is some to spare."""
    widths = [column.width if column.free else 0 for column in columns]
    for _cell in range(excess):
        widths[widths.index(max(widths))] -= max(widths) > _SHORTEST
    for column, width in zip(columns, widths, strict=True):
        yield column.cut(width) if column.free and width < column.width else column
