"""How a value that was printed before is named."""

from __future__ import annotations

from ..addresses import Selector
from ..dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Earlier:
    """``$3``, the third value printed, or one so far ``back``: ``$`` 0, ``$$`` 1, ``$$3`` 3; what selectors leave."""

    text: str
    number: int | None = None
    back: int = 0
    selectors: tuple[Selector, ...] = ()
