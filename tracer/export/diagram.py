"""A diagram as a picture within a page: real boxes, and lines between them."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagrams.drawing import Box, Drawing, Label, Wire
from ..diagrams.layout import drawn
from ..document import Diagram
from .cells import ADVANCE, SIZE, cells_of, words_at
from .markup import escaped

WIDTH, HEIGHT, BOX = 128, 24, 20
"""Of a diagram, in cells; of a line and of a box on it, in pixels."""
RULES = (
    f"svg.diagram{{display:block;max-width:100%;height:auto;font-size:{SIZE}px}}"
    "svg.diagram text{font-family:var(--mono);fill:var(--ink)}"
    "svg.diagram .dim text,svg.diagram text.dim{fill:var(--dim)}"
    "svg.diagram .bold text,svg.diagram text.title{font-weight:bold}"
    "svg.diagram text.title{paint-order:stroke;stroke:var(--paper);stroke-width:6px}"
    "svg.diagram rect{fill:var(--paper);stroke:var(--dim)}svg.diagram rect.frame{fill:none;stroke:var(--line)}"
    "svg.diagram .bold rect{stroke:var(--mark);stroke-width:2.5}svg.diagram .dim rect{stroke:none}"
    "svg.diagram path{fill:none;stroke:var(--bar);stroke-width:1.5}"
)
"""For the style sheet of the page."""


def picture(diagram: Diagram) -> str:
    """An ``svg`` element."""
    drawing = drawn(diagram, WIDTH, cells_of)
    width, height = round(drawing.width * ADVANCE, 1), drawing.height * HEIGHT
    parts = [*map(_frame, drawing.boxes), *_wires(drawing), *map(_label, drawing.labels)]
    return (
        f'<svg class="diagram" width="{width}" height="{height}" viewBox="0 0 {width} {height}">{"".join(parts)}</svg>'
    )


def _frame(box: Box) -> str:
    x, y = _x(box.left), _y(box.top)
    width, height = _x(box.right) - x, _y(box.bottom) - y
    rect = f'<rect class="frame" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}" rx="6"/>'
    title = "".join(words_at(box.title, box.place * ADVANCE + ADVANCE, y + 5, ' class="title"'))
    return f"{rect}{title}"


def _wires(drawing: Drawing) -> Iterator[str]:
    for wire in drawing.wires:
        yield f'<path d="M{_x(wire.left):.1f} {_y(wire.top)}L{_x(wire.right):.1f} {_y(wire.bottom)}{_tip(wire)}"/>'


def _tip(wire: Wire) -> str:
    return "m-6 -4l6 4l-6 4" if wire.has_arrow else ""


def _label(label: Label) -> str:
    y = _y(label.row)
    if label.is_note:
        return "".join(words_at(label.text, label.column * ADVANCE, y + SIZE / 3, ' class="dim"'))
    x, width = (label.column - 0.5) * ADVANCE, (cells_of(label.text) + 1) * ADVANCE
    rect = f'<rect x="{x:.1f}" y="{y - BOX / 2:.0f}" width="{width:.1f}" height="{BOX}" rx="4"/>'
    words = "".join(words_at(label.text, label.column * ADVANCE, y + SIZE / 3, ""))
    tone = f' class="{escaped(label.node.tone)}"' if label.node.tone else ""
    return f"<g{tone}>{rect}{words}</g>"


def _x(column: int) -> float:
    """The middle of a cell."""
    return (column + 0.5) * ADVANCE


def _y(row: int) -> int:
    return row * HEIGHT + HEIGHT // 2
