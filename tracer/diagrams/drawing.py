"""A drawing: labels, wires and boxes in a grid of cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from ..dataclass import dataclass
from ..document import Node
from ..namedtuple import NamedTuple

Measure = Callable[[str], int]
"""The cells that a text takes."""


class Label(NamedTuple):
    """A text in a cell and those after it; ``node`` is what it is of, at a ``place`` of its strand.

    ``is_note`` says that it stands in the margin.
    """

    row: int
    column: int
    text: str
    place: int
    node: Node
    is_note: bool = False


class Wire(NamedTuple):
    """A straight way, from one cell down or to the right to another; an arrow may stand at its end."""

    top: int
    left: int
    bottom: int
    right: int
    has_arrow: bool = False


class Box(NamedTuple):
    """A frame by its corners, the place of its title, and the title."""

    top: int
    left: int
    bottom: int
    right: int
    place: int
    title: str


@dataclass
class Drawing:
    """All that there is to draw, and how many cells it takes."""

    width: int = 0
    height: int = 0
    labels: list[Label] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    knots: set[tuple[int, int]] = field(default_factory=set)
    """The cells in which wires meet; elsewhere they only cross."""

    def label(self, place: int) -> Label:
        """That of the node at a place of its strand."""
        return next(label for label in self.labels if label.place == place and not label.is_note)

    def beside(self, other: Drawing, gap: int) -> Drawing:
        """Both, the other one to the right."""
        by = self.width + gap
        labels = [label._replace(column=label.column + by) for label in other.labels]
        wires = [wire._replace(left=wire.left + by, right=wire.right + by) for wire in other.wires]
        boxes = [box._replace(left=box.left + by, right=box.right + by, place=box.place + by) for box in other.boxes]
        knots = {(row, column + by) for row, column in other.knots}
        width, height = by + other.width, max(self.height, other.height)
        return Drawing(width, height, self.labels + labels, self.wires + wires, self.boxes + boxes, self.knots | knots)
