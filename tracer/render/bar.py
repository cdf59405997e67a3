"""How much of something is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment

from .colours import BAR
from .page import DIM, Line, Page, View


@dataclass(frozen=True)
class ProgressBar(View):
    """``██████▌·········  3/8``: ``done`` of ``total``, the bar of ``width`` cells."""

    done: int
    total: int
    width: int = 20

    def lines(self, page: Page) -> Iterator[Line]:
        bar = page.bar(self.done / max(1, self.total), self.width)
        rest = page.glyphs.zero * (self.width - cell_len(bar))
        yield [Segment(bar, BAR), Segment(rest, DIM), Segment(f"  {self.done}/{self.total}")]
