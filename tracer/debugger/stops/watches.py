"""Watchpoints: a value that is another one than a token ago."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...dataclass import dataclass
from ...tensor import Tensor
from ..expressions import Expression, Several, Value
from .findings import Changed
from .sealed import Sealed, Tested

if TYPE_CHECKING:
    from .points import Kind


@dataclass(frozen=True)
class Watch:
    """Compares an expression's value at the end of a step with that at the end of the step before.

    ``expression`` names everything by its full path.
    """

    expression: Expression
    kind: ClassVar[Kind] = "watchpoint"

    def indices(self, step: Sealed) -> Sequence[int]:
        """The last record, where this step and the one before it yield tokens and have all that is read."""
        return (step.last,) if step.number > 1 and self._is_complete(step) and self._is_complete(step.before) else ()

    def found(self, here: Tested) -> tuple[Changed] | None:
        """The values before and now, if they differ; raises what evaluating raises."""
        before = here.sealed.before
        old, new = self.expression.evaluate(before.at(before.last)), self.expression.evaluate(here)
        return None if _alike(old, new) else (Changed(here.step, old, new),)

    def _is_complete(self, step: Sealed) -> bool:
        read = step.inside(self.expression.addresses)
        return read is not None and all(map(step.indices, read))

    def __str__(self) -> str:
        return self.expression.text


def _alike(old: Value, new: Value) -> bool:
    if isinstance(old, Several) and isinstance(new, Several):
        return len(old.values) == len(new.values) and all(map(_alike, old.values, new.values))
    return type(old) is type(new) and _equal(old, new)


def _equal(old: Any, new: Any) -> bool:
    if isinstance(old, str):
        return old == str(new)
    if isinstance(old, Tensor):
        return old.axes == new.axes and _equal(old.array, new.array)
    return np.array_equal(old, new, equal_nan=True)
