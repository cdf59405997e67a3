"""The records of a step or parameters, and the layers of a cache, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..i18n import _
from ..tensor import Statistics, Tensor
from .composite import Composite
from .heading import not_finite
from .modules import memory
from .numbers import Notation
from .page import Page, View
from .table import Column, Remark, Table

Shape = tuple[int, ...]
Row = tuple[str, str, Tensor, Statistics | None]
"""Number and name of a tensor, and its statistics, where it is a quantity."""


@dataclass(frozen=True)
class TensorsView(Composite):
    """See `tensors_view`."""

    rows: Sequence[Row]

    def parts(self, page: Page) -> Iterator[View]:
        marks, names, tensors, _statistics = zip(*self.rows, strict=True)
        columns = [
            *([Column("#", marks, spare=3)] if any(marks) else []),
            Column(_("address"), names, "<"),
            Column(_("shape"), [_written(tensor.shape) or "[]" for tensor in tensors], spare=4),
            *self._numbers(page),
        ]
        yield Table(columns, [Remark(page.text(_odd(tensor, statistics))) for *_named, tensor, statistics in self.rows])

    def _numbers(self, page: Page) -> Iterator[Column]:
        number, spare = Notation(page), {"min": 1, "max": 1, "mean": 2, "std": 0}
        for name, expendable in spare.items():
            values = (statistics and getattr(statistics, name) for *_named, statistics in self.rows)
            yield Column(name, ["" if value is None else number(value) for value in values], spare=expendable)


@dataclass(frozen=True)
class CacheView(Composite):
    """See `cache_view`."""

    layers: Sequence[tuple[Shape, Shape, int]]

    def parts(self, page: Page) -> Iterator[View]:
        sizes = [size for _own, _memory, size in self.layers]
        columns = [
            Column(_("layer"), [str(n) for n in range(len(self.layers))], "<", foot=_("in all")),
            Column(_("k and v [head,key,d_k]"), [_written(own) for own, _memory, _size in self.layers]),
            Column(_("of the source"), [_written(memory) for _own, memory, _size in self.layers], spare=1),
            Column(_("memory"), list(map(memory, sizes)), foot=memory(sum(sizes))),
        ]
        yield Table(columns)


def tensors_view(rows: Sequence[Row]) -> TensorsView:
    """Tensors in the order given, at least one: each after its number, if any, and its name."""
    return TensorsView(rows)


def _odd(tensor: Tensor, statistics: Statistics | None) -> str:
    """What there is to say of a tensor beside its statistics, or in place of them."""
    if statistics is None:
        return _("a mask") if tensor.shape else f"= {tensor.array.item()}"
    return not_finite(statistics)


def cache_view(layers: Sequence[tuple[Shape, Shape, int]]) -> CacheView:
    """Of each layer the shape of its own keys, of those of the source (empty where there are none), and its bytes."""
    return CacheView(layers)


def _written(shape: Shape) -> str:
    return f"[{','.join(map(str, shape))}]" if shape else ""
