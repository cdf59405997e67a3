"""How far one tensor of a dump is from what is recorded here."""

from __future__ import annotations

from typing import Literal

from ..addresses import At, written
from ..dataclass import dataclass
from ..differences import Difference
from ..dumps.evidence import Kind
from .given import Pass
from .held import NOTHING, Held

State = Literal["agrees", "adds", "inherits"]
"""What became of a tensor: it is ours as far as rounding goes; or it is not, of its own or by what it comes of."""


@dataclass(frozen=True)
class Check:
    """One tensor of a dump: its ``name`` there, and the ``path`` of what holds the same here.

    ``at`` is the pass that the path lies in; ids that decoding yields lie in none. ``ours`` holds it against what is
    recorded here, ``own`` against what comes of the dump's numbers for what it is made of, and of ours where it has
    none. ``evidence`` is of what kind its numbers are, of which there are ``cells`` in all; ``stored`` is their type
    where it has fewer digits than float32. ``given`` is what went into the pass, ``layout`` what is unusual about its
    axes, and ``why`` what there is to say of the difference.
    """

    name: str
    path: str
    at: At | None
    state: State
    ours: Held
    own: Held = NOTHING
    evidence: Kind = "values"
    cells: int = 0
    stored: str = ""
    given: Pass | None = None
    layout: str = ""
    why: str = ""

    @property
    def address(self) -> str:
        """The path as people read it, with the pass."""
        return written(self.path, self.at)

    @property
    def largest(self) -> float:
        """The largest difference between theirs and ours; of ids, how many are not the same.

        It is infinite where the shapes differ or a number is none.
        """
        return self.ours.largest

    @property
    def allowed(self) -> float:
        """The largest that is accounted for by rounding, and by the digits that theirs are kept in."""
        return self.ours.allowed

    @property
    def spread(self) -> float:
        """How far all cells are apart on the whole, as a share of what rounding accounts for."""
        return (self.own if self.state == "adds" and self.own.cells else self.ours).spread

    @property
    def relative(self) -> float:
        """The difference as a share of the larger of the two numbers in that cell."""
        return self.ours.relative

    @property
    def cell(self) -> Difference | None:
        """The cell in which they differ most, if it is that of a cell."""
        return None if self.ours.figure else self.ours.cell

    @property
    def compared(self) -> int:
        """How many cells were held against ours."""
        return self.ours.cells

    @property
    def holds(self) -> bool:
        """Whether it agrees."""
        return self.state == "agrees"

    @property
    def is_exact(self) -> bool:
        """Whether every number was there, so that it can be said to be the same."""
        return self.evidence == "values"

    @property
    def is_sure(self) -> bool:
        """Whether what is said of it holds for every number, which figures leave open, and so do some."""
        return self.is_exact or (self.evidence == "text" and self.compared == self.cells)

    @property
    def is_record(self) -> bool:
        """Whether it is of a record rather than of ids that decoding yields."""
        return self.at is not None

    @property
    def row(self) -> int | None:
        """The row of the batch, where there are several."""
        return self.given.row if self.given and self.given.rows > 1 else None

    @property
    def called(self) -> str:
        """The name, with the row where there are several."""
        return self.name if self.row is None else f"{self.name}[{self.row}]"
