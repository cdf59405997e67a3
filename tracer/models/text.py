"""What one side of a model reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from ..i18n import N_, Message

Side = Literal["source", "target"]
SIDES: Mapping[Side, Message] = {"source": N_("source"), "target": N_("target")}


class Text:
    """The ids that are read, a label each, and the position of each: 0, 1, 2, … unless others are given.

    ``hidden`` are the places of padding, which no query looks at. A place is where an id stands; its position is what
    the model is told of that. ``side`` is the one whose vocabulary the ids are of. ``segments`` say which part of the
    text each id is of; None is that all are of the first, 0.
    """

    __slots__ = ("hidden", "ids", "labels", "positions", "segments", "side")

    def __init__(
        self,
        ids: Sequence[int],
        labels: Sequence[str],
        hidden: Sequence[int] = (),
        positions: Sequence[int] | None = None,
        side: Side = "target",
        segments: Sequence[int] | None = None,
    ) -> None:
        self.ids = ids
        self.labels = labels
        self.hidden = hidden
        self.positions: Sequence[int] = range(len(ids)) if positions is None else positions
        self.side = side
        self.segments = segments

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def reach(self) -> int:
        """How many positions the ids take, those left out before the last counted."""
        return max([len(self), *(last + 1 for last in self.positions[-1:])])

    def since(self, start: int) -> Text:
        """The part from the place ``start`` on; its positions stay what they are."""
        hidden = [place - start for place in self.hidden if place >= start]
        return Text(self.ids[start:], self.labels[start:], hidden, self.positions[start:], self.side)

    def followed(self, ids: Sequence[int], labels: Sequence[str]) -> Text:
        """The text as ``ids`` go on with it: what follows is visible, and its positions go on."""
        return Text(ids, labels, self.hidden, continued(self.positions, len(ids)), self.side)


def continued(positions: Sequence[int], length: int) -> Sequence[int]:
    """So many positions in all: those given, and then one more from each to the next."""
    if isinstance(positions, range):
        return range(length)
    after = positions[-1] + 1
    return [*positions, *range(after, after + length - len(positions))]
