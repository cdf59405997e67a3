"""How far one array of a reference is from what is recorded here."""

from __future__ import annotations

from typing import NamedTuple

from ..addresses import At, written
from ..differences import Difference


class Check(NamedTuple):
    """One array of the reference: the path of what holds the same here, and the largest difference between the two.

    ``at`` is the pass that the path lies in; ids that decoding yields lie in none. The difference is infinite where the
    shapes differ or a number is none; of ids, it is how many are not the same. ``cell`` is where it is farthest beyond,
    or nearest to, what is allowed, if it is that of a cell. ``row`` is that of the batch, ``stored`` how the numbers
    are stored where that is less than a float32, and ``why`` what there is to say of the difference.
    """

    name: str
    path: str
    largest: float
    allowed: float
    cell: Difference | None = None
    row: int | None = None
    stored: str = ""
    why: str = ""
    at: At | None = None

    @property
    def address(self) -> str:
        """The path as people read it, with the pass."""
        return written(self.path, self.at)

    @property
    def holds(self) -> bool:
        """Whether the difference is within what is allowed."""
        return self.largest <= self.allowed

    @property
    def is_record(self) -> bool:
        """Whether it is of a record rather than of ids that decoding yields."""
        return self.at is not None

    @property
    def called(self) -> str:
        """The name, with the row where there are several."""
        return self.name if self.row is None else f"{self.name}[{self.row}]"
