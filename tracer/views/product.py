"""This row times that column gives this cell: the three of them side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..arithmetic import Sum
from ..derive import Derivation
from ..document import BOLD, Block, Cell, Column, Span, Table
from ..i18n import _
from ..operands import row_by_column, shapes
from ..tensor import Row
from ..window import Hidden, Shown, window
from .expression import Writer, is_number
from .numbers import Notation, comes_out, legible
from .page import Page
from .view import line, remark, view

HEIGHT = 6
"""So many numbers of a row and of a column are shown."""


@view
def product_view(page: Page, derivation: Derivation) -> Iterator[Block]:
    """The cell of a product, if `row_by_column` finds one in its expression, beside its row and its column.

    The same places are shown of both. Where lists are wanted, the numbers of each follow its name.
    """
    number, found = Notation(page), row_by_column(derivation.expression)
    assert found is not None
    rows, product = found[0], Sum(found[1]).evaluate()
    row, column = (cells.values.tolist() for cells in rows.values())
    shown = window(len(row), HEIGHT, [0, len(row) - 1])
    texts = [_texts(values, shown, page) for values in (row, column)]
    total = f"{_equals(row, column, product, page, is_whole=len(row) <= HEIGHT)} {_notation([product], page)(product)}"
    told = _("this row times that column gives this cell: {shapes}").format(shapes=shapes(derivation.record))
    yield line(told, page)
    yield from _listed(rows, texts, total, page) if page.plain else _pictured(rows, texts, total, page)
    yield line(_cell(derivation, number), page, BOLD, indent=2)


def _cell(derivation: Derivation, number: Notation) -> str:
    """The cell, and what else goes into it."""
    leaf, expression = derivation.record.output.leaf(*derivation.index), derivation.expression
    worked = f" = {Writer(number).line(expression, leaf.value)}" if not is_number(expression) else ""
    return f"{leaf}{worked} = {number.precisely(leaf.value)}"


def _pictured(rows: Mapping[str, Row], texts: Sequence[Sequence[str]], total: str, page: Page) -> Iterator[Block]:
    """The row lies, the column stands, and what they come to is at their end."""
    yield from (remark(f"{symbol} = {cells.address}", page, indent=2) for symbol, cells in rows.items())
    row, column = texts
    widest = max(map(len, column))
    first, *below = (f"| {text:>{widest}} |" for text in column)
    lying = ["", *_bracketed(row), page.text("·"), first, page.text(total)]
    standing = ([*[""] * (len(row) + 2), text, ""] for text in below)
    heads = [*[Column()] * (len(row) + 3), Column(align="<")]
    yield Table(heads, [[Cell(Span(text)) for text in line] for line in [lying, *standing]], goes_on=True)


def _bracketed(row: Sequence[str]) -> list[str]:
    """The texts of a row, the first with a bracket before it and the last with one behind."""
    opened = [f"[ {row[0]}", *row[1:]]
    return [*opened[:-1], f"{opened[-1]} ]"]


def _listed(rows: Mapping[str, Row], texts: Sequence[Sequence[str]], total: str, page: Page) -> Iterator[Block]:
    for (symbol, cells), numbers in zip(rows.items(), texts, strict=True):
        yield line(f"{symbol} = {cells.address}: {'; '.join(numbers)}", page, indent=2)
    yield line(f"{' · '.join(rows)} {total}", page, indent=2)


def _equals(row: Sequence[float], column: Sequence[float], product: float, page: Page, *, is_whole: bool) -> str:
    """The sign before what a row and a column come to: ≈ where all their numbers are shown and do not come to it."""
    xs, ws = (map(float, _written(values, page)) for values in (row, column))
    is_off = is_whole and not comes_out(sum(x * w for x, w in zip(xs, ws, strict=True)), *_written([product], page))
    return "≈" if is_off else "="


def _written(values: Sequence[float], page: Page) -> Sequence[str]:
    """Numbers to the digits shown, as digits."""
    form = "e" if legible(page, values).exponent else "f"
    return [f"{value:.{page.decimals}{form}}" for value in values]


def _notation(values: Sequence[float], page: Page) -> Notation:
    return Notation(legible(page, values))


def _texts(values: Sequence[float], shown: Sequence[Shown], page: Page) -> list[str]:
    number = _notation(values, page)
    return [page.glyphs.more if isinstance(place, Hidden) else number(values[place]) for place in shown]
