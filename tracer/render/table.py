"""Tables from columns of texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .. import document
from ..document import Block, Cell, Span
from .page import DIM, Page, View


@dataclass(frozen=True)
class Column:
    """A column of texts. The one with the greatest ``spare`` is left out first; 0 always stays.

    Only a ``free`` text may be cut, the longest first: a number, an address or a name is whole or not there. A ``foot``
    stands below the others, such as their sum.
    """

    title: str
    cells: Sequence[str]
    align: Literal["<", ">"] = ">"
    spare: int = 0
    free: bool = False
    foot: str = ""

    @property
    def head(self) -> document.Column:
        """The column without its texts."""
        return document.Column(self.title, "", self.align, self.spare, "cut" if self.free else "whole")

    def cell(self, text: str) -> Cell:
        """One of its texts: blanks at its start are an indent on the left, and padding on the right."""
        return Cell(Span(text.rstrip(" ") if self.align == "<" else text))


class Remark(NamedTuple):
    """What stands after a row: a bar for a share of the whole, and some words."""

    words: str = ""
    share: float = 0.0


NOTHING = Remark()


@dataclass(frozen=True)
class Table(View):
    """Columns side by side, a title over each, and a remark after each row."""

    columns: Sequence[Column]
    remarks: Sequence[Remark] = ()
    foot: Remark = NOTHING
    indent: int = 2

    def blocks(self, page: Page) -> Iterator[Block]:
        heads = [column.head for column in self.columns]
        has_remarks = any(map(any, [*self.remarks, self.foot]))
        if has_remarks:
            heads.append(document.Column(align="<", room="fold"))
        rows = zip(*([column.cell(text) for text in column.cells] for column in self.columns), strict=True)
        remarks = self.remarks or [NOTHING] * len(self.columns[0].cells)
        body = [[*row, *_remark(remark, has_remarks)] for row, remark in zip(rows, remarks, strict=True)]
        yield document.Table(heads, body, self._footer(has_remarks), indent=self.indent)

    def _footer(self, has_remarks: bool) -> document.Row:
        if not any(column.foot for column in self.columns) and not any(self.foot):
            return ()
        return [*(column.cell(column.foot) for column in self.columns), *_remark(self.foot, has_remarks)]


def _remark(remark: Remark, is_there: bool) -> list[Cell]:
    return [Cell(Span(remark.words, DIM), remark.share)] if is_there else []
