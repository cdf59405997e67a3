"""Records, one line each: where, what shape, what was done, and the range of what came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..document import Block, Cell, Column, Row, Span, Table
from ..tape import Record
from .composite import noted
from .heading import summary
from .numbers import Notation, decimals_of
from .page import BOLD, DIM, Page, View

_WHERE = 31
_NOTE = 30
_ARROW = " --> "


def shape_of(record: Record) -> str:
    """``[2,1,4]``."""
    return f"[{','.join(map(str, record.output.shape))}]"


def where_width(records: Sequence[Record]) -> int:
    """The cells that address and shape of any of these records need."""
    return max((len(record.address) + 2 + len(shape_of(record)) for record in records), default=0)


@dataclass(frozen=True)
class RecordLine(View):
    """``@0 #1  encoder.embed.tokens     [4,16]  E[ids] · √d_model  x∈[-2.11, 2.64]  μ 0.08  σ 1.01``.

    On a narrow page statistics go first, then the note, then the shape. ``width`` is that of address and shape
    together.
    """

    record: Record
    width: int = _WHERE
    remark: str = ""

    def blocks(self, page: Page) -> Iterator[Block]:
        record, numbers = self.record, self._numbers(page)
        note = noted(record, self.remark or record.op.note(record))
        room = self.width - len(shape_of(record)) - 2
        heads = [Column(align="<"), Column(align="<", least=room), Column(spare=1)]
        heads += [Column(align="<", spare=2, least=_NOTE if numbers else 0)]
        heads += [Column(align="<", spare=3 + n) for n in range(len(numbers))]
        row = [Cell(part) for part in (Span(record.address), Span(shape_of(record), DIM), note)]
        step = Cell(Span(f"@{record.step} #{record.index}", BOLD))
        yield Table(heads, [[step, *row, *(Cell(Span(text, DIM)) for text in numbers)]])

    def _numbers(self, page: Page) -> list[str]:
        output = self.record.output
        if output.array.size == 1:
            return [f"= {Notation(page, decimals_of(output, page.decimals))(output.array.item())}"]
        return summary(output.statistics(), 2, page) if self.record.is_measured else []


@dataclass(frozen=True)
class Listing(View):
    """Records one below the other, an arrow at the current one."""

    records: Sequence[Record]
    current: int | None = None

    def blocks(self, page: Page) -> Iterator[Block]:
        heads = [Column(align="<"), Column(align="<"), Column(spare=2), Column(align="<", spare=1)]
        yield Table(heads, list(map(self._row, self.records)))

    def _row(self, record: Record) -> Row:
        is_here = record.index == self.current
        head = Span(f"{_ARROW if is_here else ' ' * len(_ARROW)}#{record.index}", BOLD if is_here else "")
        note = noted(record, record.op.note(record))
        return [Cell(part) for part in (head, Span(record.address), Span(shape_of(record), DIM), note)]


def record_line(record: Record, *, width: int = _WHERE, remark: str = "") -> RecordLine:
    """One record as a line; ``width`` (of `where_width`) aligns several, ``remark`` stands in place of the note."""
    return RecordLine(record, width, remark)


def listing(records: Sequence[Record], current: int | None = None) -> Listing:
    """Some records of a step; ``current`` is the index (from 1) of the one to point at."""
    return Listing(records, current)
