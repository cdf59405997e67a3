"""How much of something is done."""

from __future__ import annotations

from collections.abc import Iterator

from ..document import DIM, Block, Paragraph, Span
from .page import Page
from .view import view


@view
def progress_bar(page: Page, done: int, total: int, width: int = 20) -> Iterator[Block]:
    """``██████▌·········  3/8``: ``done`` of ``total``, the bar of ``width`` cells."""
    bar = page.bar(done / max(1, total), width)
    rest = page.glyphs.zero * (width - len(bar))
    yield Paragraph([Span(bar, "bar"), Span(rest, DIM), Span(f"  {done}/{total}")], gap=0)
