"""Tables from columns of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from .. import document
from ..dataclass import dataclass
from ..document import DIM, Cell, Span, Table
from ..namedtuple import NamedTuple

_ROOM: Mapping[str, Literal["whole", "cut", "cut_start"]] = {"": "whole", "end": "cut", "start": "cut_start"}

_BARS = 9
"""How much bars alone are to be spared: more than any column of texts."""


@dataclass(frozen=True)
class Column:
    """A column of texts. The one with the greatest ``spare`` is left out first; 0 always stays.

    Only a ``free`` text may be cut, the longest first, at its end or at its start: a number, an address or a name is
    whole or not there. A ``foot`` stands below the others, such as their sum.
    """

    title: str
    cells: Sequence[str]
    align: Literal["<", ">"] = ">"
    spare: int = 0
    free: Literal["", "end", "start"] = ""
    foot: str = ""

    @property
    def head(self) -> document.Column:
        """The column without its texts."""
        return document.Column(self.title, "", self.align, self.spare, _ROOM[self.free])


class Remark(NamedTuple):
    """What stands after a row: a bar for a share of the whole, and some words."""

    words: str = ""
    share: float = 0.0


NOTHING = Remark()


def table(
    columns: Sequence[Column],
    remarks: Sequence[Remark] = (),
    foot: Remark = NOTHING,
    indent: int = 2,
    *,
    goes_on: bool = False,
) -> Table:
    """Columns side by side, a title over each, and a remark after each row, the ``foot`` after their footer.

    Of a table that ``goes_on`` they stand below, where there is no room.
    """
    texts = [column.cells for column in columns]
    body = [list(map(_cell, row)) for row in zip(*texts, strict=True)]
    has_footer = any(column.foot for column in columns) or any(foot)
    footer = [_cell(column.foot) for column in columns] if has_footer else []
    heads = [column.head for column in columns]
    if not any(map(any, [*remarks, foot])):
        return Table(heads, body, footer, indent=indent, goes_on=goes_on)
    rows = [[*row, _remark(remark)] for row, remark in zip(body, remarks or [NOTHING] * len(body), strict=True)]
    spare = 0 if any(remark.words for remark in [*remarks, foot]) else _BARS
    heads.append(document.Column(align="<", spare=spare, room="fold"))
    return Table(heads, rows, [*footer, _remark(foot)] if footer else [], indent=indent, goes_on=goes_on)


def _cell(text: str) -> Cell:
    return Cell(Span(text))


def _remark(remark: Remark) -> Cell:
    return Cell(Span(remark.words, DIM), remark.share)
