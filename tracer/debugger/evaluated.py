"""An expression as what an edit puts in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..addresses import Selector
from ..arithmetic import Node
from ..dataclass import dataclass
from ..edits import Constant, OfRun, Value
from ..edits.values import Cell
from ..errors import InputError, TraceError
from ..i18n import _
from ..tensor import Tensor
from ..trace import Trace
from .cursor import Cursor
from .expressions import Expression, Several
from .locations import Here, performed
from .stops.naming import whole_expression


@dataclass(frozen=True, eq=False)
class Evaluated(Value):
    """What an expression comes to in a run at the step that is edited.

    A step that the run does not come to is left as it is, if the expression reads something there.

    An expression that is the address of one record is a value taken from there. ``text`` is how it was written; the
    ``expression`` names everything by its full path.
    """

    expression: Expression
    here: Here
    text: str

    def put(self, computed: Tensor, selectors: Sequence[Selector]) -> Any:
        there = self._there(computed)
        try:
            taken = self._taken(there)
            value = self.expression.evaluate(there) if taken is None else taken.put(computed, selectors)
        except TraceError:
            if performed(there.run, there.step):
                raise
            return None
        if isinstance(value, str | Several):
            raise InputError(_("{text} is no number and no one tensor").format(text=self.text))
        return value

    def derive(self, cell: Cell) -> Node:
        taken = self._taken(self._there(cell.output))
        return super().derive(cell) if taken is None else taken.derive(cell)

    @property
    def runs(self) -> Sequence[Trace]:
        return [self.here.run_of(address) for address in self.expression.addresses]

    def _there(self, tensor: Tensor) -> Here:
        """The place from which addresses are read; the end of the step, where the cursor stands in another one."""
        number = self.here.step if tensor.at is None else tensor.at.number
        if number == self.here.step:
            return self.here
        run = self.here.run
        return replace(self.here, cursor=Cursor(number, run.step(number).turn if performed(run, number) else 0))

    def _taken(self, there: Here) -> OfRun | None:
        """The cells of the one record that the expression is, if it is one."""
        address = self.expression.sole_address
        if address is None or address.is_glob or there.parameters(address):
            return None
        record = there.find(address)
        return OfRun(there.run_of(address), record.at, record.address, address.selectors, self.text)

    def __str__(self) -> str:
        return self.text


def evaluated(expression: Expression, here: Here) -> Value:
    """An expression as what an edit puts in; where it names nothing that is recorded, its value.

    It reads the runs and the printed values that there are now, whatever becomes of the session.
    """
    reads = expression.addresses or expression.everywhere or expression.sole is not None
    value = None if reads else expression.evaluate(here)
    if isinstance(value, int | float):
        return Constant(value, expression.text)
    now = replace(here, history=here.history.copied(), runs=dict(here.runs))
    return Evaluated(whole_expression(expression, here), now, expression.text)
