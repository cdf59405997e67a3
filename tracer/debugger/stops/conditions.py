"""Conditions, compiled once."""

from __future__ import annotations

from ...namedtuple import NamedTuple
from ..expressions import Context, Expression, comparison, truth
from .findings import Holds, Worked


class Condition(NamedTuple):
    """An expression that comes out as one truth value."""

    expression: Expression

    def found(self, here: Context) -> Holds | None:
        """That it holds, and with what values; None where it does not.

        Raises:
            ExpressionError: it can't be worked out here, or is no single truth value.
        """
        return self._explained(here) if truth(self.expression.evaluate(here)) else None

    def _explained(self, here: Context) -> Holds:
        compared = comparison(self.expression)
        if compared is None:
            return Holds(str(self))
        sides = (Worked(text, None if side is None else side.evaluate(here)) for text, side in compared.sides)
        return Holds(str(self), tuple(sides), compared.signs)

    def __str__(self) -> str:
        return self.expression.text
