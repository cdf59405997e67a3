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

    On a narrow page statistics go first, and the note is folded; then it goes, and they come back in its place, then
    the shape. ``width`` (of `where_width`) aligns the shapes of several, ``remark`` stands in place of the note.
    """
    yield _table([record], [remark], page, width - len(shape_of(record)) - 2)


@view
def record_lines(page: Page, records: Sequence[Record], remarks: Sequence[str]) -> Iterator[Block]:
    """Several records as `record_line`, all parts below each other, with a remark in place of the note of each."""
    yield _table(records, remarks, page)


def _table(records: Sequence[Record], remarks: Sequence[str], page: Page, least: int = 0) -> Table:
    numbers = [_numbers(record, page) for record in records]
    most = max(map(len, numbers))
    heads = [
        Column(align="<"),
        Column(align="<", least=least),
        Column(spare=1),
        Column(align="<", spare=2, least=_NOTE if most else 0, gives_way=True),
        *(Column(align="<", spare=3 + n) for n in range(most)),
    ]
    return Table(heads, [list(_cells(*told, most)) for told in zip(records, remarks, numbers, strict=True)])


def _cells(record: Record, remark: str, numbers: Sequence[str], most: int) -> Iterator[Cell]:
    """The parts of a line, with as many numbers as the longest has."""
    yield Cell(Span(f"@{record.step} #{record.index}", BOLD))
    yield from map(Cell, (Span(record.address), Span(shape_of(record)), noted(record, remark or record.note)))
    yield from (Cell(Span(text, DIM)) for text in [*numbers, *[""] * (most - len(numbers))])


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
