"""The partial derivatives of an expression with respect to the cells of what it reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...backward import Slope
from ...i18n import _
from ...operation import Trait
from .compiling import Expression
from .gradients import scattered
from .lexing import at
from .values import described, everything

if TYPE_CHECKING:
    from ...tensor import Tensor
    from ..locations import Here

__all__ = ["Slope", "slopes"]


def slopes(expression: Expression, here: Here) -> list[Slope]:
    """∂E/∂x for every cell x of every recorded tensor that an expression E reads, each tensor once, by the chain rule.

    It is worked out in double precision. Where a record was edited, what was put there counts; what was printed before
    is constant. Where E has a corner, one side is taken: of the largest of equals the first, of a length of 0 nothing,
    and of a probability of exactly 0, which adds nothing to an entropy, nothing.

    Raises:
        ExpressionError: E is not one number, nor a tensor of one cell, or not a finite one; it reads nothing recorded,
            or masks alone; a part has no derivative; or it reads several steps, another than the cursor's besides @0,
            another run, a parameter or whole numbers.
    """
    return valued(expression, here)[1]


def valued(expression: Expression, here: Here) -> tuple[float, list[Slope]]:
    """What an expression comes to, and its `slopes`; raises as these."""
    if not expression.tree.reads:
        raise at(1, _("this reads nothing that is recorded, so that it has no derivative"))
    with np.errstate(all="ignore"):
        value, back = expression.tree.traced(here)
        number = _one(value)
        found: dict[str, Slope] = {}
        for record, array in back(scattered(np.ones(1), value)):
            known = found.get(record.address)
            found[record.address] = Slope(record, array if known is None else known.array + array)
    _insist_on_more_than_masks([slope.record for slope in found.values()], here)
    return number, list(found.values())


def _one(value: Any) -> float:
    """A value as the one finite number that it is."""
    if everything(value).size != 1:
        told = _("a derivative is that of one number, and this is {what}; wrap it in sum(…), mean(…) or the like")
        raise at(1, told.format(what=described([value])))
    number = float(everything(value).item())
    if not math.isfinite(number):
        raise at(1, _("this comes to {value} here, and a derivative is that of a finite number").format(value=number))
    return number


def _insist_on_more_than_masks(read: Sequence[Tensor], here: Here) -> None:
    if read and all(here.run.at(tensor.at).find(tensor.path).has(Trait.MASK) for tensor in read if tensor.at):
        told = _("{address} is a mask, which no parameter and no token changes, so that there is nothing to go back to")
        raise at(1, told.format(address=read[0].address))
