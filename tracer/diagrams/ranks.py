"""On which line of a strand each node stands: below all that it is made from, and as near to its readers as may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..document import Node, Strand


def ranks(strand: Strand, *, one_each: bool = False) -> list[int]:
    """The line of every node, from 0; nodes of one frame have lines of their own. ``one_each``: so has every node."""
    if one_each:
        return list(range(len(strand.nodes)))
    found: list[int] = []
    for first, end in _parts(strand):
        floor = max(found, default=-1) + 1
        for node in strand.nodes[first:end]:
            floor = max([floor - 1, *found]) + 1 if node.is_long else floor
            found.append(max([floor, *(found[place] + 1 for place in node.inputs)]))
            floor += node.is_long
        _lowered(strand.nodes, found, first)
    return found


def _parts(strand: Strand) -> Iterator[tuple[int, int]]:
    """Where each frame begins and ends, and what lies between frames."""
    at = 0
    for frame in strand.frames:
        if at < frame.first:
            yield at, frame.first
        yield frame.first, frame.last + 1
        at = frame.last + 1
    if at < len(strand.nodes):
        yield at, len(strand.nodes)


def _lowered(nodes: Sequence[Node], found: list[int], first: int) -> None:
    """Bring what is made from nothing down to the line above its first reader."""
    for place in range(first, len(found)):
        readers = [found[n] for n in range(place + 1, len(found)) if place in nodes[n].inputs]
        if not (nodes[place].inputs or nodes[place].is_long) and readers:
            found[place] = max(found[place], min(readers) - 1)
