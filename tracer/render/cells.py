"""Pieces that rich puts into tables: of one line each, so that nothing needs to be broken to be measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style

from .folding import clipped, padded

BAR = 20
"""The cells of a bar for the whole."""


class Field:
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

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        more = "..." if options.ascii_only else "…"
        text = self._text if self._width <= width else self._cut(self._text, width, more)
        yield Segment(padded(text, width, self._align), self._style)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self._width, self._width)


class Strip:
    """Pieces side by side in one cell."""

    __slots__ = ("_pieces", "_width")

    def __init__(self, pieces: Sequence[Segment]) -> None:
        self._pieces = pieces
        self._width = sum(cell_len(piece.text) for piece in pieces)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._pieces

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self._width, self._width)


class Stack:
    """Pieces below one another."""

    def __init__(self, fields: Sequence[Field | Strip]) -> None:
        self.fields = fields

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for field in self.fields:
            yield from field.__rich_console__(console, options)
            yield Segment.line()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = max(field.__rich_measure__(console, options).maximum for field in self.fields)
        return Measurement(widest, widest)
