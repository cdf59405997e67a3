"""The scale of colours below a table, where there are colours."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import RenderableType
from rich.segment import Segment

from ..document import Scale
from .cells import Strip
from .sheet import Sheet


def scaled(scale: Scale, sheet: Sheet) -> Iterator[RenderableType]:
    """A swatch with its number for each end and for what lies between them; without room beside, below one another."""
    if sheet.has_grounds:
        marks = zip(scale.numbers, scale.tones, strict=True)
        swatches = [Segment(f" {number.strip()} ", sheet.style(tone)) for number, tone in marks]
        is_room = sum(cell_len(swatch.text) for swatch in swatches) <= sheet.width
        yield from (Strip([*part]) for part in ([swatches] if is_room else zip(swatches)))
