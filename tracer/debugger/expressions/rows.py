"""The nodes that read rows of what a step says of the next token: functions of tokens, and of two runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...addresses import Address, Everywhere, Label
from ...backward import Slope
from ...dataclass import dataclass
from ...errors import InputError, TraceError
from ...i18n import _
from ...stack import by_step
from ...tensor import Tensor
from .evaluation import Constant, Context, Node, each_step, no_way_back, read, saying_where, traced_read
from .functions import OfRuns, OfToken
from .gradients import Traced
from .lexing import address_of, at
from .tokens import Placed, row_of
from .values import settled

if TYPE_CHECKING:
    from ..locations import Here

Position = Node | Label | None
"""Of what was read: a number that is worked out, a token, or the last."""
Rows = Callable[[Context], Address | Everywhere]


def rows_at(path: str, where: Address | Everywhere, position: Position) -> Rows:
    """The address of the row at a position, which may have to be worked out."""
    if isinstance(position, Node):
        return lambda context: row_of(path, where, position(context))
    return Constant(row_of(path, where, position))


@dataclass(frozen=True, slots=True, eq=False)
class OfRow(Node):
    """What a function says of tokens, in the step or the steps of the rows."""

    function: OfToken
    column: int
    rows: Rows
    tokens: tuple[Placed, ...]

    @property
    def reads(self) -> bool:
        return True

    def __call__(self, context: Context) -> Any:
        try:
            return self._of(read(context, self.rows(context)))
        except TraceError as error:
            raise at(self.column, str(error)) from error

    def _of(self, rows: Tensor) -> Any:
        """[…, vocab] -> […]: what the function says of the tokens in every row."""
        places = self._places(rows)
        if len(rows.dims) == 1:
            return self.function.compute(rows.array, *places)
        found = [self.function.compute(row, *places) for row in rows.array.reshape(-1, rows.shape[-1])]
        return settled(np.array(found).reshape(rows.shape[:-1]), rows.dims[:-1])

    def _places(self, rows: Tensor) -> list[int]:
        return [placed(rows.dims[-1], rows.shape[-1]) for placed in self.tokens]

    def leading_back(self, here: Here) -> Traced:
        if self.function.slope is None:
            raise no_way_back(self.function.name, self.column)
        with saying_where(self.column):
            row, back = traced_read(here, self.rows(here))
            slope = self.function.slope(row.array, *self._places(row))

        def further_back(gradient: Any) -> Iterator[Slope]:
            return back(gradient * slope)

        return Traced(self._of(row), further_back)


@dataclass(frozen=True, slots=True, eq=False)
class OfTwoRuns(Node):
    """What a function says of two runs, in the step or the steps of ``where``."""

    function: OfRuns
    column: int
    where: Address | Everywhere
    runs: tuple[int, ...]
    rows: tuple[Rows, ...]

    @property
    def reads(self) -> bool:
        return True

    def __call__(self, context: Context) -> Any:
        try:
            if not isinstance(self.where, Everywhere):
                return self._of_step(context, self.where.step)
            first = replace(address_of(self.where), run=self.runs[0])
            found = each_step(context, first, lambda number: self._of_step(context, number))
            return Tensor(np.array(list(found.values())), (by_step(list(found)),))
        except TraceError as error:
            raise at(self.column, str(error)) from error

    def _of_step(self, context: Context, step: int | None) -> Any:
        here, there = (read(context, replace(address_of(row(context)), step=step)) for row in self.rows)
        if here.shape != there.shape:
            told = _("one row is {here} and the other {there}: the runs are of models with different vocabularies")
            raise InputError(told.format(here=here.header, there=there.header))
        return self.function.compute(here.array, there.array)

    def leading_back(self, here: Here) -> Traced:
        told = _("{name} reads two runs, and derivatives are by what is recorded in the current one")
        raise at(self.column, told.format(name=self.function.name))
