"""Tables as rich draws them; where numbers, names and addresses would not fit whole, a row a paragraph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat

from rich.align import Align
from rich.box import Box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table as Grid

from ..document import Cell, Column, Paragraph, Row, Span, Table
from ..i18n import _
from ..views.words import words
from .cells import BAR, Field, Stack
from .folding import clipped, clipped_left
from .paragraphs import Flowing, as_text, spans
from .runs import is_code
from .sheet import BOXES, Sheet, is_framed

_LEAST = {"cut": 8, "cut_start": 8, "fold": 12}
"""The cells that are left at least of what may be cut or folded."""
_SHORTEST = 4
"""Those of a column of bars alone."""


def tabled(table: Table, sheet: Sheet) -> Iterator[RenderableType]:
    """A table, in parts where it goes on below; without room, and in place of columns under heads in plain, a list.

    A frame is left out before any column is.
    """
    table = _given_way(table, sheet)
    widths = _widths(table, sheet)
    if _is_too_wide(table, range(len(widths)), sheet, widths):
        sheet = sheet.unframed()
    is_split = table.goes_on and _is_too_wide(table, _fitting(table, sheet, widths), sheet, widths)
    parts = list(_parts(table, sheet, widths)) if is_split else [table]
    measured = [_widths(part, sheet) for part in parts] if is_split else [widths]
    shown = list(map(_fitting, parts, repeat(sheet), measured))
    if (sheet.plain and _has_heads(table)) or any(map(_is_too_wide, parts, shown, repeat(sheet), measured)):
        yield from listed(table, sheet)
        return
    for part, places, widths in zip(parts, shown, measured, strict=True):
        drawn = _drawn(part, places, sheet, widths)
        yield Indented(drawn, part.indent) if part.indent else drawn
        yield from _left_out(part, places, sheet)


def _parts(table: Table, sheet: Sheet, widths: Sequence[int]) -> Iterator[Table]:
    """As many columns as fit beside the names of rows, then as many of the others, and so on."""
    shown = [0]
    for place in range(1, len(table.columns)):
        if len(shown) > 1 and _is_too_wide(table, [*shown, place], sheet, widths):
            yield _part(table, shown)
            shown = [0]
        shown.append(place)
    yield _part(table, shown)


def _part(table: Table, shown: Sequence[int]) -> Table:
    """Some columns of a table, and of its rows those that have something there."""
    names, *others = (table.columns[place] for place in shown)
    head = names if any(column.title or column.label for column in others) else names._replace(title="", label="")
    rows = [[row[place] for place in shown] for row in table.rows]
    filled = [row for row in rows if any(cell.share or cell.content.text for cell in row[1:])]
    footer = [table.footer[place] for place in shown] if table.footer else []
    return table._replace(columns=[head, *others], rows=filled, footer=footer)


def _is_too_wide(table: Table, shown: Sequence[int], sheet: Sheet, widths: Sequence[int]) -> bool:
    return _needed(table, shown, sheet, widths) > sheet.width - table.indent


class Indented:
    """What is moved in by some cells."""

    def __init__(self, content: RenderableType, indent: int) -> None:
        self._content = content
        self._blanks = Segment(" " * indent)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = options.update_width(options.max_width - cell_len(self._blanks.text))
        for line in Segment.split_lines(console.render(self._content, room)):
            yield self._blanks
            yield from line
            yield Segment.line()


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


def _padding(box: Box | None) -> tuple[int, int, int, int]:
    """Two blanks between columns, or one on each side of a line."""
    if is_framed(box):
        return (0, 1, 0, 1)
    return (0, 2, 0, 0) if box is None else (0, 1, 0, 0)


def gap(sheet: Sheet, *, has_heads: bool) -> int:
    """The cells between the texts of two columns."""
    return 3 if has_heads and is_framed(BOXES[sheet.box]) else 2


def _fitting(table: Table, sheet: Sheet, widths: Sequence[int]) -> list[int]:
    """The columns that there is room for, those with most to spare left out first."""
    every = list(range(len(table.columns)))
    shown = _without_spare(table, every, sheet, widths)
    gone = [place for place in every if table.columns[place].gives_way and place not in shown]
    return _without_spare(table, [place for place in every if place not in gone], sheet, widths) if gone else shown


def _given_way(table: Table, sheet: Sheet) -> Table:
    """A table without what is to be spared more than the column that gives way, folded where it is not whole then."""
    given = [column.spare for column in table.columns if column.gives_way]
    every, widths = list(range(len(table.columns))), _widths(table, sheet)
    if not given or max(given) in {table.columns[n].spare for n in _without_spare(table, every, sheet, widths)}:
        return table
    kept = [n for n in every if table.columns[n].spare <= max(given)]
    columns = [column._replace(room="fold") if column.gives_way else column for column in table.columns]
    folded = table._replace(columns=[columns[n] for n in kept], rows=[[row[n] for n in kept] for row in table.rows])
    return table if _is_too_wide(folded, range(len(kept)), sheet, _widths(folded, sheet)) else folded


def _without_spare(table: Table, shown: list[int], sheet: Sheet, widths: Sequence[int]) -> list[int]:
    while _is_too_wide(table, shown, sheet, widths):
        most = max(table.columns[place].spare for place in shown)
        if not most:
            break
        shown = [place for place in shown if table.columns[place].spare != most]
    return shown


def _needed(table: Table, shown: Sequence[int], sheet: Sheet, widths: Sequence[int]) -> int:
    has_heads = _has_heads(table)
    between = gap(sheet, has_heads=has_heads)
    framed = 4 if has_heads and is_framed(BOXES[sheet.box]) else 0
    return sum(widths[place] for place in shown) + between * (len(shown) - 1) + framed


def _at_ease(table: Table, shown: Sequence[int], sheet: Sheet, widths: Sequence[int]) -> Iterator[int]:
    """The least widths of the columns shown; as wide as they would be, from the left as long as there is room."""
    spare = sheet.width - table.indent - _needed(table, shown, sheet, widths)
    for place in shown:
        width = widths[place]
        more = max(0, table.columns[place].least - width)
        given = more if more <= spare else 0
        spare -= given
        yield width + given


def _settled(table: Table, shown: Sequence[int], sheet: Sheet, widths: Sequence[int]) -> list[int]:
    """The widths of the columns shown: as they would be, the widest of those that can be narrower cut to the room.

    Bars alone are the first to be shortened, and what is cut comes before what is folded.
    """
    least = list(_at_ease(table, shown, sheet, widths))
    settled = [max(least[n], _natural(table, place, sheet)) for n, place in enumerate(shown)]
    room = sheet.width - table.indent - _needed(table, shown, sheet, widths) + sum(widths[place] for place in shown)
    ranks = [(_is_of_bars(table, place), table.columns[place].room == "fold") for place in shown]
    return narrowed(settled, least, ranks, sum(settled) - max(room, sum(least)))


def narrowed(widths: Sequence[int], least: Sequence[int], ranks: Sequence[tuple[bool, bool]], excess: int) -> list[int]:
    """Widths that come to so much less, a cell at a time off the one that ranks highest, and never below the least.

    One of bars ranks above all others, then the widest does, for which one that folds counts as a cell narrower.
    """
    found = list(widths)
    while excess > 0:
        free = [(ranks[n][0], width - ranks[n][1], -n) for n, width in enumerate(found) if width > least[n]]
        (bars, wide, place), *others = sorted(free, reverse=True)
        ahead = wide - others[0][1] if others and others[0][0] == bars else excess
        taken = min(max(1, ahead), found[-place] - least[-place], excess)
        found[-place] -= taken
        excess -= taken
    return found


def _natural(table: Table, place: int, sheet: Sheet) -> int:
    """The cells that a column would take."""
    column, cells = table.columns[place], [row[place] for row in _rows(table)]
    head = max(cell_len(column.title), cell_len(column.label))
    texts = (cell_len(span.text) for cell in cells for span in spans([cell.content], sheet))
    bars = (cell_len(sheet.bar(cell.share, BAR)) + _behind(cell, sheet) for cell in cells if cell.share)
    return max([min(head, column.most or head), *texts, *bars])


def _widths(table: Table, sheet: Sheet) -> list[int]:
    """The cells that each column needs at least."""
    return [_width(table, place, sheet) for place in range(len(table.columns))]


def _width(table: Table, place: int, sheet: Sheet) -> int:
    """The cells that a column needs at least."""
    column = table.columns[place]
    head = max(cell_len(column.title), cell_len(column.label))
    texts = (as_text(row[place].content, sheet) for row in _rows(table))
    widest = max([min(head, column.most or head), *map(cell_len, texts)])
    if not widest and _is_of_bars(table, place):
        return _SHORTEST
    if column.room == "fold":
        texts = (span.text for row in _rows(table) for span in spans([row[place].content], sheet))
        longest = max((cell_len(word.rstrip(" ")) for text in texts for word in words(text)), default=0)
        return max(min(widest, _LEAST["fold"]), cell_len(column.title), min(longest, 3 * sheet.width // 5))
    return min(widest, _LEAST.get(column.room, widest))


def _is_of_bars(table: Table, place: int) -> bool:
    """Whether bars alone stand in a column."""
    cells = [row[place] for row in _rows(table)]
    return any(cell.share for cell in cells) and not any(cell.content.text for cell in cells)


def _rows(table: Table) -> Iterator[Row]:
    yield from table.rows
    if table.footer:
        yield table.footer


def _has_heads(table: Table) -> bool:
    return any(column.title or column.label for column in table.columns)


def _drawn(table: Table, shown: Sequence[int], sheet: Sheet, widths: Sequence[int]) -> Grid:
    drawn = grid(sheet, has_heads=_has_heads(table), has_footer=bool(table.footer))
    edge = 0 if drawn.pad_edge else drawn.padding[1]  # some versions of rich count blanks there that none draws
    for place, width in zip(shown, _settled(table, shown, sheet, widths), strict=True):
        column, is_last = table.columns[place], place == shown[-1]
        drawn.add_column(
            _head(column, sheet),
            _cell(table.footer[place], column, sheet) if table.footer else "",
            justify="left" if column.align == "<" else "right",
            no_wrap=column.room == "whole",
            width=None if is_last else width,
            min_width=width - edge if is_last else None,
            max_width=width if is_last else None,
        )
    for cells in zip(*(_cells(table, place, sheet) for place in shown), strict=True):
        drawn.add_row(*cells)
    return drawn


def _cells(table: Table, place: int, sheet: Sheet) -> Iterator[RenderableType]:
    """The cells of a column; bars are on one scale."""
    cells = [row[place] for row in table.rows]
    bars = Bars([(cell.share, _behind(cell, sheet)) for cell in cells if cell.share])
    return (Barred(cell, bars, sheet) if cell.share else _cell(cell, table.columns[place], sheet) for cell in cells)


def _behind(cell: Cell, sheet: Sheet) -> int:
    """The cells that stand behind a bar."""
    text = as_text(cell.content, sheet)
    return cell_len(text) + 2 if text else 0


def _head(column: Column, sheet: Sheet) -> RenderableType:
    """A title, and the label below it."""
    title, label = (clipped(text, column.most or cell_len(text), sheet.glyphs.more) for text in column[:2])
    below = [Field(label, sheet.style("bold"), column.align)] if label else []
    return Stack([Field(title, sheet.style("dim"), column.align), *below])


def _cell(cell: Cell, column: Column, sheet: Sheet) -> RenderableType:
    if column.room == "fold":
        flowing = Flowing(Paragraph([cell.content], gap=0), sheet)
        return Align.right(flowing) if column.align == ">" else flowing
    tone = cell.content.tone if isinstance(cell.content, Span) else ""
    cut = clipped_left if column.room == "cut_start" else clipped
    return Field(as_text(cell.content, sheet), sheet.style(tone), column.align, cut=cut)


class Bars:
    """The bars of a column: the share of each, and the cells that stand behind it."""

    def __init__(self, bars: Sequence[tuple[float, int]]) -> None:
        self._bars = bars
        self._wholes: dict[int, float] = {}

    def whole(self, width: int) -> float:
        """The cells of a bar for the whole, such that every bar has room in a column so wide."""
        if width not in self._wholes:
            self._wholes[width] = min(BAR, *((width - behind) / share for share, behind in self._bars))
        return self._wholes[width]


class Barred:
    """A bar for a share of the whole, and what stands behind it; ``bars`` are those of the column."""

    def __init__(self, cell: Cell, bars: Bars, sheet: Sheet) -> None:
        self._share = cell.share
        self._bars = bars
        self._sheet = sheet
        self._text = as_text(cell.content, sheet)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        bar = self._sheet.bar(self._share, self._bars.whole(options.max_width))
        yield Segment(bar, self._sheet.style("bar"))
        if self._text:
            yield Segment(f"{'  ' if bar else ''}{self._text}", self._sheet.style("dim"))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        text = cell_len(self._text)
        return Measurement(text, cell_len(self._sheet.bar(self._share, BAR)) + (text + 2 if text else 0))


def _left_out(table: Table, shown: Sequence[int], sheet: Sheet) -> Iterator[Flowing]:
    titles = [column.title for place, column in enumerate(table.columns) if place not in shown and column.title]
    if titles:
        told = _("left out, for want of room: {columns}").format(columns=", ".join(titles))
        yield Flowing(Paragraph([Span(told, "dim")], table.indent), sheet)


def listed(table: Table, sheet: Sheet) -> Iterator[RenderableType]:
    """Without columns: a row a paragraph, each cell after the title of its column; names stay moved in."""
    gap = 1 if _has_heads(table) and not table.names else 2
    for row in _rows(table):
        first, *rest = zip(table.columns, row, strict=True)
        name = as_text(row[0].content, sheet)
        lead = [_led(table, *first, sheet)] if name.strip() else []
        entries = [_entry(column, cell, sheet) for column, cell in rest if as_text(cell.content, sheet).strip()]
        inwards = 0 if table.names else len(name) - len(name.lstrip(" "))
        yield Flowing(Paragraph([*lead, *entries], table.indent + inwards, gap, 2), sheet)


def _led(table: Table, column: Column, cell: Cell, sheet: Sheet) -> Span:
    """How a row begins: with its name, after what that is a name of."""
    if table.names:
        return Span(f"{table.names} {as_text(cell.content, sheet).strip()}:", "bold")
    return _entry(column, cell, sheet)


def _entry(column: Column, cell: Cell, sheet: Sheet) -> Span:
    name = f"{column.title} {column.label}".strip()
    [told] = spans([cell.content], sheet)
    text = told.text.strip()
    return Span(f"{name}: {text};" if name else text, "" if is_code(told) else told.tone)
