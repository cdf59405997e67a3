"""A row of the gradient of a softmax, or of a loss by logits, worked out cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..addresses import written
from ..document import Block, Table
from ..i18n import _
from ..operation import Operation
from ..ops.gradients.softmax import loss_gradient, softmax_gradient
from ..tape import Record
from ..tensor import Array
from ..window import Hidden, Shown, window
from .heading import Heading
from .numbers import Notation
from .page import Page
from .softmax import row_label
from .table import Column, table
from .view import View, view


class Stage(NamedTuple):
    """What every cell of a row comes to on the way, under a title; ``total`` is the sum, where that says something."""

    title: str
    values: Array
    total: float | None = None
    adds: bool = True
    """Whether the sum stands for cells that are left out."""


@view
def loss_gradient_view(
    page: Page,
    record: Record,
    row: Sequence[int],
    *,
    title: str | None = None,
    decimals: int | None = None,
    max_rows: int | None = None,
) -> Iterator[Block]:
    """z, p, y, p − y, and dy times that, at one position, the largest gradients first: that of the next id leads.

    The arguments are as in `softmax_view`; ``row`` is a position that a loss is of.
    """
    page, [position] = page.showing(decimals, max_rows), row
    dy, logits = (tensor.array.astype(np.float64) for tensor in record.inputs)
    gold, start = record.parameters["gold"], record.parameters["start"]
    z = logits[position]
    exps = np.exp(z - z.max())
    p, y = exps / exps.sum(), np.zeros_like(z)
    y[gold[position - start]] = 1
    number = Notation(page)
    facts = [f"dy {number.alone(dy[position - start])}", _("the next id is {id}").format(id=gold[position - start])]
    yield _heading(record, row, title).above(facts, page)
    yield _table(
        page,
        record,
        [
            Stage("z", z, adds=False),
            Stage("p", p, p.sum()),
            Stage("y", y),
            Stage("p − y", p - y),
            Stage("dy · (p − y)", record.output.array[position].astype(np.float64)),
        ],
    )


@view
def softmax_gradient_view(
    page: Page,
    record: Record,
    row: Sequence[int],
    *,
    title: str | None = None,
    decimals: int | None = None,
    max_rows: int | None = None,
) -> Iterator[Block]:
    """y, dy, dy · y with its sum over the row, and the gradient; the arguments are as in `softmax_view`."""
    page = page.showing(decimals, max_rows)
    dy, y, gained = (tensor.array[tuple(row)].astype(np.float64) for tensor in (*record.inputs, record.output))
    yield _heading(record, row, title).above([page.text(record.written.formula)], page)
    stages = [Stage("y", y), Stage("dy", dy, adds=False), Stage("dy · y", dy * y, (dy * y).sum())]
    yield _table(page, record, [*stages, Stage("y · (dy − Σ)", gained)])


VIEWS: Mapping[Operation, Callable[..., View]] = {
    loss_gradient: loss_gradient_view,
    softmax_gradient: softmax_gradient_view,
}


def has_row(record: Record, row: Sequence[int]) -> bool:
    """Whether there is something to work out in a row: at positions that no loss is of there is nothing."""
    if record.op is not loss_gradient:
        return record.op in VIEWS
    start = record.parameters["start"]
    return bool(start <= row[0] < start + len(record.parameters["gold"]))


def _heading(record: Record, row: Sequence[int], title: str | None) -> Heading:
    return Heading(written(record.address, record.at, tuple(row)) if title is None else title)


def _table(page: Page, record: Record, stages: Sequence[Stage]) -> Table:
    """A line for each cell; of a row that is cut, those with the largest gradients."""
    last = stages[-1].values
    is_cut = len(last) > page.rows
    places = np.argsort(-np.abs(last), kind="stable") if is_cut else np.arange(len(last))
    shown = window(len(last), page.rows, range(page.rows - 1) if is_cut else [])
    names = Column(record.output.axes[-1], [row_label(record, at, places, page) for at in shown], "<")
    return table([names, *(_column(stage, places, shown, page) for stage in stages)], goes_on=True)


def _column(stage: Stage, places: Array, shown: Sequence[Shown], page: Page) -> Column:
    number, values = Notation(page), stage.values[places]
    cells = [
        number.precisely(value) if value is not None else "" for value in (_value(stage, values, at) for at in shown)
    ]
    total = "" if stage.total is None else number.precisely(stage.total)
    foot = total if stage.adds else page.text("Σ")
    return Column(page.text(stage.title), cells, foot=foot)


def _value(stage: Stage, values: Array, at: Shown) -> float | None:
    """The value at a place, or the sum of those that are left out."""
    if not isinstance(at, Hidden):
        return float(values[at])
    return float(values[at.start : at.stop].sum()) if stage.adds else None
