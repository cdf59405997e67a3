"""Parts: an operation, or several that stand as one, and the plan that they make together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from ..addresses import At
from ..tape import Record

Kind = Literal["operation", "sum", "module", "layers", "text", "beyond"]
"""What a part is; ``text`` is what the pass reads, ``beyond`` lies outside of what is shown."""


class Part(NamedTuple):
    """One thing on a plan.

    ``records`` are those that it is of, in each of several layers where these are shown as one: ``layers`` says of how
    many. ``inputs`` are places of parts before it.
    """

    kind: Kind
    name: str
    records: Sequence[Record] = ()
    inputs: Sequence[int] = ()
    layers: int = 1
    shape: tuple[int, ...] = ()

    @property
    def scopes(self) -> list[str]:
        """The modules that its records lie in."""
        return list(dict.fromkeys(record.scope for record in self.records if record.scope))


class Section(NamedTuple):
    """A module that is shown open, or the layers that it stands for: its title, and the places of its parts."""

    title: str
    first: int
    last: int
    layers: int = 1


class Plan(NamedTuple):
    """The parts of one pass, each after those that it is made from."""

    at: At
    parts: Sequence[Part]
    sections: Sequence[Section] = ()

    def place_of(self, address: str) -> int | None:
        """Which of its parts has the record at an address."""
        found = (n for n, part in enumerate(self.parts) if any(record.address == address for record in part.records))
        return next(found, None)


class Chart(NamedTuple):
    """The plans of passes that work together, and what goes across: from a part of the first to those of the last."""

    plans: Sequence[Plan]
    across: Sequence[tuple[int, Sequence[int]]] = ()
