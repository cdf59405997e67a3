"""What an expression may name without its being an address: the moment of a run, and infinity."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol


class Moment(Protocol):
    """The moment of a run that an expression may ask about."""

    @property
    def step(self) -> int: ...

    @property
    def token(self) -> str | None: ...

    @property
    def text(self) -> str: ...


VARIABLES: dict[str, Callable[[Moment], Any]] = {
    "inf": lambda _moment: math.inf,
    "step": lambda moment: moment.step,
    "token": lambda moment: moment.token or "",
    "text": lambda moment: moment.text,
}
"""What may be named without being an address: a number, a piece, and the output so far."""
