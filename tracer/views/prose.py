"""Text to be read: paragraphs, headings, lists, quotes, code and small tables, written in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from markdown_it.tree import SyntaxTreeNode as Node

from ..document import BOLD, CODE, Block, Cell, Column, Items, Lines, Paragraph, Prose, Span, Table
from .markup import parsed
from .page import Page
from .tokens import shown
from .view import View, view


def prose(markdown: str) -> View:
    """A text in Markdown, in which nothing is a link, an emoji or an instruction; tokens in it are `markup.literal`."""
    return _prose(parsed(markdown).children)


@view
def _prose(page: Page, nodes: Sequence[Node]) -> Iterator[Block]:
    yield Prose(list(_blocks(nodes, page)))


def _blocks(nodes: Iterable[Node], page: Page) -> Iterator[Block]:
    for node in nodes:
        yield from _block(node, page)


def _block(node: Node, page: Page) -> Iterator[Block]:
    match node.type:
        case "paragraph":
            yield Paragraph(list(_spans(node, page, "")), gap=0)
        case "heading":
            yield Paragraph(list(_spans(node, page, BOLD)), gap=0)
        case "bullet_list":
            yield _items(node, [page.glyphs.bullet] * len(node.children), page)
        case "ordered_list":
            digits = max(len(item.info) for item in node.children)
            yield _items(node, [f"{item.info:>{digits}}." for item in node.children], page)
        case "blockquote":
            yield Items([page.glyphs.down[:1]], [list(_blocks(node.children, page))], has_bar=True)
        case "fence":
            yield Lines([[Span(f"    {shown(line.expandtabs(4))}", CODE)] for line in node.content.splitlines()])
        case "table":
            yield _table(node, page)
        case "hr":
            yield Items(["-" if page.plain else "─"], [[]], has_bar=True)


def _items(node: Node, marks: Sequence[str], page: Page) -> Items:
    return Items(marks, [list(_blocks(item.children, page)) for item in node.children])


def _table(node: Node, page: Page) -> Table:
    heads, *rows = (row.children for part in node.children for row in part.children)
    columns = [Column(_words(cell, page), "", _side(cell), room="fold") for cell in heads]
    return Table(columns, [[Cell(_told(cell, page)) for cell in row] for row in rows])


def _side(cell: Node) -> Literal["<", ">"]:
    return ">" if "right" in str(cell.attrs.get("style", "")) else "<"


def _words(node: Node, page: Page) -> str:
    return "".join(span.text for span in _spans(node, page, ""))


def _told(cell: Node, page: Page) -> Span:
    """The words of a cell, in a tone where all of them have the same."""
    tones = {span.tone for span in _spans(cell, page, "")}
    return Span(_words(cell, page), tones.pop() if len(tones) == 1 else "")


def _spans(node: Node, page: Page, tone: str) -> Iterator[Span]:
    """The words of a node in its tone; what is literal or code is shown as it is, whatever the page."""
    for child in node.children:
        match child.type:
            case "text":
                yield Span(page.text(shown(child.content)), tone)
            case "text_special":
                yield Span(shown(child.content), tone)
            case "code_inline":
                yield Span(shown(child.content), f"{tone} {CODE}".strip())
            case "softbreak":
                yield Span(" ", tone)
            case "hardbreak":
                yield Span("\n")
            case "strong":
                yield from _spans(child, page, f"{tone} {BOLD}".strip())
            case "em":
                yield from _spans(child, page, f"{tone} italic".strip())
            case "inline":
                yield from _spans(child, page, tone)
