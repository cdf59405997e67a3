"""The records of a step and the layers of a cache, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..i18n import _
from ..tape import Record
from ..tensor import Statistics
from .composite import Composite
from .heading import not_finite
from .modules import memory
from .numbers import Notation
from .page import Page, View
from .records import shape_of
from .table import Column, Remark, Table

Shape = tuple[int, ...]
Row = tuple[Record, Statistics]


@dataclass(frozen=True)
class RecordsView(Composite):
    """See `records_view`."""

    rows: Sequence[Row]

    def parts(self, page: Page) -> Iterator[View]:
        records = [record for record, _statistics in self.rows]
        columns = [
            Column("#", [f"#{record.index}" for record in records], spare=3),
            Column(_("address"), [record.address for record in records], "<"),
            Column(_("shape"), [shape_of(record) for record in records], spare=4),
            *self._numbers(page),
        ]
        yield Table(columns, [Remark(page.text(_odd(*row))) for row in self.rows])

    def _numbers(self, page: Page) -> Iterator[Column]:
        number, spare = Notation(page), {"min": 1, "max": 1, "mean": 2, "std": 0}
        for name, expendable in spare.items():
            cells = ((record.is_measured, getattr(statistics, name)) for record, statistics in self.rows)
            yield Column(name, [number(value) if measured else "" for measured, value in cells], spare=expendable)


@dataclass(frozen=True)
class CacheView(Composite):
    """See `cache_view`."""

    layers: Sequence[tuple[Shape, Shape, int]]

    def parts(self, page: Page) -> Iterator[View]:
        columns = [
            Column(_("layer"), [*(str(n) for n in range(len(self.layers))), _("in all")], "<"),
            Column(_("k and v [head,key,d_k]"), [*(_written(own) for own, _memory, _size in self.layers), ""]),
            Column(_("of the source"), [*(_written(memory) for _own, memory, _size in self.layers), ""], spare=1),
            Column(_("memory"), [memory(size) for size in self._sizes()]),
        ]
        yield Table(columns, [Remark()] * (len(self.layers) + 1))

    def _sizes(self) -> list[int]:
        sizes = [size for _own, _memory, size in self.layers]
        return [*sizes, sum(sizes)]


def records_view(rows: Sequence[Row]) -> RecordsView:
    """Records with the statistics of their outputs, in the order given."""
    return RecordsView(rows)


def _odd(record: Record, statistics: Statistics) -> str:
    """What there is to say of an output beside its statistics, or in place of them."""
    if not record.is_measured:
        return _("a mask") if record.output.shape else f"= {record.output.array.item()}"
    return not_finite(statistics)


def cache_view(layers: Sequence[tuple[Shape, Shape, int]]) -> CacheView:
    """Of each layer the shape of its own keys, of those of the source (empty where there are none), and its bytes."""
    return CacheView(layers)


def _written(shape: Shape) -> str:
    return f"[{','.join(map(str, shape))}]" if shape else ""
