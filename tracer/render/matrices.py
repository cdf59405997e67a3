"""Matrices as tables of rich: as many columns as there is room for, numbers whole, cells coloured by their heat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import RenderableType
from rich.segment import Segment
from rich.table import Table as Grid

from ..document import Abreast, Cell, Column, Matrix, Row, Span, Table
from ..window import Shown
from .cells import Field, Stack, Strip
from .folding import clipped, padded
from .sheet import BOXES, Sheet, is_framed
from .tables import grid, listed

_LABEL, _DENSE = 8, 4
"""The most that a label makes a column wide, and the least width of cells that stand close to each other."""
_MEASURED = 1000
"""So many names along a row decide how much room they get."""
_APART = 5
"""The blanks between two entries of a row that is read like text."""


def drawn_matrix(matrix: Matrix, sheet: Sheet) -> Iterator[RenderableType]:
    """A matrix in one table, or in several, where all of it is wanted; without room for a column, as a list."""
    if matrix.is_wrapped:
        yield from _wrapped(matrix, sheet)
        return
    rows = matrix.rows_shown()
    area = _area(matrix.table(rows, []), sheet)
    room = sheet.width - area - (4 if _is_framed(sheet) else 0)
    width = _column_width(matrix, room)
    fit = max(1, room // (width + _between(sheet)))
    parts = matrix.columns_shown(fit)
    free = room - matrix.length * (width + _between(sheet))
    if sheet.plain or max(map(len, parts)) > fit:
        yield from listed(
            matrix.table(rows, [column for part in matrix.columns_shown(sheet.rows) for column in part]), sheet
        )
    else:
        area = _area(matrix.table(rows, []), sheet, area + max(0, free))
        yield from (_table(matrix.table(rows, columns), area, width, sheet) for columns in parts)


def _area(names: Table, sheet: Sheet, room: int = 0) -> int:
    """The cells of the names of rows, which may be cut where they take more than their share and there is no room."""
    [head] = names.columns
    widest = max(cell_len(text) for text in [head.title, head.label, *(_text(row[0]) for row in names.rows)])
    return min(widest, max(room, min(head.most, max(4, sheet.width // 3))))


def _column_width(matrix: Matrix, room: int) -> int:
    """Numbers are never cut, so a column is as wide as they need; wider for labels where there is room."""
    needed = matrix.width
    if matrix.length * (needed + 2) > room:
        needed = max(needed, len(f"…{matrix.length}…"))
    heads = matrix.table([], range(min(matrix.length, max(1, room // needed)))).columns[1:]
    return max(needed, min(max(cell_len(head.label) for head in heads), _LABEL, room // 5 - 2))


def _text(cell: Cell) -> str:
    assert isinstance(cell.content, Span)
    return cell.content.text


def _tone(cell: Cell) -> str:
    assert isinstance(cell.content, Span)
    return cell.content.tone


def _is_framed(sheet: Sheet) -> bool:
    return is_framed(BOXES[sheet.box])


def _between(sheet: Sheet) -> int:
    return 3 if _is_framed(sheet) else 2


def _table(table: Table, area: int, width: int, sheet: Sheet) -> Grid:
    """Every cell coloured to its edges; the blanks between two are part of the right one."""
    drawn = grid(sheet, has_heads=True, is_tight=True)
    first, *others = table.columns
    before, after = (1, " ") if _is_framed(sheet) else (0, "")
    drawn.add_column(_names(first, before, after, sheet), no_wrap=True, width=area + 2 * before)
    least = width + 2 - (BOXES[sheet.box] is not None and not after)
    for column in others:
        drawn.add_column(_heads(column, least, after, sheet), no_wrap=True, width=least)
    for row in table.rows:
        drawn.add_row(*_row(row, least, before, after, sheet))
    return drawn


def _names(column: Column, before: int, after: str, sheet: Sheet) -> Stack:
    names = [column.title, *([column.label] if column.label else [])]
    return Stack([Field(f"{' ' * before}{name}{after}", sheet.style("dim"), "<") for name in names])


def _heads(column: Column, least: int, after: str, sheet: Sheet) -> Stack:
    heads = [Field(f"{column.title}{after}", sheet.style("dim"), least=least)]
    return Stack([*heads, Field(f"{column.label}{after}", sheet.style("bold"), least=least)] if column.label else heads)


def _row(row: Row, least: int, before: int, after: str, sheet: Sheet) -> Iterator[Field]:
    yield Field(f"{' ' * before}{_text(row[0])}{after}", sheet.style("dim"), "<")
    yield from (Field(f"{_text(cell)}{after}", sheet.style(_tone(cell)), least=least) for cell in row[1:])


def _wrapped(matrix: Matrix, sheet: Sheet) -> Iterator[RenderableType]:
    """A row read like text: each number after its index and token, as many a line as fit."""
    [first] = matrix.columns_shown(_MEASURED)[:1]
    heads = matrix.table([], first).columns[1:]
    digits = max(cell_len(head.title) for head in heads)
    names = min(max(cell_len(_name(head, digits)) for head in heads), max(digits, sheet.width - 2 - matrix.width))
    a_line = 1 if sheet.plain else max(1, (sheet.width + _APART) // (names + 2 + matrix.width + _APART))
    drawn = Grid.grid(padding=(0, _APART, 0, 0), pad_edge=False)
    for columns in matrix.columns_shown(a_line):
        [row], heads = matrix.table([0], columns).rows, matrix.table([], columns).columns[1:]
        texts = (padded(clipped(_name(head, digits), names, sheet.glyphs.more), names) for head in heads)
        drawn.add_row(*(_entry(text, cell, matrix.width, sheet) for text, cell in zip(texts, row[1:], strict=True)))
    yield drawn


def _name(column: Column, digits: int) -> str:
    return f"{padded(column.title, digits, '>')} {column.label}".rstrip()


def _entry(name: str, cell: Cell, width: int, sheet: Sheet) -> Strip:
    number = Segment(padded(_text(cell), width, ">"), sheet.style(_tone(cell)))
    return Strip([Segment(f"{name}  ", sheet.style("dim")), number])


def drawn_abreast(block: Abreast, sheet: Sheet) -> Iterator[RenderableType]:
    """Matrices side by side in one table, the cells of each row in a strip; without grids, each as a list."""
    matrix = block.matrices[0]
    rows = matrix.rows_shown()
    area, between = _area(matrix.table(rows, []), sheet), _between(sheet) + 1
    [columns] = matrix.columns_shown(max(1, (sheet.width - area - between) // _DENSE))[:1]

    def fitting(width: int) -> int:
        panel = max(width * len(columns), *map(cell_len, block.names)) + between
        return min(len(block.names), (sheet.width - area) // panel)

    fit, width = max(1, fitting(_DENSE)), _DENSE
    while width <= _longest(matrix, columns) and fitting(width + 1) >= fit:
        width += 1
    for start in range(0, len(block.names), fit):
        part = slice(start, start + fit)
        tables = [matrix.table(rows, columns) for matrix in block.matrices[part]]
        yield _side_by_side(block.names[part], tables, area, width, sheet)


def _longest(matrix: Matrix, columns: Sequence[Shown]) -> int:
    """The cells of the longest label of some columns, as far as one makes them wider."""
    return min(_LABEL, max(cell_len(column.label) for column in matrix.table([], columns).columns[1:]))


def _side_by_side(names: Sequence[str], tables: Sequence[Table], area: int, width: int, sheet: Sheet) -> Grid:
    drawn = grid(sheet, has_heads=True)
    first = tables[0].columns[0]
    corner = [Field("", sheet.style("")), Field(first.title, sheet.style("dim"), "<")]
    drawn.add_column(Stack(corner), no_wrap=True, max_width=area)
    for name, table in zip(names, tables, strict=True):
        labels = Segment("".join(_label(column, width, sheet) for column in table.columns[1:]))
        drawn.add_column(Stack([Field(name, sheet.style("bold"), "<"), Strip([labels])]), no_wrap=True)
    for number, row in enumerate(tables[0].rows):
        strips = (_strip(table.rows[number], width, sheet) for table in tables)
        drawn.add_row(Field(_text(row[0]), sheet.style("dim"), "<"), *strips)
    return drawn


def _label(column: Column, width: int, sheet: Sheet) -> str:
    """The token of a column, or its number, as much of it as stands above its cells."""
    return padded(clipped(column.label or column.title, width - 1, sheet.glyphs.more), width, ">")


def _strip(row: Row, width: int, sheet: Sheet) -> Strip:
    return Strip([Segment(padded(_text(cell), width, ">"), sheet.style(_tone(cell))) for cell in row[1:]])
