"""A drawing in box characters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from ..document import DIM, Span
from .drawing import Box, Drawing, Label, Measure, Wire

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
ARROW = "→"
_SIGNS = dict(enumerate(" │││─╯╮┤─╰╭├─┴┬┼"))
"""What stands in a cell of which a wire leaves to these sides."""
WIRE = ""
"""The tone of wires."""

Cells = dict[tuple[int, int], Span]


def lines(drawing: Drawing, measure: Measure) -> list[list[Span]]:
    """The lines of a drawing, without blanks at their ends."""
    cells = _framed(drawing, measure)
    cells.update(_wired(drawing, cells))
    for label in drawing.labels:
        cells.update(_placed(label, measure))
    return [_line(cells, row, drawing.width) for row in range(drawing.height)]


def _line(cells: Cells, row: int, width: int) -> list[Span]:
    """The cells of a row, those of one tone together."""
    found = [cells.get((row, column), Span(" ")) for column in range(width)]
    while found and found[-1].text in " ":
        found.pop()
    parts = groupby(found, lambda cell: cell.tone)
    return [Span("".join(cell.text for cell in part), tone) for tone, part in parts]


def _placed(label: Label, measure: Measure) -> Iterator[tuple[tuple[int, int], Span]]:
    tone = DIM if label.is_note else label.node.tone
    return _written(label.text, label.row, label.column, tone, measure)


def _written(text: str, row: int, column: int, tone: str, measure: Measure) -> Iterator[tuple[tuple[int, int], Span]]:
    """Each character at its cell; nothing stands in the second cell of a wide one."""
    for character in _characters(text, measure):
        width = measure(character)
        yield (row, column), Span(character, tone)
        yield from (((row, column + n), Span("", tone)) for n in range(1, width))
        column += width


def _characters(text: str, measure: Measure) -> list[str]:
    """The characters of a text, those that take no cell, such as vowels above or below, with the one before them."""
    found: list[str] = []
    for character in text:
        if found and not (measure(character) and measure(found[-1])):
            found[-1] += character
        else:
            found.append(character)
    return found


def _framed(drawing: Drawing, measure: Measure) -> Cells:
    cells: Cells = {}
    for box in drawing.boxes:
        cells.update(_box(box, measure))
    return cells


def _box(box: Box, measure: Measure) -> Iterator[tuple[tuple[int, int], Span]]:
    for column in range(box.left + 1, box.right):
        yield (box.top, column), Span("─", DIM)
        yield (box.bottom, column), Span("─", DIM)
    for row in range(box.top + 1, box.bottom):
        yield (row, box.left), Span("│", DIM)
        yield (row, box.right), Span("│", DIM)
    corners = ((box.top, box.left, "╭"), (box.top, box.right, "╮"), (box.bottom, box.left, "╰"))
    for row, column, sign in (*corners, (box.bottom, box.right, "╯")):
        yield (row, column), Span(sign, DIM)
    yield from _written(f" {box.title} ", box.top, box.place, "bold", measure)


def _wired(drawing: Drawing, below: Cells) -> Iterator[tuple[tuple[int, int], Span]]:
    masks: dict[tuple[int, int], int] = {}
    for wire in drawing.wires:
        for place, mask in _mask(wire):
            masks[place] = masks.get(place, 0) | mask
    for place, mask in masks.items():
        yield place, Span(_sign(mask, below.get(place), is_knot=place in drawing.knots), WIRE)
    yield from (((wire.bottom, wire.right), Span(ARROW)) for wire in drawing.wires if wire.has_arrow)


def _mask(wire: Wire) -> Iterator[tuple[tuple[int, int], int]]:
    """To which sides of its cells a wire goes."""
    if wire.left == wire.right:
        for row in range(wire.top, wire.bottom + 1):
            yield (row, wire.left), (row > wire.top) * UP | (row < wire.bottom) * DOWN
    else:
        for column in range(wire.left, wire.right + 1):
            yield (wire.top, column), (column > wire.left) * LEFT | (column < wire.right) * RIGHT


def _sign(mask: int, below: Span | None, *, is_knot: bool) -> str:
    """What stands in a cell: of two wires that only cross, the one that goes down; over a frame, a crossing."""
    if mask == UP | DOWN | LEFT | RIGHT and not is_knot:
        return "│"
    sign = _SIGNS[mask]
    return "┼" if below is not None and {sign, below.text} == {"─", "│"} else sign
