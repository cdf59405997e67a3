"""A sum over rows worked out, a line for each stage of its terms and a column for each term, the largest in sight."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from ..arithmetic import Leaf, Node, Number, Sum, Terms, Vector
from ..dataclass import dataclass
from ..document import DIM, Block, Cell, Column, Span, Table
from ..i18n import _, ngettext
from ..tensor import Row
from .expression import SymbolWriter, Writer
from .numbers import Notation
from .page import Page
from .tokens import place_label
from .view import view
from .words import bound

MORE = 2
"""So many terms beyond those asked for are shown rather than left out."""

_LABEL = 12


@dataclass(frozen=True)
class Stage:
    """One line: a symbol, its value in each term shown, and what there is to say at its end."""

    symbol: str
    texts: Sequence[str]
    tail: str


@view
def worked_sum(
    page: Page, node: Sum, *, total: float, count: int | None, asked: Sequence[Leaf] = ()
) -> Iterator[Block]:
    """The ``count`` largest terms of a sum over rows (all of them for None), the rest as one number, and the total.

    The terms of the cells ``asked`` for are among those shown, however small.
    """
    assert isinstance(node.terms, Terms)
    worked = _Worked(node.terms, total, count, asked)
    heads = [Column(place_label(worked.row.axis, place), most=_LABEL) for place in worked.shown]
    rows = [
        [Cell(Span(text)) for text in (stage.symbol, *stage.texts)] + [Cell(Span(stage.tail, DIM))]
        for stage in worked.stages(page)
    ]
    yield Table([Column(align="<"), *heads, Column(align="<", room="fold")], rows, goes_on=True)


@dataclass(frozen=True)
class _Worked:
    terms: Terms
    total: float
    count: int | None
    asked: Sequence[Leaf]

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
        places = map(self.row.find, self.asked)
        return (place for place in places if place is not None)

    @property
    def row(self) -> Row:
        row = next(iter(self.terms.rows.values()))
        assert isinstance(row, Row)
        return row

    def stages(self, page: Page) -> Iterator[Stage]:
        """From the cells of the rows, one stage after the other, to the terms themselves."""
        writer, symbol = Writer(Notation(page)), SymbolWriter(Notation(page))
        above: dict[int, Sequence[float]] = {}
        for node in varying(self.terms.general):
            values = self._values(node)
            tails = [node.cells.address] if isinstance(node, Vector) and isinstance(node.cells, Row) else []
            if node is self.terms.general:
                tails = [*self._total(writer, page), *tails]
            about = " ≈" if _is_rounded(node, values, above, writer) else ""
            texts = [writer.value(value) for value in values]
            yield Stage(page.text(symbol.write(node) + about), texts, "   ".join(map(bound, tails)))
            above[id(node)] = [writer.seen(value) for value in values]

    def _values(self, node: Node) -> list[float]:
        """A stage in each of the terms shown."""
        with np.errstate(all="ignore"):
            found: list[float] = np.broadcast_to(node.evaluate(), len(self.terms))[self.shown].tolist()
        return found

    def _total(self, writer: Writer, page: Page) -> Iterator[str]:
        """The terms left out, as one number; what else is missing from the total to the digits shown; the total."""
        hidden = len(self.terms) - len(self.shown)
        read = sum(map(writer.seen, self._values(self.terms.general)))
        if hidden:
            text = ngettext("… {n} further term = {rest}", "… {n} further terms = {rest}", hidden)
            yield page.text(text.format(n=hidden, rest=self._rest(read, writer)))
        elif not writer.holds(read, self.total):
            yield page.text(_("rounding = {rest}").format(rest=writer.missing(read, self.total)))
        yield page.text(f"Σ = {writer.value(self.total)}")

    def _rest(self, read: float, writer: Writer) -> str:
        """What the terms left out add up to, or what they seem to, where rounding of those shown hides it."""
        with np.errstate(all="ignore"):
            rest = float(np.delete(self.terms.values, self.shown).sum(dtype=np.float64))
        is_seen = not math.isfinite(read + rest) or writer.holds(read + writer.seen(rest), self.total)
        return writer.value(rest) if is_seen else writer.missing(read, self.total)


def varying(node: Node) -> Iterator[Node]:
    """What differs from term to term, each part after those it is made of."""
    for child in node.children():
        yield from varying(child)
    if _varies(node):
        yield node


def _is_rounded(node: Node, values: Sequence[float], above: Mapping[int, Sequence[float]], writer: Writer) -> bool:
    """Whether the numbers shown above do not come to a stage's, to the digits shown."""
    if isinstance(node, Vector):
        return False
    constants = [None if _varies(child) else Number(writer.read(child)) for child in node.children()]

    def read(place: int) -> float:
        operands = zip(node.children(), constants, strict=True)
        return node.of(*(constant or Number(above[id(child)][place]) for child, constant in operands)).evaluate()

    return not all(writer.holds(read(place), value) for place, value in enumerate(values))


def _varies(node: Node) -> bool:
    return isinstance(node, Vector) or any(map(_varies, node.children()))
