"""Records, one line each: where, what shape, what was done, and the range of what came out."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from ..document import BOLD, DIM, Block, Cell, Column, Row, Span, Table
from ..tape import Record
from .heading import summary
from .numbers import Notation, decimals_of
from .page import Page
from .view import view
from .written import noted

_WHERE = 31
_NOTE = 30
_ARROW = " --> "


def shape_of(record: Record) -> str:
    """``[2,1,4]``."""
    return f"[{','.join(map(str, record.output.shape))}]"


def where_width(records: Sequence[Record]) -> int:
    """The cells that address and shape of any of these records need."""
    return max((len(record.address) + 2 + len(shape_of(record)) for record in records), default=0)


@view
def record_line(page: Page, record: Record, *, width: int = _WHERE, remark: str = "") -> Iterator[Block]:
    """``@0 #1  encoder.embed.tokens     [4,16]  E[ids] · √d_model  x∈[-2.11, 2.64]  μ 0.08  σ 1.01``.

    On a narrow page statistics go first, then the note, in whose place they come back, then the shape. ``width`` (of
    `where_width`) aligns the shapes of several, ``remark`` stands in place of the note.
    """
    numbers, shape = _numbers(record, page), shape_of(record)
    heads = [
        Column(align="<"),
        Column(align="<", least=width - len(shape) - 2),
        Column(spare=1),
        Column(align="<", spare=2, least=_NOTE if numbers else 0, gives_way=True),
        *(Column(align="<", spare=3 + n) for n in range(len(numbers))),
    ]
    note = noted(record, remark or record.note)
    where = (Span(f"@{record.step} #{record.index}", BOLD), Span(record.address), Span(shape), note)
    yield Table(heads, [[Cell(part) for part in (*where, *(Span(text, DIM) for text in numbers))]])


def _numbers(record: Record, page: Page) -> list[str]:
    output = record.output
    if output.array.size == 1:
        return [f"= {Notation(page, decimals_of(output, page.decimals)).alone(output.array.item())}"]
    return summary(output.statistics(), 2, page) if record.is_measured else []


@view
def listing(
    _page: Page, records: Sequence[Record], current: int | None = None, marked: Container[str] = ()
) -> Iterator[Block]:
    """Records one below the other; ``current`` is the index (from 1) of the one that an arrow points at.

    ``marked`` are the paths of those that come of edits.
    """
    heads = [Column(align="<"), Column(align="<"), Column(spare=1), Column(align="<", spare=2, room="cut")]
    rows = [(record, record.index == current, _mark(record, marked)) for record in records]
    yield Table(heads, [_row(record, mark, is_here=is_here) for record, is_here, mark in rows])


def _mark(record: Record, marked: Container[str]) -> str:
    """What stands after the number of an edited record, and of one that comes of such."""
    return " E" if record.edits else " D" if record.address in marked else ""


def _row(record: Record, mark: str, *, is_here: bool) -> Row:
    head = Span(f"{_ARROW if is_here else ' ' * len(_ARROW)}#{record.index}{mark}", BOLD if is_here else "")
    note = noted(record, record.note)
    return [Cell(part) for part in (head, Span(record.address), Span(shape_of(record)), note)]
