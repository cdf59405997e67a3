"""Records, one line each: where, what shape, what was done, and the range of what came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment

from ..document import Block, Cell, Column, Paragraph, Span, Table
from ..tape import Record
from .composite import noted
from .heading import summary
from .numbers import Notation, decimals_of
from .page import BOLD, DIM, Line, Page, View, padded

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

    def lines(self, page: Page) -> Iterator[Line]:
        head = f"@{self.record.step} #{self.record.index}"
        note = self.remark or self.record.op.note(self.record)
        yield _laid_out(head, self.record, self.width, page.text(note), self._numbers(page), page)

    def blocks(self, page: Page) -> Iterator[Block]:
        record = self.record
        note = noted(record, self.remark or record.op.note(record))
        head = Span(f"@{record.step} #{record.index}", "bold")
        numbers = (Span(text, "dim") for text in self._numbers(page))
        yield Paragraph([head, Span(record.address), Span(shape_of(record)), note, *numbers])

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

    def lines(self, page: Page) -> Iterator[Line]:
        width = where_width(self.records)
        digits = max((len(str(record.index)) for record in self.records), default=1)
        for record in self.records:
            arrow = _ARROW if record.index == self.current else " " * len(_ARROW)
            head = f"{arrow}{f'#{record.index}':<{digits + 1}}"
            yield _laid_out(head, record, width, page.text(record.op.note(record)), [], page)

    def blocks(self, page: Page) -> Iterator[Block]:
        yield Table([Column(align=">"), *[Column(align="<")] * 3], list(map(self._row, self.records)))

    def _row(self, record: Record) -> Sequence[Cell]:
        is_here = record.index == self.current
        head = Span(f"{_ARROW.strip()} #{record.index}" if is_here else f"#{record.index}", "bold" if is_here else "")
        note = noted(record, record.op.note(record))
        return [Cell(part) for part in (head, Span(record.address), Span(shape_of(record)), note)]


def record_line(record: Record, *, width: int = _WHERE, remark: str = "") -> RecordLine:
    """One record as a line; ``width`` (of `where_width`) aligns several, ``remark`` stands in place of the note."""
    return RecordLine(record, width, remark)


def listing(records: Sequence[Record], current: int | None = None) -> Listing:
    """Some records of a step; ``current`` is the index (from 1) of the one to point at."""
    return Listing(records, current)


def _laid_out(head: str, record: Record, width: int, note: str, numbers: Sequence[str], page: Page) -> Line:
    shape = shape_of(record)
    room, address = page.width - len(head) - 2, record.address
    place = padded(shape, max(min(width, room) - len(address), len(shape) + 2), ">")
    where = f"{address}{place}" if len(address) + len(place) <= room else address
    tail = next((tail for tail in _tails(note, numbers) if cell_len(tail) + 2 <= room - len(where)), "")
    return [Segment(f"{head}  ", BOLD), Segment(where), Segment(f"  {tail}" if tail else "", DIM)]


def _tails(note: str, numbers: Sequence[str]) -> Iterator[str]:
    """What may follow address and shape, from most to least."""
    for count in range(len(numbers), 0, -1):
        yield from (f"{text}  {'  '.join(numbers[:count])}" for text in (padded(note, _NOTE), note))
    yield note
