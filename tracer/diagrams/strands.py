"""A strand laid out in cells, as narrow as there is room."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ..document import Node, Strand
from .drawing import Box, Drawing, Label, Measure, Wire
from .lanes import Bundle, Lanes, columns, tracks
from .ranks import ranks

GAP, LEAST, MARGIN = 2, 4, 3
"""Cells: behind a label, between two lanes, before a note."""
TITLE = 10
"""The cells of the border around a title."""
NOTE = 14
"""A margin of fewer cells has no notes."""
LIMITS = (200, 24, 16, 11, 8)
"""The cells of a label with something beside it at most."""


def laid(strand: Strand, room: int, measure: Measure, dense: bool) -> Drawing:
    """A strand with whole labels if they fit, else with shorter ones, at last one below the other."""
    for one_each in (False, True):
        bare: set[int] = set()
        for limit in LIMITS:
            laying = _Laying(strand, ranks(strand, one_each=one_each), room, measure, dense, limit, bare)
            while laying.failing - bare:
                bare |= laying.failing
                laying = _Laying(strand, laying.ranks, room, measure, dense, limit, bare)
            if not laying.failing:
                return laying.drawing()
    return laying.drawing()


class _Laying:
    """A strand on its way to be drawn.

    A label that has something beside it takes no more cells than ``limit``, and has no detail on lines in which lanes
    begin that are ``bare``. ``failing`` are those in which there is not enough room.
    """

    def __init__(
        self,
        strand: Strand,
        rows: Sequence[int],
        room: int,
        measure: Measure,
        dense: bool,
        limit: int,
        bare: Collection[int],
    ) -> None:
        self.strand, self.ranks, self.measure, self.dense = strand, rows, measure, dense
        self.lanes = Lanes(strand.nodes, rows)
        self.edge = 2 if strand.frames else 0
        self.room = room - 2 * self.edge
        self.out = Drawing()
        self._starts = self.lanes.starts()
        self.texts = self._labels(limit, bare)
        self.columns = columns(self.lanes, list(map(measure, self.texts)), GAP, LEAST)
        self.failing = {self._start(place) for place in range(len(rows)) if not self._fits(place)}

    def _labels(self, limit: int, bare: Collection[int]) -> list[str]:
        """What stands on the line of each node."""
        crowded = {place for rank in range(self.lanes.height) for place in self.lanes.neighbours(rank)}
        return [
            self._cut(_label(node, self._start(place) not in bare), limit) if place in crowded else _label(node, True)
            for place, node in enumerate(self.strand.nodes)
        ]

    def _start(self, place: int) -> int:
        """The line in which the lanes of a node begin."""
        return max(start for start in self._starts if start <= self.ranks[place])

    def _column(self, place: int) -> int:
        return self.columns[self.ranks[place]][self.lanes.lanes[place]]

    def _fits(self, place: int) -> bool:
        """Whether a label has room; without its detail, if it must be. Long ones are cut."""
        node = self.strand.nodes[place]
        left = self.room - self._column(place)
        if self.measure(self.texts[place]) > left:
            self.texts[place] = self._cut(_label(node, False), max(left, 1)) if node.is_long else _label(node, False)
        return self.measure(self.texts[place]) <= left

    def drawing(self) -> Drawing:
        """All of it; what there is no room for, cut."""
        self.texts = [self._cut(text, max(self.room - self._column(n), 1)) for n, text in enumerate(self.texts)]
        self._rows()
        self._notes()
        self._frames()
        return self.out

    def _cut(self, text: str, room: int) -> str:
        if self.measure(text) <= room:
            return text
        while text and self.measure(text) >= room:
            text = text[:-1]
        return f"{text.rstrip(' ,…')}…"

    def _rows(self) -> None:
        """Labels line by line, and what lies between."""
        self.tops: dict[int, int] = {}
        self.bottoms: dict[int, int] = {}
        row = 0
        for rank in range(self.lanes.height):
            row = self._channel(rank, row - 1, self._borders(rank, row))
            for place in self.lanes.on(rank):
                column = self.edge + self._column(place)
                self.out.labels.append(Label(row, column, self.texts[place], place, self.strand.nodes[place]))
            row += 1
        self.out.height = self._ending(row)
        content = (label.column + self.measure(label.text) for label in self.out.labels)
        titled = max((self.measure(frame.title) for frame in self.strand.frames), default=-TITLE) + TITLE
        self.out.width = max(max(content, default=0) + self.edge, min(titled, self.room + 2 * self.edge))

    def _borders(self, rank: int, row: int) -> int:
        """The borders of frames that end and begin above a line; returns the row after them."""
        for borders, ends in ((self.bottoms, "last"), (self.tops, "first")):
            for frame in self.strand.frames:
                place = getattr(frame, ends)
                if place not in borders and self._begins(frame.last + 1 if ends == "last" else place, rank):
                    borders[place] = row
                    row += 1
        return row

    def _begins(self, place: int, rank: int) -> bool:
        """Whether what stands from a place on begins on a line."""
        return place < len(self.ranks) and min(self.ranks[place:]) == rank

    def _ending(self, row: int) -> int:
        """The borders of frames below all lines; returns how many rows there are."""
        for frame in self.strand.frames:
            if frame.last not in self.bottoms:
                self.bottoms[frame.last] = row
                row += 1
        return row

    def _channel(self, rank: int, above: int, row: int) -> int:
        """The ways between a line and the one ``above``; returns the row of the line."""
        bundles = self.lanes.bundles(rank)
        turning = tracks(bundles) or {}
        height = max(turning.values(), default=-1) + 1 or int(bool(bundles) and not self.dense and row == above + 1)
        for bundle in bundles:
            if bundle in turning:
                self._turn(rank, bundle, above, row + turning[bundle], row + height)
            else:
                self._fall(rank, bundle.lanes, above, row + height)
        passing = [self.lanes.lanes[place] for place in self.lanes.passing(rank)]
        self._fall(rank, passing, row + height, row + height + 1)
        return row + height

    def _fall(self, rank: int, lanes: Iterable[int], top: int, bottom: int) -> None:
        """Straight ways."""
        for lane in lanes:
            column = self.edge + self.columns[rank][lane]
            self.out.wires.append(Wire(top, column, bottom, column))

    def _turn(self, rank: int, bundle: Bundle, top: int, turn: int, bottom: int) -> None:
        """Ways from lane to lane, on one row."""
        found = [self.edge + self.columns[rank][lane] for lane in sorted(bundle.lanes)]
        self.out.wires.append(Wire(turn, found[0], turn, found[-1]))
        self.out.knots |= {(turn, column) for column in found}
        self._fall(rank, bundle.sources, top, turn)
        self._fall(rank, bundle.targets, turn, bottom)

    def _notes(self) -> None:
        """Notes in the margin, as far as there is room; one for each line."""
        labels = [label.column + self.measure(label.text) for label in self.out.labels if not label.node.is_long]
        column = max([*labels, *(wire.right + 1 for wire in self.out.wires)], default=0) + MARGIN
        room = self.room + self.edge - column
        notes = {label.row: label for label in reversed(self.out.labels) if label.node.note.text}
        if room < NOTE or not notes:
            return
        for label in notes.values():
            text = self._cut(label.node.note.text, room)
            self.out.labels.append(label._replace(column=column, text=text, is_note=True))
            self.out.width = max(self.out.width, column + self.measure(text) + self.edge)

    def _frames(self) -> None:
        for frame in self.strand.frames:
            top, bottom = self.tops[frame.first], self.bottoms[frame.last]
            title = self._cut(frame.title, self.out.width - 6)
            crossed = {wire.left for wire in self.out.wires if wire.top < top < wire.bottom}
            room = range(2, self.out.width - self.measure(title) - 3)
            place = next((x for x in room if not crossed & {*range(x - 1, x + self.measure(title) + 3)}), 2)
            self.out.boxes.append(Box(top, 0, bottom, self.out.width - 1, place, title))


def _label(node: Node, is_detailed: bool) -> str:
    return " ".join(filter(None, (node.sign, node.name, node.detail if is_detailed else "")))
