"""Whatever there is to see fits the terminal that it is seen on: every view, at several widths, in every manner."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import product
from typing import Any, NamedTuple

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from tracer import i18n
from tracer.document import Abreast, Bars, Beside, Block, Branch, Items, Paragraph, Prose, Scale, Tree
from tracer.document import Table as Said
from tracer.render.console import make_console
from tracer.render.drawing import Drawn
from tracer.views.grid import Grid
from tracer.views.page import Page
from tracer.views.view import View

from ..views.catalogue import EXAMPLES, catalogue, examples

NAMES = sorted(catalogue())
COLOURS: Sequence[Mapping[str, str]] = ({}, {"FORCE_COLOR": "1", "COLORTERM": "truecolor"})
MANNERS = list(product((40, 80, 100, 160), (False, True), COLOURS, ("en", "zh")))
"""Width, whether it is accessible, colours, language."""
NUMBERS = {
    *("tensors.tensor_view", "heads.heads_view", "mask.mask_view", "mask.rules_view", "softmax.softmax_view"),
    "worked.worked_sum",
}
LISTS = {
    *("distribution.top_view", "scored.scored_view", "scored.loss_view", "records.listing", "product.product_view"),
    *("inventory.cache_view", "inventory.tensors_view", "modules.modules_view", "stops.overview", "checks.checks_view"),
    "checks.gradients_view",
    *("hypotheses.hypotheses_view", "comparison.comparison_view", "glossary.sections_view"),
}
"""What is a table at any width, and what is one where there is room for it."""
ESCAPE = re.compile(r"\x1b\[[\d;]*m")
NUMBER = re.compile(r"(?<![\w.@])-?\d+\.\d+(?:e[+-]\d+)?(?![\w.])")
TOKENS = re.compile("[▁\u2e80-\uffff]")


class Drawing(NamedTuple):
    """A table of rich, and the room that it had."""

    table: Table
    width: int


class Screen(NamedTuple):
    """What is seen of a view, and the tables in it."""

    text: str
    drawings: list[Drawing]


def on_screen(view: View, width: int, accessible: bool, environ: Mapping[str, str], box: str = "simple") -> Screen:
    file, drawings = io.StringIO(), list[Drawing]()
    console = make_console(file, width=width, color="auto", accessible=accessible, environ=environ, box=box)
    watched: Any = partial(_watched, console, console.render, drawings)
    console.render = watched  # type: ignore[method-assign]
    console.print(Drawn(view))
    return Screen(ESCAPE.sub("", file.getvalue()), drawings)


def _watched(console: Console, render: Callable[..., Any], seen: list[Drawing], drawn: Any, options: Any = None) -> Any:
    if isinstance(drawn, Table):
        seen.append(Drawing(drawn, (options or console.options).max_width))
    return render(drawn, options)


def flat(blocks: Sequence[Block]) -> Iterator[Block]:
    """Blocks, and those within them."""
    for block in blocks:
        yield block
        match block:
            case Items(_marks, contents):
                yield from flat([part for content in contents for part in content])
            case Beside(parts):
                yield from flat([block for part in parts for block in part])
            case Prose(parts):
                yield from flat(parts)
            case Tree(branches):
                yield from _within(branches)
            case Abreast(_names, matrices):
                yield from matrices
            case Bars():
                yield block.table


def _within(branches: Sequence[Branch]) -> Iterator[Block]:
    for branch in branches:
        yield from flat(branch.content)
        yield from _within(branch.branches)


def texts(block: Block) -> Iterator[str]:
    """What is said in a block, a matrix in all of its cells."""
    match block:
        case Grid():
            yield from texts(block.table(range(len(block.array)), range(block.length)))
        case Said():
            yield from (cell.content.text for row in [*block.rows, block.footer] for cell in row)
        case Paragraph(parts):
            yield from (part.text for part in parts)
        case Scale(marks):
            yield from marks


@cache
def shown(name: str) -> Mapping[str, View]:
    return examples(name)


def numbers(view: View, page: Page) -> set[str]:
    """Every number of a view, as it is written."""
    return {
        number for block in flat(list(view.blocks(page))) for text in texts(block) for number in NUMBER.findall(text)
    }


def test_every_view_has_an_example() -> None:
    assert set(NAMES) == EXAMPLES.keys()


@pytest.mark.parametrize("name", NAMES)
def test_it_fits(name: str) -> None:
    for example, view in shown(name).items():
        said = {accessible: numbers(view, Page(accessible)) for accessible in (False, True)}
        for width, accessible, environ, language in MANNERS:
            i18n.use(language)
            screen = on_screen(view, width, accessible, environ)
            i18n.use("en")
            told = f"{example}, {width} wide, {'accessible, ' * accessible}{language}:\n{screen.text}"
            assert max(map(cell_len, screen.text.splitlines()), default=0) <= width, told
            assert set(NUMBER.findall(screen.text)) <= said[accessible], told
            assert not accessible or language == "zh" or TOKENS.sub("", screen.text).isascii(), told
            assert environ or all(map(is_whole, screen.drawings)), told
            assert screen.drawings or accessible or not is_tabled(name, width) or not said[False], told


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_in_any_box(name: str) -> None:
    for example, view in shown(name).items():
        said = numbers(view, Page())
        for box, width in product(("none", "rounded", "markdown"), (40, 80)):
            screen = on_screen(view, width, False, {}, box)
            told = f"{example}, {width} wide, {box}:\n{screen.text}"
            assert max(map(cell_len, screen.text.splitlines()), default=0) <= width, told
            assert set(NUMBER.findall(screen.text)) <= said, told
            assert all(map(is_whole, screen.drawings)), told


def is_tabled(name: str, width: int) -> bool:
    return name in NUMBERS or (name in LISTS and width >= 80)


def is_whole(drawing: Drawing) -> bool:
    """Whether no column is narrower than its cells, but for those that may be cut: texts, and names before numbers."""
    table, width = drawing
    console = Console(width=width)
    options = console.options
    widths = table._calculate_column_widths(console, options)
    return all(
        console.measure(cell, options=options).maximum <= given
        for place, (column, given) in enumerate(zip(table.columns, widths, strict=True))
        if column.no_wrap and (place or column.width is column.max_width is None)
        for cell in column.cells
    )
