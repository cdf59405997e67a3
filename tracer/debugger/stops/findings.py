"""What a stop found out: values, not words."""

from __future__ import annotations

from ...arithmetic import Leaf
from ...dataclass import dataclass
from ...namedtuple import NamedTuple
from ..expressions import Value


class Worked(NamedTuple):
    """One side of a comparison, and what it came to; None where its text says it."""

    text: str
    value: Value | None


class Holds(NamedTuple):
    """A condition came true; with the sides of the comparison and the signs between them, where it is one."""

    text: str
    sides: tuple[Worked, ...] = ()
    signs: tuple[str, ...] = ()


class Changed(NamedTuple):
    """A watched value is another one than a token ago; ``step`` is where it became ``new``."""

    step: int
    old: Value
    new: Value


@dataclass(frozen=True)
class Arisen:
    """Of a record's ``size`` cells, ``count`` are nan or infinite, and nothing that went in explains it.

    ``parameter`` is a trained number that does, as the file has it.
    """

    what: str
    count: int
    size: int
    parameter: Leaf | None = None


@dataclass(frozen=True)
class Unbalanced:
    """A row of a softmax, at ``index`` of the axes before the last, sums to something else than 1."""

    index: tuple[int, ...]
    sum: float


class Failed(NamedTuple):
    """What was to be worked out could not be; ``problem`` says why."""

    problem: str


Finding = Holds | Changed | Arisen | Unbalanced | Failed
