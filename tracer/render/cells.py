"""Pieces that rich puts into tables: of one line each, so that nothing needs to be broken to be measured."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style

from .folding import clipped, padded

BAR = 20
"""The cells of a bar for the whole."""


class Piece(ABC):
    """What knows its lines, so that rich need not take them apart, measure them and put them together again."""

    __slots__ = ()

    @abstractmethod
    def lines(self, width: int, more: str) -> list[list[Segment]]:
        """The lines of a cell so wide; ``more`` marks what is cut."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines(options.max_width, _more(options)):
            yield from line
            yield Segment.line()


def _more(options: ConsoleOptions) -> str:
    return "..." if options.ascii_only else "…"


def lines_of(cell: object, options: ConsoleOptions) -> list[list[Segment]] | None:
    """The lines of a piece in a cell of a table, with the blanks beside it; None for everything else."""
    width, more = options.max_width, _more(options)
    if isinstance(cell, Piece):
        return cell.lines(width, more)
    if isinstance(cell, Padding) and isinstance(cell.renderable, Piece) and not cell.top + cell.bottom:
        before, after = ([Segment(" " * n)] if n else [] for n in (cell.left, cell.right))
        return [[*before, *line, *after] for line in cell.renderable.lines(width - cell.left - cell.right, more)]
    return None


class Field(Piece):
    """A text that fills its cell, coloured to the edges; where the cell is narrower, ``cut`` and marked."""

    __slots__ = ("_align", "_cut", "_style", "_text", "_width")

    def __init__(
        self, text: str, style: Style, align: str = ">", least: int = 0, cut: Callable[..., str] = clipped
    ) -> None:
        self._text = text
        self._style = style
        self._align = align
        self._cut = cut
        self._width = max(cell_len(text), least)

    def lines(self, width: int, more: str) -> list[list[Segment]]:
        text = self._text if self._width <= width else self._cut(self._text, width, more)
        return [[Segment(padded(text, width, self._align), self._style)]]

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self._width, self._width)


class Strip(Piece):
    """Pieces side by side in one cell."""

    __slots__ = ("_pieces", "_width")

    def __init__(self, pieces: Sequence[Segment]) -> None:
        self._pieces = pieces
        self._width = sum(cell_len(piece.text) for piece in pieces)

    def lines(self, width: int, more: str) -> list[list[Segment]]:
        return [[*self._pieces]]

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self._width, self._width)


class Stack(Piece):
    """Pieces below one another."""

    def __init__(self, fields: Sequence[Field | Strip]) -> None:
        self.fields = fields

    def lines(self, width: int, more: str) -> list[list[Segment]]:
        return [line for field in self.fields for line in field.lines(width, more)]

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = max(field.__rich_measure__(console, options).maximum for field in self.fields)
        return Measurement(widest, widest)
