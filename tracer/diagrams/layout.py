"""A diagram laid out in cells: its strands side by side, or one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ..document import Diagram, Strand
from .drawing import Drawing, Label, Measure, Wire
from .strands import laid

GUTTER = 6
"""The cells between two strands."""


def drawn(diagram: Diagram, room: int, measure: Measure) -> Drawing:
    """A diagram in so many columns: strands side by side where they fit, else below one another."""
    if len(diagram.strands) == 1:
        return laid(diagram.strands[0], room, measure, diagram.dense)
    first, second = diagram.strands
    half = (room - GUTTER) // 2
    left = laid(first, half, measure, diagram.dense)
    right = laid(second, room - GUTTER - left.width, measure, diagram.dense)
    if max(left.width, right.width) > half + GUTTER or left.width + GUTTER + right.width > room:
        return laid(_joined(diagram), room, measure, diagram.dense)
    both = left.beside(right, GUTTER)
    by = left.width + GUTTER
    for source, targets in diagram.across:
        ends = (right.label(place) for place in targets)
        _cross(
            both, left.label(source), [end._replace(column=end.column + by) for end in ends], left.width + 2, measure
        )
    return both


def _joined(diagram: Diagram) -> Strand:
    """Two strands as one, the second below."""
    first, second = diagram.strands
    by = len(first.nodes)
    across = {target: source for source, targets in diagram.across for target in targets}
    nodes = [
        node._replace(inputs=[*(n + by for n in node.inputs), *([across[place]] if place in across else [])])
        for place, node in enumerate(second.nodes)
    ]
    frames = [frame._replace(first=frame.first + by, last=frame.last + by) for frame in second.frames]
    return Strand([*first.nodes, *nodes], [*first.frames, *frames])


def _cross(drawing: Drawing, start: Label, ends: Sequence[Label], column: int, measure: Measure) -> None:
    """From the end of a label over to the second strand, and to each of some labels there."""
    rows = sorted({start.row, *(label.row for label in ends)})
    drawing.knots |= {(row, column) for row in rows}
    drawing.wires.append(Wire(start.row, start.column + measure(start.text) + 1, start.row, column))
    drawing.wires += [Wire(above, column, below, column) for above, below in pairwise(rows)]
    drawing.wires += [Wire(label.row, column, label.row, label.column - 2, has_arrow=True) for label in ends]
