"""A record of two runs: where it stands in each, and the cell in which the two differ most."""

from __future__ import annotations

from .addresses import At, written
from .beside import matched, taken
from .dataclass import dataclass
from .differences import Difference, farthest
from .tape import Record
from .tensor import Tensor


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as a run has it: in which pass, which of it, and its axes with their lengths."""

    at: At
    index: int
    header: str


@dataclass(frozen=True, slots=True)
class RecordDifference:
    """The record at a path in two runs, A and B, of which one may have none, and the cell in which they differ most.

    The cell's place is that in A. There is none where nothing can be held against each other. No numbers but its own
    are kept.
    """

    path: str
    a: Seen | None
    b: Seen | None
    most: Difference | None = None

    @property
    def address(self) -> str:
        """Where the record lies in A, or in B where A has none."""
        seen = self.a or self.b
        return written(self.path, seen.at if seen else None)

    @property
    def largest(self) -> float | None:
        """The largest difference of two cells."""
        return None if self.most is None else self.most.size

    @property
    def relative(self) -> float | None:
        """The same as a share of the larger of these two."""
        return None if self.most is None else self.most.relative

    @property
    def cell(self) -> tuple[int, ...] | None:
        """The place of that cell."""
        return None if self.most is None else self.most.place

    @property
    def is_aligned(self) -> bool:
        """Whether tokens met by their labels, since one has more of them than the other."""
        return self.most is not None and not self._have_one_header

    @property
    def is_equal(self) -> bool:
        """Whether every cell that both have is the same in both."""
        return self._have_one_header if self.most is None else not self.most.size

    @property
    def _have_one_header(self) -> bool:
        return self.a is not None and self.b is not None and self.a.header == self.b.header


def only_in_a(record: Record) -> RecordDifference:
    """A record that B doesn't have."""
    return RecordDifference(record.address, _seen(record), None)


def only_in_b(record: Record) -> RecordDifference:
    """A record that A doesn't have."""
    return RecordDifference(record.address, None, _seen(record))


def differing(ours: Record, theirs: Record) -> RecordDifference:
    """The record of two runs at one path."""
    return RecordDifference(ours.address, _seen(ours), _seen(theirs), _most(ours.output, theirs.output))


def _most(here: Tensor, there: Tensor) -> Difference | None:
    """The cell in which two tensors differ most, at its place in the first; None where none can be compared."""
    met = matched(here, there)
    if met is None:
        return None
    places, others = met
    most = farthest(taken(here, places).array, taken(there, others).array)
    return most and most._replace(place=tuple(axis[n] for axis, n in zip(places, most.place, strict=True)))


def _seen(record: Record) -> Seen:
    return Seen(record.at, record.index, record.output.header)
