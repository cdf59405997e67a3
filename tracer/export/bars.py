"""Bars as a small picture within a page: each from 0 to its number, and a line over the interval that this lies in."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..document import Bar, Bars
from .cells import ADVANCE, SIZE, cells_of, words_at
from .markup import escaped

HEIGHT, ROOM, GAP = 20, 240, 10
"""Of a bar: its height, the width of the longest, and the space beside it; in pixels."""
RULES = (
    f"svg.bars{{display:block;max-width:100%;height:auto;font-size:{SIZE}px}}"
    "svg.bars text{font-family:var(--mono);fill:var(--ink)}svg.bars text.title{font-weight:bold}"
    "svg.bars rect{fill:var(--bar)}svg.bars path{fill:none;stroke:var(--ink)}"
)
"""For the style sheet of the page."""


def bars(block: Bars) -> str:
    """An ``svg`` element."""
    left = max((cells_of(bar.name) for bar in block.bars), default=0) * ADVANCE + GAP
    right = max((cells_of(bar.text) for bar in block.bars), default=0) * ADVANCE + GAP
    width, height = round(left + ROOM + right + GAP, 1), (len(block.bars) + 1) * HEIGHT
    title = "".join(words_at(block.title, 0, 0.7 * HEIGHT, ' class="title"'))
    drawn = "".join(part for n, bar in enumerate(block.bars, 1) for part in _bar(bar, n, left, block.ends))
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg class="bars" role="img" aria-label="{escaped(block.title)}" {size}>{title}{drawn}</svg>'


def _bar(bar: Bar, place: int, left: float, ends: tuple[float, float]) -> Iterator[str]:
    top = place * HEIGHT
    yield from words_at(bar.name, 0, top + 0.7 * HEIGHT, "")
    if not math.isfinite(bar.value):
        return
    begin, end = sorted((_x(0, left, ends), _x(bar.value, left, ends)))
    yield f'<rect x="{begin:.1f}" y="{top + 4}" width="{max(1.0, end - begin):.1f}" height="{HEIGHT - 8}"/>'
    if math.isfinite(bar.low) and math.isfinite(bar.high):
        low, high = _x(bar.low, left, ends), _x(bar.high, left, ends)
        middle = top + HEIGHT / 2
        yield f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 4}v8M{high:.1f} {middle - 4}v8"/>'
    yield from words_at(bar.text, left + ROOM + GAP, top + 0.7 * HEIGHT, "")


def _x(value: float, left: float, ends: tuple[float, float]) -> float:
    least, most = ends
    return left + ROOM * (value - least) / ((most - least) or 1.0)
