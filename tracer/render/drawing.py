"""Views drawn by rich, block after block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.rule import Rule
from rich.segment import Segment
from rich.tree import Tree as Guided

from ..diagrams import characters
from ..diagrams.layout import drawn
from ..document import (
    Abreast,
    Bars,
    Beside,
    Block,
    Branch,
    Diagram,
    Items,
    Lines,
    Matrix,
    Paragraph,
    Prose,
    Scale,
    Span,
    Table,
    Tree,
)
from ..views.view import View
from .folding import harmless
from .matrices import drawn_abreast, drawn_matrix
from .paragraphs import NEWLINE, Flowing
from .scales import scaled
from .sheet import Sheet, tone_of
from .tables import tabled

Line = list[Segment]

WIDEST = 88
"""The cells of a line of prose at most: longer ones are hard to read."""


class Drawn:
    """A view as rich draws it, for the console that it is printed on."""

    def __init__(self, view: View) -> None:
        self._view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        sheet = Sheet.of(console, options)
        for line in Segment.split_lines(console.render(_parts(self._view, sheet), options)):
            yield from trimmed(line)
            yield NEWLINE

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, _parts(self._view, Sheet.of(console, options)))


def _parts(view: View, sheet: Sheet) -> Group:
    return Group(*(part for block in view.blocks(sheet.page) for part in draw(block, sheet)))


def draw(block: Block, sheet: Sheet) -> Iterable[RenderableType]:
    """A block for a sheet."""
    match block:
        case Paragraph():
            return [Flowing(block, sheet)]
        case Lines(lines):
            return [Laid(lines, sheet)]
        case Scale():
            return scaled(block, sheet)
        case Table():
            return tabled(block, sheet)
        case Matrix():
            return drawn_matrix(block, sheet)
        case Abreast():
            return drawn_abreast(block, sheet)
        case Beside(parts):
            return [drawn for part in parts for drawn in (*_below(part, sheet), "")]
        case Items(marks, contents, has_bar):
            return [_item(mark, content, sheet, has_bar) for mark, content in zip(marks, contents, strict=True)]
        case Prose(blocks):
            return [Contents(blocks, sheet, apart=True)]
        case Tree(branches):
            return [_tree(branch, sheet) for branch in branches]
        case Bars():
            return tabled(block.table, sheet)
        case Diagram():
            return [Laid(characters.lines(drawn(block, sheet.width, cell_len), cell_len), sheet)]


def _below(blocks: Sequence[Block], sheet: Sheet) -> Iterator[RenderableType]:
    return (drawn for block in blocks for drawn in draw(block, sheet))


class Laid:
    """Lines that are laid out already; one that is wider than there is room is cut into several."""

    def __init__(self, lines: Sequence[Sequence[Span]], sheet: Sheet) -> None:
        self._lines = [[Segment(text, sheet.style(tone)) for text, tone in line] for line in lines]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        for line in self._lines:
            taken = width_of(line)
            for part in Segment.divide(line, range(width, taken + width, width)) if taken > width else [line]:
                yield from part
                yield NEWLINE

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = max(map(width_of, self._lines), default=0)
        return Measurement(min(widest, options.max_width), widest)


class Contents:
    """Blocks below one another, for the room that there is; an empty line between two of those that stand ``apart``."""

    def __init__(self, blocks: Sequence[Block], sheet: Sheet, *, apart: bool = False) -> None:
        self._blocks = blocks
        self._sheet = sheet
        self._apart = apart

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = options.update_width(min(options.max_width, WIDEST) if self._apart else options.max_width)
        sheet = replace(self._sheet, width=room.max_width)
        for number, block in enumerate(self._blocks):
            if number and self._apart:
                yield NEWLINE
            for part in draw(block, sheet):
                yield from console.render(part, room)


def _item(mark: str, blocks: Sequence[Block], sheet: Sheet, has_bar: bool) -> RenderableType:
    return Rule(characters=mark, style="") if has_bar and not blocks else Marked(mark, blocks, sheet, has_bar)


class Marked:
    """Blocks to the right of a mark, or of a bar along all of their lines."""

    def __init__(self, mark: str, blocks: Sequence[Block], sheet: Sheet, has_bar: bool) -> None:
        self._mark = f"{mark} "
        self._contents = Contents(blocks, sheet, apart=True)
        self._has_bar = has_bar

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = options.update_width(max(1, options.max_width - cell_len(self._mark)))
        for number, line in enumerate(console.render_lines(self._contents, room, pad=False)):
            yield Segment(self._mark if self._has_bar or not number else " " * cell_len(self._mark))
            yield from line
            yield NEWLINE


def _tree(branch: Branch, sheet: Sheet) -> Guided:
    tree = Guided(Contents(branch.content, sheet), guide_style="dim")
    tree.children += [_tree(below, sheet) for below in branch.branches]
    return tree


def lines(view: View, sheet: Sheet) -> Iterator[Line]:
    """The lines of a view, as a terminal shows them."""
    console = Console(width=sheet.width, color_system="truecolor", highlight=False, legacy_windows=False)
    return map(trimmed, console.render_lines(_parts(view, sheet), pad=False))


def laid_out(view: View, sheet: Sheet) -> Lines:
    """A view as the lines that a terminal shows of it, in tones."""
    return Lines([tones(line) for line in lines(view, sheet)])


def tones(line: Line) -> list[Span]:
    """A line as pieces in tones."""
    return [Span(text, tone_of(style)) for text, style, _control in line]


def width_of(line: Iterable[Segment]) -> int:
    """The width of a line in cells."""
    return sum(cell_len(segment.text) for segment in line)


def trimmed(line: Line) -> Line:
    """A line without the blanks at its end, coloured ones apart."""
    line = [Segment(harmless(text), style) for text, style, _control in line]
    while line and (line[-1].style is None or line[-1].style.bgcolor is None):
        text, style, _control = line[-1]
        if kept := text.rstrip(" "):
            return [*line[:-1], Segment(kept, style)]
        line = line[:-1]
    return line
