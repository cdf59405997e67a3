"""A picture of lines as a terminal shows them, every piece at the place of its cells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from ..document import BLANK, Block, Lines, Span
from ..heat import TONES
from .cells import ADVANCE, SIZE, cells_of, words_at
from .colours import DARK, LIGHT, MONOSPACED, heat_rules, variables
from .markup import escaped
from .writer import DocumentWriter, Title

HEIGHT, MARGIN = 16, 12
"""Of a line, its height, and the space around all of them.

A line is as high as a character, so that the lines of frames meet.
"""
_GROUNDS = {*TONES, "nan", BLANK}
"""The tones that colour a cell from behind, or draw a box around it."""

Line = Sequence[Span]


class Writer(DocumentWriter):
    """See `DocumentWriter`. A part comes to its lines, each as JSON, of which the document is drawn.

    A picture says how large it is before anything else, so that is added up meanwhile.
    """

    suffixes = (".svg",)
    is_laid_out = True

    def __init__(self) -> None:
        self._cells = 0
        self._count = 0

    def command(self, line: str) -> str:
        return self._noted([[Span(line, "bold")]])

    def block(self, block: Block) -> str:
        assert isinstance(block, Lines)
        return self._noted(block.lines)

    def failure(self, message: str) -> str:
        return self.command(message)

    def _noted(self, lines: Sequence[Line]) -> str:
        self._count += len(lines)
        self._cells = max([self._cells, *map(_width, lines)])
        return "".join(f"{json.dumps(line)}\n" for line in lines)

    def document(self, title: Title, parts: Iterable[str]) -> Iterator[str]:
        first = _titled(title)
        cells, count = max([self._cells, *map(_width, first)]), self._count + len(first)
        width, height = round(cells * ADVANCE + 2 * MARGIN, 1), count * HEIGHT + 2 * MARGIN
        size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{_named(title)}'
            f"<style>{_sheet()}</style>\n"
            f'<rect class="paper" width="100%" height="100%"/>'
        )
        for number, line in enumerate(chain(first, _lines(parts))):
            yield from (f"\n{part}" for part in _drawn(line, number))
        yield "\n</svg>\n"


def _lines(parts: Iterable[str]) -> Iterator[Line]:
    """The lines that parts have come to."""
    for part in parts:
        for line in part.splitlines():
            yield [Span(*span) for span in json.loads(line)]


def _width(line: Line) -> int:
    """How many cells a line takes."""
    return sum(cells_of(span.text) for span in line)


def _titled(title: Title) -> list[Line]:
    text, model = title
    return [[Span(text, "bold")], [Span(model, "dim")], []] if text else []


def _named(title: Title) -> str:
    return f"<title>{escaped(title.text)}</title>\n" if title.text else ""


def _sheet() -> str:
    rule = "rect.{tone}{{fill:{ground}}}text.{tone}{{fill:{ink}}}"
    return (
        f"{variables(LIGHT)}{heat_rules(rule, is_dark=False)}"
        f"@media (prefers-color-scheme:dark){{{variables(DARK)}{heat_rules(rule, is_dark=True)}}}"
        f"text{{font:{SIZE}px {MONOSPACED};fill:var(--ink)}}.paper{{fill:var(--paper)}}"
        "rect.nan{fill:var(--ink)}text.nan{fill:var(--paper);font-weight:bold}"
        "rect.blank{fill:none;stroke:var(--ink)}text.bold{font-weight:bold}text.dim{fill:var(--dim)}text.bar{fill:var(--bar)}"
    )


def _drawn(line: Line, number: int) -> Iterator[str]:
    """Its grounds, then its words."""
    column, top = 0, MARGIN + number * HEIGHT
    for text, tone in line:
        width = cells_of(text)
        name = f' class="{tone}"' if tone else ""
        for ground in _GROUNDS.intersection(tone.split(" ")):
            yield f'<rect class="{ground}" x="{_x(column)}" y="{top}" width="{width * ADVANCE:.1f}" height="{HEIGHT}"/>'
        yield from words_at(text, MARGIN + column * ADVANCE, top + 0.75 * HEIGHT, name)
        column += width


def _x(column: int) -> str:
    return f"{MARGIN + column * ADVANCE:.1f}"
