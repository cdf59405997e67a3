"""How much of something is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..document import Block, Paragraph, Span
from .page import DIM, Page, View


@dataclass(frozen=True)
class ProgressBar(View):
    """``██████▌·········  3/8``: ``done`` of ``total``, the bar of ``width`` cells."""

    done: int
    total: int
    width: int = 20

    def blocks(self, page: Page) -> Iterator[Block]:
        bar = page.bar(self.done / max(1, self.total), self.width)
        rest = page.glyphs.zero * (self.width - len(bar))
        yield Paragraph([Span(bar, "bar"), Span(rest, DIM), Span(f"  {self.done}/{self.total}")], gap=0)
