"""The scale of colours below a table, where there are colours."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.segment import Segment

from ..document import Scale
from .cells import Strip
from .sheet import Sheet


def scaled(scale: Scale, sheet: Sheet) -> Iterator[RenderableType]:
    """A swatch with its number for each end and for what lies between them."""
    if sheet.has_grounds:
        swatches = zip(scale.numbers, scale.tones, strict=True)
        yield Strip([*(Segment(f" {number} ", sheet.style(tone)) for number, tone in swatches), Segment.line()])
