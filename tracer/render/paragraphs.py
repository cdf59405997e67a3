"""Paragraphs: pieces side by side as far as they fit, broken where Chinese, formulas and addresses may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment

from ..document import Inline, Paragraph, Span
from ..views.words import BOUND, words
from .folding import flow, harmless
from .runs import folded_spans, is_code
from .sheet import Sheet

NEWLINE = Segment.line()


class Flowing:
    """A paragraph as rich draws it."""

    def __init__(self, paragraph: Paragraph, sheet: Sheet) -> None:
        self._paragraph = paragraph
        self._sheet = sheet
        self._spans = [span._replace(text=harmless(span.text)) for span in spans(paragraph.parts, sheet)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines(options.max_width):
            yield from line
            yield NEWLINE

    def lines(self, width: int) -> Iterator[list[Segment]]:
        """The lines of a width, as far as one can be kept."""
        indent, gap, hang = self._paragraph.indent, self._paragraph.gap, self._paragraph.hang
        room = width - indent
        folded = flow(self._spans, room, gap, hang) if gap else folded_spans(self._spans, room, hang)
        for line in folded:
            before = Segment(" " * indent)
            yield [before, *(Segment(text, self._sheet.style(tone)) for text, tone in line)]

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        whole = sum(cell_len(text) for text, _tone in self._spans) + self._paragraph.gap * (len(self._spans) - 1)
        longest = max((cell_len(word) for text, _tone in self._spans for word in words(text)), default=0)
        return Measurement(self._paragraph.indent + longest, self._paragraph.indent + max(0, whole))


def spans(parts: Sequence[Inline], sheet: Sheet) -> Iterator[Span]:
    """Pieces with formulas in Unicode; where there are no colours, code between backquotes."""
    for part in parts:
        if isinstance(part, Span):
            yield Span(f"`{part.text}`", part.tone) if sheet.depth is None and is_code(part) else part
        else:
            yield Span(sheet.text(part.text))


def as_text(part: Inline, sheet: Sheet) -> str:
    """A piece as one line of text."""
    return (part.text if isinstance(part, Span) else sheet.text(part.text)).replace(BOUND, " ")
