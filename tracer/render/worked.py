"""A sum over rows worked out, a line for each stage of its terms and a column for each term, the largest in sight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment

from .. import document
from ..arithmetic import Leaf, Node, Sum, Terms, Vector
from ..document import Block, Cell, Span
from ..i18n import _, ngettext
from ..tensor import Row
from .expression import SymbolWriter, Writer
from .numbers import Notation
from .page import DIM, Line, Page, View, folded, padded
from .tokens import place_label

MORE = 2
"""So many terms beyond those asked for are shown rather than left out."""

_GAP = 2
_LABEL = 12


@dataclass(frozen=True)
class Stage:
    """One line: a symbol, its value in each term shown, and what there is to say at its end."""

    symbol: str
    texts: Sequence[str]
    tail: str


@dataclass(frozen=True)
class WorkedSum(View):
    """See `worked_sum`."""

    terms: Terms
    total: float
    count: int | None
    asked: Sequence[Leaf]

    def lines(self, page: Page) -> Iterator[Line]:
        heads = [place_label(self._row.axis, place, page, room=_LABEL) for place in self.shown]
        stages = list(self._stages(page))
        texts = [*heads, *(text for stage in stages for text in stage.texts)]
        area, width = max(cell_len(stage.symbol) for stage in stages), max(map(cell_len, texts)) + _GAP
        fit = max(1, (page.width - area) // width)
        for start in range(0, len(heads), fit):
            block, is_last = slice(start, start + fit), start + fit >= len(heads)
            yield [Segment(" " * area + _cells(heads[block], width), DIM)]
            for stage in stages:
                line = padded(stage.symbol, area) + _cells(stage.texts[block], width)
                yield from _with_tail(line, stage.tail if is_last else "", page.width)

    def blocks(self, page: Page) -> Iterator[Block]:
        heads = [document.Column(place_label(self._row.axis, place, page)) for place in self.shown]
        rows = [
            [Cell(Span(text)) for text in (stage.symbol, *stage.texts)] + [Cell(Span(stage.tail, "dim"))]
            for stage in self._stages(page)
        ]
        yield document.Table([document.Column(align="<"), *heads, document.Column(align="<")], rows)

    @cached_property
    def shown(self) -> list[int]:
        """The places of the largest terms and of the cells asked for, in order."""
        sizes = np.nan_to_num(np.abs(self.terms.values), nan=np.inf)
        if self.count is None or len(sizes) <= self.count + MORE:
            return list(range(len(sizes)))
        largest = np.argpartition(-sizes, self.count)[: self.count].tolist()
        return sorted({*largest, *self._asked_places()})

    def _asked_places(self) -> Iterator[int]:
        """Where in the row the cells asked for lie, those that are of it."""
        row = self._row
        for leaf in self.asked:
            if leaf.address == row.tensor.address:
                place = leaf.index[len(row.before)]
                if leaf.index == row[place].index:
                    yield place

    @property
    def _row(self) -> Row:
        row = next(iter(self.terms.rows.values()))
        assert isinstance(row, Row)
        return row

    def _stages(self, page: Page) -> Iterator[Stage]:
        """From the cells of the rows, one stage after the other, to the terms themselves."""
        writer, symbol = Writer(Notation(page)), SymbolWriter(Notation(page))
        for node in stages(self.terms.general):
            with np.errstate(all="ignore"):
                values = np.broadcast_to(node.evaluate(), len(self.terms))[self.shown].tolist()
            tails = [node.cells.address] if isinstance(node, Vector) and isinstance(node.cells, Row) else []
            if node is self.terms.general:
                tails = [*self._total(writer, page), *tails]
            yield Stage(page.text(symbol.write(node)), [writer.value(value) for value in values], "   ".join(tails))

    def _total(self, writer: Writer, page: Page) -> Iterator[str]:
        """The terms left out, as what is missing from the total to the digits shown; and the total."""
        values, total = self.terms.values, self.total
        hidden = len(values) - len(self.shown)
        rest = writer.missing(values[self.shown].tolist(), total)
        if hidden:
            left_out = np.delete(values, self.shown).sum() if not np.isfinite(total) else float(rest or 0.0)
            text = ngettext("… {n} further term = {rest}", "… {n} further terms = {rest}", hidden)
            yield page.text(text.format(n=hidden, rest=rest or writer.value(left_out)))
        elif rest:
            yield page.text(_("rounding = {rest}").format(rest=rest))
        yield page.text(f"Σ = {writer.value(total)}")


def worked_sum(node: Sum, *, total: float, count: int | None, asked: Sequence[Leaf] = ()) -> WorkedSum:
    """The ``count`` largest terms of a sum over rows (all of them for None), the rest as one number, and the total.

    The terms of the cells ``asked`` for are among those shown, however small.
    """
    assert isinstance(node.terms, Terms)
    return WorkedSum(node.terms, total, count, asked)


def stages(node: Node) -> Iterator[Node]:
    """What differs from term to term, each part after those it is made of."""
    for child in node.children():
        yield from stages(child)
    if _varies(node):
        yield node


def _varies(node: Node) -> bool:
    return isinstance(node, Vector) or any(map(_varies, node.children()))


def _cells(texts: Sequence[str], width: int) -> str:
    return "".join(padded(text, width, ">") for text in texts)


def _with_tail(line: str, tail: str, width: int) -> Iterator[Line]:
    """A line and what stands at its end, on lines of its own where there is no room."""
    if cell_len(line) + 3 + cell_len(tail) <= width:
        yield [Segment(line), Segment(f"   {tail}" if tail else "", DIM)]
        return
    yield [Segment(line)]
    if tail:
        yield from ([Segment(f"    {part}", DIM)] for part in folded(tail, max(12, width - 4)))
