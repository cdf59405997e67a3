"""In which lane of a strand each node stands, and how the ways turn from lane to lane between two lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from itertools import count, pairwise

from ..dataclass import dataclass
from ..document import Node
from ..namedtuple import NamedTuple


class Bundle(NamedTuple):
    """Ways that come from some lanes and all go to the same ones."""

    sources: frozenset[int]
    targets: frozenset[int]

    @property
    def lanes(self) -> frozenset[int]:
        """Every lane that it touches."""
        return self.sources | self.targets

    @property
    def turns(self) -> bool:
        """Whether it leaves its lane."""
        return len(self.lanes) > 1

    def is_above(self, other: Bundle) -> bool:
        """Whether it must have parted before the other comes in."""
        return self.turns and self is not other and bool(self.sources & other.targets)

    def meets(self, other: Bundle) -> bool:
        """Whether both would lie on each other, if they turned on one line."""
        low, high = max(min(self.lanes), min(other.lanes)), min(max(self.lanes), max(other.lanes))
        shares_end = low == high and low in self.targets and low in other.targets
        return low <= high and not shares_end


@dataclass
class Lanes:
    """The lanes of nodes by their places; ``ranks`` are their lines."""

    nodes: Sequence[Node]
    ranks: Sequence[int]
    lanes: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.last = list(self.ranks)
        for place, node in enumerate(self.nodes):
            for source in node.inputs:
                self.last[source] = max(self.last[source], self.ranks[place])
        for rank in range(self.height):
            self._settle(rank)

    @property
    def height(self) -> int:
        """How many lines there are."""
        return max(self.ranks, default=-1) + 1

    def on(self, rank: int) -> list[int]:
        """The nodes on a line, in their order."""
        return [place for place, its in enumerate(self.ranks) if its == rank]

    def passing(self, rank: int) -> list[int]:
        """The nodes of earlier lines whose ways go past a line."""
        return [place for place, its in enumerate(self.ranks) if its < rank < self.last[place]]

    def arriving(self, rank: int) -> list[int]:
        """The nodes of earlier lines whose ways come to a line or go past it."""
        return [place for place, its in enumerate(self.ranks) if its < rank <= self.last[place]]

    def bundles(self, rank: int) -> list[Bundle]:
        """The ways between a line and the one above."""
        going: dict[frozenset[int], set[int]] = {}
        for source in self.arriving(rank):
            own = [self.lanes[source]] if self.last[source] > rank else []
            readers = (self.lanes[place] for place in self.on(rank) if source in self.nodes[place].inputs)
            going.setdefault(frozenset([*own, *readers]), set()).add(self.lanes[source])
        return [Bundle(frozenset(sources), targets) for targets, sources in going.items()]

    def starts(self) -> list[int]:
        """The lines to which ways come in the first lane alone, so that the other lanes begin anew."""
        return [rank for rank in range(self.height) if {self.lanes[place] for place in self.arriving(rank)} <= {0}]

    def neighbours(self, rank: int) -> dict[int, int]:
        """The lane of whatever stands beside a node on its line, to the right; not of what has nothing there."""
        taken = sorted(self.lanes[place] for place in [*self.on(rank), *self.passing(rank)])
        after = dict(pairwise(taken))
        return {place: after[self.lanes[place]] for place in self.on(rank) if self.lanes[place] in after}

    def _settle(self, rank: int) -> None:
        """Give the nodes of a line their lanes: where they can, those of what ends in them."""
        self._give(rank, careful=False)
        if tracks(self.bundles(rank)) is None:
            self._give(rank, careful=True)

    def _give(self, rank: int, *, careful: bool) -> None:
        arriving, passing = ({self.lanes[n] for n in some(rank)} for some in (self.arriving, self.passing))
        given: set[int] = set()
        for place in self.on(rank):
            inputs = sorted(self.lanes[source] for source in self.nodes[place].inputs)
            ending = (lane for lane in inputs if lane not in given and self._ends(rank, lane, place, careful))
            start, taken = (inputs[0], arriving) if inputs else (self._aside(place, passing), passing)
            lane = next(ending, None)
            if lane is None:
                lane = next(free for free in count(start) if free not in taken | given)
            self.lanes[place] = lane
            given.add(lane)

    def _aside(self, place: int, passing: set[int]) -> int:
        """Where to look for the lane of what is made from nothing: with one left free, for a further long one."""
        return max(passing) + 2 if self.nodes[place].is_long and passing else 0

    def _ends(self, rank: int, lane: int, place: int, careful: bool) -> bool:
        """Whether the way in a lane goes no further than a line; of a ``careful`` choice, than a node."""
        [source] = [source for source in self.arriving(rank) if self.lanes[source] == lane]
        alone = all(source not in self.nodes[other].inputs for other in self.on(rank) if other != place)
        return self.last[source] == rank and (alone or not careful)


def tracks(bundles: Iterable[Bundle]) -> Mapping[Bundle, int] | None:
    """On which of the lines between two ranks each bundle turns, from 0; None where they are in each other's way."""
    left = [bundle for bundle in bundles if bundle.turns]
    found: dict[Bundle, int] = {}
    while left:
        ready = next((one for one in left if not any(other.is_above(one) for other in left)), None)
        if ready is None:
            return None
        left.remove(ready)
        found[ready] = next(track for track in count(_after(ready, found)) if _is_free(ready, track, found))
    return found


def _after(bundle: Bundle, found: Mapping[Bundle, int]) -> int:
    return max((track + 1 for other, track in found.items() if other.is_above(bundle)), default=0)


def _is_free(bundle: Bundle, track: int, found: Mapping[Bundle, int]) -> bool:
    return not any(its == track and bundle.meets(other) for other, its in found.items())


def columns(lanes: Lanes, widths: Sequence[int], gap: int, least: int) -> list[list[int]]:
    """The column of each lane on each line: a ``gap`` behind labels of some ``widths``, lanes ``least`` apart."""
    starts = [*lanes.starts(), lanes.height]
    found: list[list[int]] = []
    for first, end in pairwise(starts):
        found += [_columns(lanes, range(first, end), widths, gap, least)] * (end - first)
    return found


def _columns(lanes: Lanes, between: range, widths: Sequence[int], gap: int, least: int) -> list[int]:
    """The same of lines that share their lanes."""
    needed: dict[int, list[tuple[int, int]]] = {}
    for rank in between:
        for place, after in lanes.neighbours(rank).items():
            needed.setdefault(after, []).append((lanes.lanes[place], widths[place] + gap))
    found = [0]
    for lane in range(1, max(lanes.lanes.values(), default=0) + 1):
        found.append(max([found[-1] + least, *(found[before] + room for before, room in needed.get(lane, ()))]))
    return found
