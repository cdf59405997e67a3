"""The records of a step or parameters, and the layers of a cache, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..document import Block
from ..i18n import _
from ..tensor import Statistics, Tensor
from .heading import not_finite
from .modules import memory
from .numbers import Notation
from .page import Page
from .table import Column, Remark, table
from .view import view

Shape = tuple[int, ...]
Row = tuple[str, str, Tensor, Statistics | None]
"""Number and name of a tensor, and its statistics, where it is a quantity."""


@view
def tensors_view(page: Page, rows: Sequence[Row]) -> Iterator[Block]:
    """Tensors in the order given, at least one: each after its number, if any, and its name."""
    marks, names, tensors, statistics = zip(*rows, strict=True)
    columns = [
        *([Column("#", marks, spare=3)] if any(marks) else []),
        Column(_("address"), names, "<"),
        Column(_("shape"), [_written(tensor.shape) or "[]" for tensor in tensors], spare=4),
        *_numbers(statistics, page),
    ]
    yield table(columns, [Remark(page.text(_odd(*pair))) for pair in zip(tensors, statistics, strict=True)])


def _numbers(statistics: Sequence[Statistics | None], page: Page) -> Iterator[Column]:
    number, spare = Notation(page), {"min": 1, "max": 1, "mean": 2, "std": 0}
    for name, expendable in spare.items():
        values = (found and getattr(found, name) for found in statistics)
        yield Column(name, ["" if value is None else number(value) for value in values], spare=expendable)


def _odd(tensor: Tensor, statistics: Statistics | None) -> str:
    """What there is to say of a tensor beside its statistics, or in place of them."""
    if statistics is not None:
        return not_finite(statistics)
    if not tensor.shape:
        return f"= {tensor.array.item()}"
    return _("ids") if np.issubdtype(tensor.dtype, np.integer) else _("a mask")


@view
def cache_view(_page: Page, layers: Sequence[tuple[Shape, Shape, int]]) -> Iterator[Block]:
    """Of each layer the shape of its own keys, of those of the source (empty where there are none), and its bytes."""
    own, source, sizes = zip(*layers, strict=True)
    columns = [
        Column(_("layer"), [str(n) for n in range(len(layers))], "<", foot=_("in all")),
        Column(_("k and v [head,key,d_k]"), list(map(_written, own))),
        Column(_("of the source"), list(map(_written, source)), spare=1),
        Column(_("memory"), list(map(memory, sizes)), foot=memory(sum(sizes))),
    ]
    yield table(columns)


def _written(shape: Shape) -> str:
    return f"[{','.join(map(str, shape))}]" if shape else ""
