"""Text to be read: paragraphs, headings, lists, quotes, code and small tables, written in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, repeat, zip_longest

from markdown_it.tree import SyntaxTreeNode as Node
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from .markup import parsed
from .page import BOLD, DIM, Line, Page, View, chopped, trimmed, width_of
from .runs import BREAK, PLAIN, Run, folded_runs
from .tokens import shown

WIDEST = 88
"""The cells of a line at most: longer ones are hard to read."""
CODE = Style(color="cyan")
_ITALIC = Style(italic=True)
_GAP = 2
_NARROWEST = 4


@dataclass(frozen=True)
class Prose(View):
    """Blocks of text. Nothing in them is a link, an emoji or an instruction to the terminal."""

    nodes: Sequence[Node]

    def lines(self, page: Page) -> Iterator[Line]:
        return _stacked(self.nodes, replace(page, width=min(page.width, WIDEST)))


def prose(markdown: str) -> Prose:
    """A text in Markdown; tokens in it are `markup.literal`."""
    return Prose(parsed(markdown).children)


def _stacked(nodes: Iterable[Node], page: Page) -> Iterator[Line]:
    """Blocks below one another, an empty line between two."""
    for number, node in enumerate(nodes):
        if number:
            yield []
        yield from _block(node, page)


def _block(node: Node, page: Page) -> Iterator[Line]:
    match node.type:
        case "paragraph":
            yield from _folded(_runs(node, page, PLAIN), page.width)
        case "heading":
            yield from _folded(_runs(node, page, BOLD), page.width)
        case "bullet_list":
            for item in node.children:
                yield from _hanging(item, f"{page.glyphs.bullet} ", page)
        case "ordered_list":
            digits = max(len(item.info) for item in node.children)
            for item in node.children:
                yield from _hanging(item, f"{item.info:>{digits}}. ", page)
        case "blockquote":
            bar = page.glyphs.down[:2]
            yield from _beside(repeat(Segment(bar, DIM)), _stacked(node.children, _narrower(page, len(bar))))
        case "fence":
            yield from _verbatim(node.content, page)
        case "table":
            yield from _table(node, page)
        case "hr":
            yield [Segment("-" * page.width if page.plain else "─" * page.width, DIM)]


def _narrower(page: Page, cells: int) -> Page:
    return replace(page, width=max(_NARROWEST, page.width - cells))


def _hanging(item: Node, mark: str, page: Page) -> Iterator[Line]:
    """An item of a list: its mark, and everything else to the right of that."""
    marks = chain([Segment(mark)], repeat(Segment(" " * len(mark))))
    return _beside(marks, _stacked(item.children, _narrower(page, len(mark))))


def _beside(marks: Iterable[Segment], lines: Iterable[Line]) -> Iterator[Line]:
    return ([mark, *line] for mark, line in zip(marks, lines, strict=False))


def _verbatim(text: str, page: Page) -> Iterator[Line]:
    """Lines of code as they are, indented."""
    for line in text.splitlines():
        for part in chopped(shown(line.expandtabs(4)), _narrower(page, 4).width):
            yield [Segment("    "), Segment(part, CODE)]


def _table(node: Node, page: Page) -> Iterator[Line]:
    """Columns side by side, as wide as they need to be and can be; a cell that is too long goes on below."""
    rows = [row.children for part in node.children for row in part.children]
    texts = [[list(_runs(cell, page, DIM if row is rows[0] else PLAIN)) for cell in row] for row in rows]
    widths = _widths([max(map(_width, column)) for column in zip(*texts, strict=True)], page.width)
    aligns = [">" if "right" in str(cell.attrs.get("style", "")) else "<" for cell in rows[0]]
    for row in texts:
        columns = [list(_folded(runs, width)) for runs, width in zip(row, widths, strict=True)]
        for parts in zip_longest(*columns, fillvalue=[]):
            yield _row(parts, widths, aligns)


def _width(runs: Sequence[Run]) -> int:
    return sum(cell_len(run.text) for run in runs)


def _widths(wanted: Sequence[int], room: int) -> list[int]:
    """The widths of columns, the widest made narrower until all have room."""
    widths = list(wanted)
    while sum(widths) + _GAP * (len(widths) - 1) > room and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _row(parts: Sequence[Line], widths: Sequence[int], aligns: Sequence[str]) -> Line:
    line: Line = []
    for part, width, align in zip(parts, widths, aligns, strict=True):
        blanks = Segment(" " * (width - width_of(trimmed(part))))
        gap = [Segment(" " * _GAP)] if line else []
        line += [*gap, blanks, *trimmed(part)] if align == ">" else [*gap, *trimmed(part), blanks]
    return line


def _folded(runs: Iterable[Run], width: int) -> Iterator[Line]:
    for is_break, part in groupby(runs, BREAK.__eq__):
        if not is_break:
            yield from folded_runs(list(part), width)


def _runs(node: Node, page: Page, style: Style) -> Iterator[Run]:
    """The words of a node in its style; what is literal or code is shown as it is, whatever the page."""
    for child in node.children:
        match child.type:
            case "text":
                yield Run(page.text(shown(child.content)), style)
            case "text_special":
                yield Run(shown(child.content), style)
            case "code_inline":
                yield _code(shown(child.content), page, style)
            case "softbreak":
                yield Run(" ", style)
            case "hardbreak":
                yield BREAK
            case "strong":
                yield from _runs(child, page, style + BOLD)
            case "em":
                yield from _runs(child, page, style + _ITALIC)
            case "inline":
                yield from _runs(child, page, style)


def _code(text: str, page: Page, style: Style) -> Run:
    """A code span: by its colour, between backquotes where there are no colours."""
    return Run(f"`{text}`" if page.plain or page.depth is None else text, style + CODE, is_whole=True)
