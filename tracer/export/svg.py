"""A picture of lines as a terminal shows them, every piece at the place of its cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..document import BLANK, Block, Lines, Span
from ..heat import TONES
from .cells import ADVANCE, SIZE, cells_of, words_at
from .colours import DARK, LIGHT, MONOSPACED, heat_rules, variables
from .markup import escaped
from .writer import UNTITLED, DocumentWriter, Title

HEIGHT, MARGIN = 16, 12
"""Of a line, its height, and the space around all of them.

A line is as high as a character, so that the lines of frames meet.
"""
_GROUNDS = {*TONES, "nan", BLANK}
"""The tones that colour a cell from behind, or draw a box around it."""

Line = Sequence[Span]


class Writer(DocumentWriter):
    """See `DocumentWriter`. A picture says how large it is before anything else, so all of it comes at the closing."""

    suffixes = (".svg",)
    is_laid_out = True

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._title = UNTITLED

    def opening(self, title: Title = UNTITLED) -> str:
        self._title = title
        return ""

    def command(self, line: str) -> str:
        self._lines.append([Span(line, "bold")])
        return ""

    def block(self, block: Block) -> str:
        assert isinstance(block, Lines)
        self._lines += block.lines
        return ""

    def failure(self, message: str) -> str:
        self._lines.append([Span(message, "bold")])
        return ""

    def closing(self) -> str:
        lines = [*self._titled(), *self._lines]
        cells = max((sum(cells_of(span.text) for span in line) for line in lines), default=0)
        width, height = round(cells * ADVANCE + 2 * MARGIN, 1), len(lines) * HEIGHT + 2 * MARGIN
        body = "\n".join(part for number, line in enumerate(lines) for part in _drawn(line, number))
        size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{self._named()}'
            f"<style>{_sheet()}</style>\n"
            f'<rect class="paper" width="100%" height="100%"/>\n{body}\n</svg>\n'
        )

    def _titled(self) -> list[Line]:
        text, model = self._title
        return [[Span(text, "bold")], [Span(model, "dim")], []] if text else []

    def _named(self) -> str:
        return f"<title>{escaped(self._title.text)}</title>\n" if self._title.text else ""


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
