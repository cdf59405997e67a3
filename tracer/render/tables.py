"""Tables as rich draws them; where numbers, names and addresses would not fit whole, a row a paragraph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.box import Box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table as Grid

from ..document import Cell, Column, Paragraph, Row, Span, Table
from ..i18n import _
from ..views.words import words
from .cells import BAR, Field, Stack
from .folding import clipped, clipped_left
from .paragraphs import Flowing, as_text
from .sheet import BOXES, Sheet

_LEAST = {"cut": 8, "cut_start": 8, "fold": 20}
"""The cells that are left at least of what may be cut or folded."""


def tabled(table: Table, sheet: Sheet) -> Iterator[RenderableType]:
    """A table, and the names of columns left out of it."""
    shown = _fitting(table, sheet)
    if sheet.plain or _needed(table, shown, sheet) > sheet.width - table.indent:
        yield from listed(table, sheet)
    else:
        drawn = _drawn(table, shown, sheet)
        yield Padding(drawn, (0, 0, 0, table.indent)) if table.indent else drawn
        yield from _left_out(table, shown, sheet)


def grid(sheet: Sheet, *, has_heads: bool, has_footer: bool = False, is_tight: bool = False) -> Grid:
    """An empty table of rich; a tight one has no blanks beside its dividers."""
    lines = BOXES[sheet.box] if has_heads else None
    return Grid(
        box=lines,
        show_header=has_heads,
        show_footer=has_footer,
        show_edge=is_framed(lines),
        pad_edge=is_framed(lines),
        padding=0 if is_tight else _padding(lines),
        header_style="",
        footer_style="",
        border_style="dim",
    )


def is_framed(box: Box | None) -> bool:
    """Whether a box has lines between columns, and so around all of them."""
    return box is not None and box.mid_vertical.strip() != ""


def _padding(box: Box | None) -> tuple[int, int, int, int]:
    """Two blanks between columns, or one on each side of a line."""
    if is_framed(box):
        return (0, 1, 0, 1)
    return (0, 2, 0, 0) if box is None else (0, 1, 0, 0)


def gap(sheet: Sheet, *, has_heads: bool) -> int:
    """The cells between the texts of two columns."""
    return 3 if has_heads and is_framed(BOXES[sheet.box]) else 2


def _fitting(table: Table, sheet: Sheet) -> list[int]:
    """The columns that there is room for, those with most to spare left out first."""
    shown = list(range(len(table.columns)))
    while _needed(table, shown, sheet) > sheet.width - table.indent:
        most = max(table.columns[place].spare for place in shown)
        if not most:
            break
        shown = [place for place in shown if table.columns[place].spare != most]
    return shown


def _needed(table: Table, shown: Sequence[int], sheet: Sheet) -> int:
    has_heads = _has_heads(table)
    between = gap(sheet, has_heads=has_heads)
    framed = 4 if has_heads and is_framed(BOXES[sheet.box]) else 0
    return sum(_width(table, place, sheet) for place in shown) + between * (len(shown) - 1) + framed


def _width(table: Table, place: int, sheet: Sheet) -> int:
    """The cells that a column needs at least."""
    column = table.columns[place]
    texts = (as_text(row[place].content, sheet) for row in _rows(table))
    widest = max(map(cell_len, [column.title, column.label, *texts]))
    if column.room == "fold":
        longest = (cell_len(word) for row in _rows(table) for word in words(as_text(row[place].content, sheet)))
        return max(min(widest, _LEAST["fold"]), cell_len(column.title), *(min(n, sheet.width // 2) for n in longest))
    least = min(widest, _LEAST.get(column.room, widest), column.most or widest)
    return max(column.least, least)


def _rows(table: Table) -> Iterator[Row]:
    yield from table.rows
    if table.footer:
        yield table.footer


def _has_heads(table: Table) -> bool:
    return any(column.title or column.label for column in table.columns)


def _drawn(table: Table, shown: Sequence[int], sheet: Sheet) -> Grid:
    drawn = grid(sheet, has_heads=_has_heads(table), has_footer=bool(table.footer))
    for place in shown:
        column = table.columns[place]
        drawn.add_column(
            _head(column, sheet),
            _cell(table.footer[place], column, sheet) if table.footer else "",
            justify="left" if column.align == "<" else "right",
            no_wrap=column.room == "whole",
            min_width=_width(table, place, sheet),
            max_width=column.most or None,
        )
    for row in table.rows:
        drawn.add_row(*(_cell(row[place], table.columns[place], sheet) for place in shown))
    return drawn


def _head(column: Column, sheet: Sheet) -> RenderableType:
    """A title, and the label below it."""
    return Stack([Field(column.title, sheet.style("dim"), column.align), *_label(column, sheet)])


def _label(column: Column, sheet: Sheet) -> list[Field]:
    return [Field(column.label, sheet.style("bold"), column.align)] if column.label else []


def _cell(cell: Cell, column: Column, sheet: Sheet) -> RenderableType:
    if cell.share:
        return Barred(cell, sheet)
    if column.room == "fold":
        return Flowing(Paragraph([cell.content]), sheet)
    tone = cell.content.tone if isinstance(cell.content, Span) else ""
    cut = clipped_left if column.room == "cut_start" else clipped
    return Field(as_text(cell.content, sheet), sheet.style(tone), column.align, column.least, cut)


class Barred:
    """A bar for a share of the whole, and what stands behind it."""

    def __init__(self, cell: Cell, sheet: Sheet) -> None:
        self._share = cell.share
        self._sheet = sheet
        self._text = as_text(cell.content, sheet)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        behind = cell_len(self._text) + 2 if self._text else 0
        bar = self._sheet.bar(self._share, min(BAR, options.max_width - behind))
        yield Segment(bar, self._sheet.style("bar"))
        if self._text:
            yield Segment(f"{'  ' if bar else ''}{self._text}", self._sheet.style("dim"))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        text = cell_len(self._text)
        return Measurement(text, BAR + (text + 2 if text else 0))


def _left_out(table: Table, shown: Sequence[int], sheet: Sheet) -> Iterator[Flowing]:
    titles = [column.title for place, column in enumerate(table.columns) if place not in shown and column.title]
    if titles:
        told = _("left out, for want of room: {columns}").format(columns=", ".join(titles))
        yield Flowing(Paragraph([Span(told, "dim")], table.indent), sheet)


def listed(table: Table, sheet: Sheet) -> Iterator[RenderableType]:
    """Without columns: a row a paragraph, each cell after the title of its column."""
    for row in _rows(table):
        first, *rest = zip(table.columns, row, strict=True)
        lead = [_led(table, *first, sheet)] if as_text(row[0].content, sheet).strip() else []
        entries = [_entry(column, cell, sheet) for column, cell in rest if as_text(cell.content, sheet).strip()]
        yield Flowing(Paragraph([*lead, *entries], table.indent, 2 if table.names else 1, 2), sheet)


def _led(table: Table, column: Column, cell: Cell, sheet: Sheet) -> Span:
    """How a row begins: with its name, after what that is a name of."""
    text = as_text(cell.content, sheet).strip()
    if table.names:
        return Span(f"{table.names} {text}:", "bold")
    return _entry(column, cell, sheet)


def _entry(column: Column, cell: Cell, sheet: Sheet) -> Span:
    name = f"{column.title} {column.label}".strip()
    text = as_text(cell.content, sheet).strip()
    return Span(f"{name}: {text};" if name else text, cell.content.tone if isinstance(cell.content, Span) else "")
